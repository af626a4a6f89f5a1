"""Refits on random subsets: sizes, seeds, the ceiling they give, and what is refused."""

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier

from samplewise.core.errors import InputError
from samplewise.core.values import Attribution
from samplewise.data import Dataset
from samplewise.influence import linear_datamodeling_score, open_game, refit_subsets


def test_subsets_hold_their_share_and_outputs_are_margins(clouds_game):
    game = clouds_game()
    truth = refit_subsets(game, n_subsets=12, share=0.3, n_seeds=1)
    assert (truth.subsets.sum(axis=1) == 12).all()
    assert len(np.unique(truth.subsets, axis=0)) == 12
    assert truth.outputs[:, 0] == pytest.approx(game.margins(truth.subsets))
    assert truth.query_ids.tolist() == game.query_ids.tolist()


def test_seeds_of_a_random_learner_give_a_ceiling_below_one(clouds_game):
    truth = refit_subsets(clouds_game(learner=RandomForestClassifier(10)), n_subsets=6, n_seeds=2)
    nothing = Attribution(np.zeros((60, 40)), truth.query_ids, truth.ids, "margin")
    found = linear_datamodeling_score(nothing, truth.subsets, truth.outputs)
    assert 0 < found.ceiling.value < 1
    assert found.estimate.value == 0


def test_row_order_changes_no_subset():
    draw = np.random.default_rng(0)
    data, held = Dataset(draw.normal(size=(30, 2)), np.arange(30) % 2), (draw.normal(size=(8, 2)), np.arange(8) % 2)
    turned = draw.permutation(30)
    straight, shuffled = (
        refit_subsets(open_game(rows, held), n_subsets=5, n_seeds=1) for rows in (data, data.take(turned))
    )
    assert (shuffled.subsets == straight.subsets[:, turned]).all()
    assert shuffled.outputs == pytest.approx(straight.outputs, abs=1e-4)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"n_subsets": 4}, "n_subsets=50"),
        ({"share": 50}, "did you mean 0.5"),
        ({"share": 0.001}, "share=0.5"),
        ({"n_seeds": 0}, "n_seeds=3"),
        ({"most_fits": 10}, "draw fewer subsets"),
    ],
)
def test_refusals(clouds_game, options, text):
    with pytest.raises(InputError, match=text):
        refit_subsets(clouds_game(), **options)
