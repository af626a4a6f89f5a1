"""The search finds what was planted, measures it on the other half, and finds chance no worse than chance."""

import numpy as np
import pytest

from samplewise.core.errors import InputError
from samplewise.shift.bins import cells_of
from samplewise.shift.worst_segment_search import find_worst_segments

N = 2000
DRAW = np.random.default_rng(0)
SEX, SITE = DRAW.choice(["f", "m"], N), DRAW.choice(["p", "q", "r", "s"], N)
CELLS = [cells_of("sex", SEX), cells_of("site", SITE)]
IDS = np.arange(N)


def losses(rate_inside, seed=0):
    inside = (SEX == "f") & (SITE == "q")
    return (np.random.default_rng(seed).random(N) < np.where(inside, rate_inside, 0.1)).astype(float), inside


def test_a_planted_pair_is_found_with_an_honest_interval():
    lost, inside = losses(0.6)
    found = find_worst_segments(lost, CELLS, IDS)
    table = found.errors
    assert set(table.names[0].split(" and ")) == {"sex = f", "site = q"}
    np.testing.assert_array_equal(np.sort(found.ids[0]), np.flatnonzero(inside))
    assert found.single[0]
    assert table.low[0] <= 0.6 <= table.high[0]
    assert table.p_value[0] < 0.01
    assert table.rows[0] < 0.7 * inside.sum()  # measured on the half that was not searched


def test_chance_is_rarely_called_significant():
    tables = [find_worst_segments(losses(0.1, seed)[0], CELLS, IDS, seed=seed).errors for seed in range(60)]
    flagged = [table.p_value.min() < 0.05 for table in tables]
    assert np.mean(flagged) < 0.15


def test_no_two_segments_are_much_alike():
    lost, _ = losses(0.6)
    members = [np.isin(IDS, ids) for ids in find_worst_segments(lost, CELLS, IDS, count=4).ids]
    for one in range(len(members)):
        for other in range(one):
            shared = (members[one] & members[other]).sum()
            assert shared <= 0.6 * min(members[one].sum(), members[other].sum())


def test_the_order_of_the_rows_changes_nothing():
    lost, _ = losses(0.6)
    order = np.random.default_rng(1).permutation(N)
    shuffled = [cells_of("sex", SEX[order]), cells_of("site", SITE[order])]
    one = find_worst_segments(lost, CELLS, IDS).errors
    two = find_worst_segments(lost[order], shuffled, IDS[order]).errors
    assert one.names == two.names
    np.testing.assert_allclose(one.error, two.error)


@pytest.mark.parametrize(
    ("rows", "options", "words"),
    [
        (50, {}, r"(?s)too few rows.*50 rows with a loss"),
        (N, {"confidence": 95}, "confidence"),
    ],
)
def test_what_cannot_be_searched_is_refused(rows, options, words):
    lost, _ = losses(0.6)
    cells = [cells_of("sex", SEX[:rows]), cells_of("site", SITE[:rows])]
    with pytest.raises(InputError, match=words):
        find_worst_segments(lost[:rows], cells, IDS[:rows], **options)


def test_cells_that_are_all_too_small_are_refused():
    cells = [cells_of("id", np.array([f"w{i}" for i in range(N)]), most=10)]
    with pytest.raises(InputError, match="no segment has enough rows"):
        find_worst_segments(losses(0.1)[0], cells, IDS)
