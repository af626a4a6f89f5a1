"""Rows to keep by every strategy, and the measured price of dropping the others."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from samplewise.core.errors import InputError
from samplewise.engine.closed_form.stopped_deletion import RowChanges
from samplewise.information.selecting import keep_rows, order_of_removal
from samplewise.information.training_targets import Responses

IDS = np.array([f"r{i}" for i in range(10)])


@dataclass(frozen=True)
class Table:
    """A model that answers with the mean number of its rows; information is a table, halved while a twin stays."""

    rows: np.ndarray
    labeled: bool = True

    @property
    def responses(self):
        return Responses(self.rows[:, None].astype(float), None)

    @property
    def changes(self):
        twins = np.isin(self.rows ^ 1, self.rows)
        information = np.where(twins, 0.0, 100.0) + self.rows
        return RowChanges(information, information, information, self.rows[:, None].astype(float))

    def trained_by(self, places):
        return replace(self, rows=self.rows[places])

    def evaluated(self):
        answers = np.full((4, 1), self.rows.mean())
        return answers, np.full((4, 1), 4.5) if self.labeled else None


WHOLE = Table(np.arange(10))


def test_at_once_and_the_most_informative_first():
    assert order_of_removal(WHOLE, IDS, 3, "once", step=0.1, seed=0).tolist() == [0, 1, 2]
    assert order_of_removal(WHOLE, IDS, 3, "top", step=0.1, seed=0).tolist() == [9, 8, 7]


def test_rounds_measure_again_so_that_one_of_two_twins_stays():
    assert order_of_removal(WHOLE, IDS, 5, "iterative", step=0.1, seed=0).tolist() == [0, 2, 4, 6, 8]
    assert order_of_removal(WHOLE, IDS, 4, "iterative", step=0.2, seed=0).tolist() == [0, 1, 2, 3]


def test_random_rows_follow_the_seed_and_the_ids():
    first = order_of_removal(WHOLE, IDS, 4, "random", step=0.1, seed=0)
    assert len(set(first.tolist())) == 4
    turned = order_of_removal(WHOLE, IDS[::-1], 4, "random", step=0.1, seed=0)
    assert IDS[first].tolist() == IDS[::-1][turned].tolist()


def test_the_cost_is_the_change_of_the_score():
    kept = keep_rows(WHOLE, IDS, 0.5, "once", step=0.1, seed=0)
    assert kept.ids.tolist() == IDS[5:].tolist()
    assert kept.dropped.tolist() == IDS[:5].tolist()
    assert kept.cost.value == pytest.approx(-((7 - 4.5) ** 2))  # rows 5 to 9 answer 7 where 4.5 is right
    assert kept.cost.unit == "mean squared error, negated"
    assert kept.cost.value < kept.control.value <= 0
    unlabeled = keep_rows(replace(WHOLE, labeled=False), IDS, 0.5, "once", step=0.1, seed=0)
    assert np.isnan(unlabeled.cost.value)
    assert "validation" in unlabeled.cost.reason


@pytest.mark.parametrize(
    ("keep", "strategy", "step", "words"),
    [(0.5, "first", 0.1, "strategy named 'first'"), (50, "once", 0.1, "keep"), (0.5, "once", 5, "step")],
)
def test_what_is_no_choice_is_refused(keep, strategy, step, words):
    with pytest.raises(InputError, match=words):
        keep_rows(WHOLE, IDS, keep, strategy, step=step, seed=0)
