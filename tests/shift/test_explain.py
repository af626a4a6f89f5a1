"""Parts of the error in another place add up, agree with closed forms, and name what would mend it."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from samplewise.core.errors import InputError
from samplewise.data import Dataset
from samplewise.shift import explain_shift

SIGMA = 1.0


def classes(rows, moved=0.0, seed=0, gap=1.0):
    """Two classes at -gap and +gap on a line, both moved; deviation 1."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, rows)
    return (gap * (2.0 * y - 1.0) + moved + SIGMA * rng.normal(size=rows))[:, None], y


def values(found):
    return np.array([part.value for part in found.parts])


def test_the_parts_add_up_to_the_error_exactly():
    site = np.random.default_rng(0).choice(["a", "b"], 200)
    X, y = classes(200)
    found = explain_shift(Dataset(X, y, segments=site), classes(90, 1.5, 1), learner="logistic")
    for parts in (found.parts, found.pooled):
        assert abs(sum(part.value for part in parts) - 100.0 * found.error.value) < 1e-11
    assert abs(found.change.value - values(found)[1:].sum()) < 1e-11
    assert abs(sum(part.value for part in found.shared_parts) - found.change.value) < 1e-11
    assert not np.allclose(values(found), [part.value for part in found.pooled])


def test_moved_normal_classes_have_the_closed_form():
    moved, rows = 1.5, 4000
    found = explain_shift(classes(rows), classes(rows, moved, 1), embed=lambda X: X, drop_columns=[])
    own = (norm.cdf(1 + moved) + norm.cdf(1 - moved)) / 2
    both = (norm.cdf(1 + moved / 2) + norm.cdf(1 - moved / 2)) / 2
    wanted = 100 * np.array([1 - norm.cdf(1), 0.0, norm.cdf(1) - both, both - own])
    for part, value in zip(found.parts, wanted, strict=True):
        assert part.low - 0.5 < value < part.high + 0.5
        assert abs(part.value - value) < 3.0
    assert found.main_part == "e3"
    assert abs(found.invariance.loc["I1", "value"] - norm.cdf(moved / 2 / np.sqrt(2))) < 0.03
    assert abs(found.invariance.loc["I2", "value"] - norm.cdf(moved / 2)) < 0.03


def test_without_a_shift_nothing_is_explained():
    site = np.random.default_rng(3).choice(["a", "b", "c"], 1500)
    X, y = classes(1500)
    found = explain_shift(Dataset(X, y, segments=site), classes(1500, 0.0, 1), embed=lambda X: X)
    assert (np.abs(values(found)[1:]) < 4.0).all()
    assert all(part.low <= 0.5 and part.high >= -0.5 for part in found.parts[1:])
    assert found.change.low < 0 < found.change.high
    assert (found.main_part, found.mends) == ("", "cannot be told")
    for probe in ("I0", "I1"):
        low, high, chance = found.invariance.loc[probe, ["low", "high", "chance"]]
        assert chance == pytest.approx(1 / 3)
        assert low - 0.02 < chance < high + 0.02
    assert found.shared > 0.8


def test_a_model_that_is_a_better_informed_rule_leaves_nothing_to_that_rule():
    """Outputs of the rule that knows both places make e3 vanish."""
    X, y = classes(600)
    there, labels = classes(600, 1.0, 1)
    cut = (y.mean() + 1.0) / 2  # between the places, where a rule for both would cut
    outputs = tuple(np.c_[cut - part[:, 0], part[:, 0] - cut] for part in (X, there))
    found = explain_shift((X, y), (there, labels), outputs=outputs, embed=lambda X: X)
    assert found.parts[3].low < 0 < found.parts[3].high
    assert abs(found.parts[3].value) < 4.0
    alone = tuple(np.c_[1.0 - part[:, 0], part[:, 0] - 1.0] for part in (X, there))
    found = explain_shift((X, y), (there, labels), outputs=alone, embed=lambda X: X)
    assert abs(found.parts[2].value + found.parts[3].value) < 4.0


def test_labels_permuted_there_cannot_be_told_by_any_rule():
    X, y = classes(600)
    there, labels = classes(600, 0.0, 1)
    found = explain_shift((X, y), (there, np.random.default_rng(2).permutation(labels)), embed=lambda X: X)
    error = found.parts[0].value + found.parts[1].value
    assert abs(error - 50.0) < 6.0
    assert found.main_part == "e1"


def test_turned_features_change_nothing_and_neither_does_the_order():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(400, 4)), None
    y = (X @ [1.0, 0.5, 0.0, -1.0] + rng.normal(size=400) > 0).astype(int)
    there = rng.normal(size=(300, 4)) + 0.5
    labels = (there @ [1.0, -0.5, 0.0, -1.0] + rng.normal(size=300) > 0).astype(int)
    turn = np.linalg.qr(rng.normal(size=(4, 4)))[0]
    white = np.linalg.inv(np.linalg.cholesky(np.cov(X.T)))
    plain = explain_shift((X, y), (there, labels), embed=lambda X: X @ white.T)
    turned = explain_shift((X, y), (there, labels), embed=lambda X: X @ white.T @ turn)
    assert np.abs(values(plain) - values(turned)).max() < 0.8
    order = rng.permutation(300)
    source, target = Dataset(X, y), Dataset(there, labels, ids=np.arange(300))
    one = explain_shift(source, target, learner="linear")
    other = explain_shift(source, target.take(order), learner="linear")
    np.testing.assert_allclose(values(one), values(other), atol=1e-9)


def colored(rows, agreement, seed):
    """A weak cause of the class, and a color that agrees with the class so often."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, rows)
    color = np.where(rng.random(rows) < agreement, y, 1 - y)
    cause = np.where(rng.random(rows) < 0.75, y, 1 - y)
    X = np.c_[color, cause] + 1e-3 * rng.normal(size=(rows, 2))  # no two rows are copies
    return Dataset(X, y, segments=pd.DataFrame({"color": color}))


def test_a_reversed_sign_is_seen_within_classes_only_and_balancing_takes_it_from_the_rule_there():
    source, target = colored(1200, 0.9, 0), colored(1200, 0.1, 1)
    source = Dataset(source.X, source.y)
    plain = explain_shift(source, target, embed=lambda X: X)
    assert values(plain)[2:].sum() > 50
    assert abs(plain.invariance.loc["I1", "value"] - 0.5) < 0.06
    assert plain.invariance.loc["I2", "value"] > 0.8
    assert plain.parts[0].value + plain.parts[1].value < 14  # the rule there reads the color
    balanced = explain_shift(source, target, embed=lambda X: X, balance="color")
    assert abs(balanced.parts[0].value + balanced.parts[1].value - 25) < 6  # the cause alone
    assert balanced.error.value == plain.error.value
    with pytest.raises(InputError, match="balance='taste'"):
        explain_shift(source, target, balance="taste")


def test_a_column_that_gives_the_place_away_is_left_out_and_named():
    rng = np.random.default_rng(0)
    here = pd.DataFrame({"x": rng.normal(size=400), "ward": rng.choice(["1", "2"], 400)})
    away = pd.DataFrame({"x": rng.normal(size=400), "ward": rng.choice(["8", "9"], 400)})
    y, labels = (here["x"] > 0).astype(int), (away["x"] < 0).astype(int)
    found = explain_shift((here, y), (away, labels), learner="forest")
    assert found.left_out == ("ward",)
    assert "ward" in str(found)
    assert found.parts[2].value > 20  # one rule cannot serve both
    kept = explain_shift((here, y), (away, labels), learner="forest", drop_columns=[])
    assert kept.parts[2].value < 5  # with the ward it can
    assert np.isnan(kept.shared_parts[1].value)
    assert "cannot be told" in str(kept)
    with pytest.raises(InputError, match="every column alone"):
        explain_shift((here[["ward"]], y), (away[["ward"]], labels))


def test_few_rows_there_are_not_called_a_harder_place():
    rng = np.random.default_rng(0)
    weights = rng.normal(size=40)
    draw = lambda rows: (X := rng.normal(size=(rows, 40)), (X @ weights > 0).astype(int))  # noqa: E731
    found = explain_shift(draw(3000), draw(50), learner="linear")
    assert found.few_rows.low > 5
    assert found.mends.startswith("cannot be told")


def test_numbers_are_explained_in_the_unit_of_the_label():
    rng = np.random.default_rng(0)
    X, there = rng.normal(size=(400, 2)), rng.normal(size=(400, 2))
    y, labels = 10 * X[:, 0] + rng.normal(size=400), 10 * there[:, 0] + 30 + rng.normal(size=400)
    found = explain_shift((X, y), (there, labels), learner="linear")
    assert found.change.unit == "in the label's unit"
    assert abs(found.error.value - 30) < 1
    assert abs(values(found).sum() - found.error.value) < 1e-9
    assert found.main_part in ("e2", "e3")
    assert np.isnan(found.invariance.loc["I2", "value"])


def test_classes_that_one_side_lacks_are_noted_and_copies_counted():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 2))
    y = np.digitize(X[:, 0], [-0.5, 0.5])
    there = X[:150][y[:150] < 2]
    found = explain_shift((X, y), (there, y[:150][y[:150] < 2]), learner="logistic")
    assert any("no row of class 2" in note for note in found.notes)
    assert found.copies == len(there)


def test_the_waterfall_starts_where_the_part_before_ended():
    exhibit = explain_shift(classes(200), classes(200, 1.0, 1), learner="logistic").exhibit()
    ends = exhibit.columns["start"] + exhibit.columns["value"]
    np.testing.assert_allclose(exhibit.columns["start"][1:4], ends[:3])
    assert exhibit.columns["value"][-1] == pytest.approx(ends[3])


@pytest.mark.parametrize(("source", "target", "told"), [
    (classes(200), (classes(20)[0], classes(20)[1]), "too few rows of the target"),
    (classes(200), (classes(60)[0], np.zeros(60)), "one class only"),
    (Dataset(*classes(60), weights=np.zeros(60)), classes(60), "too few rows of the source"),
    (classes(60), (np.zeros((60, 2)), classes(60)[1]), "other columns"),
    (classes(60), classes(60)[0], "no labels"),
    (classes(60), (classes(60)[0], np.r_[np.nan, np.ones(30), np.zeros(29)]), "needs a label"),
    (Dataset(*classes(60), segments=pd.DataFrame({"a": range(60), "b": range(60)})), classes(60), "domain='a'"),
])  # fmt: skip
def test_rows_that_cannot_be_explained_are_refused(source, target, told):
    with pytest.raises(InputError, match=told):
        explain_shift(source, target)


def test_wrong_arguments_are_refused():
    rows = classes(60), classes(60, 1.0, 1)
    for named, told in (
        ({"domain": "ward"}, "domain='ward'"), ({"embed": np.zeros((60, 2))}, "numbers of both sides"),
        ({"embed": (np.zeros((60, 2)), np.zeros((60, 3)))}, "same columns"), ({"drop_columns": ["ward"]}, "ward"),
        ({"embed": lambda X: X * np.nan}, "embed"), ({"outputs": (np.ones((60, 3)), np.ones((60, 3)))}, "3 columns"),
        ({"drop_columns": ["x0"]}, "no column is left"),
    ):  # fmt: skip
        with pytest.raises(InputError, match=told):
            explain_shift(*rows, **named)


def test_missing_cells_weights_and_groups_are_taken_as_they_are():
    X, y = classes(300)
    X = np.c_[X, np.where(np.arange(300) % 7 == 0, np.nan, 1.0 * np.arange(300))]
    there, labels = classes(200, 1.0, 1)
    there = np.c_[there, np.where(np.arange(200) % 5 == 0, np.nan, 1.0 * np.arange(200))]
    weights = np.where(np.arange(200) < 100, 1.0, 0.0)
    whole = explain_shift(Dataset(X, y, groups=np.arange(300) // 2), Dataset(there, labels, weights=weights))
    half = explain_shift(Dataset(X, y, groups=np.arange(300) // 2), Dataset(there[:100], labels[:100]))
    np.testing.assert_allclose(values(whole), values(half), atol=1e-9)
