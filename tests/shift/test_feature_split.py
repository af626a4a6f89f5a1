"""`FeatureSplit`: what belongs to the class, what to a segment, and the rest."""

import warnings

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression

from samplewise.core.errors import InputError
from samplewise.shift import FeatureSplit


def rows(count=3000, seed=0, agree=0.9, width=6):
    """Class in the first coordinate, segment in the second (by other amounts in both classes), mixed by a rotation."""
    draw = np.random.default_rng(seed)
    y = draw.integers(0, 2, count)
    a = np.where(draw.random(count) < agree, y, 1 - y)
    E = draw.normal(size=(count, width))
    E[:, 0] += 2.0 * y
    E[:, 1] += 3.0 * a
    E[:, 2] += 2.0 * a * y
    mixed = np.linalg.qr(draw.normal(size=(width, width)))[0]
    return E @ mixed, y, a


def worst(model, E, y, a):
    """Least accuracy over class and segment."""
    return min((model.predict(E) == y)[(y == one) & (a == other)].mean() for one in (0, 1) for other in (0, 1))


def test_nothing_is_lost_and_segments_of_a_class_have_one_mean():
    E, y, a = rows()
    split = FeatureSplit().fit(E, y, segments=a)
    np.testing.assert_allclose(split.decode(split.encode(E)), E, atol=1e-9)
    kept = split.transform(E, drop="spurious")
    assert kept.shape[1] == E.shape[1] - split.spurious_size_
    assert split.spurious_size_ == 2  # one direction for each class
    for one in (0, 1):
        apart = kept[(y == one) & (a == 0)].mean(axis=0) - kept[(y == one) & (a == 1)].mean(axis=0)
        assert np.abs(apart).max() < 1e-8


def test_erasing_brings_the_worst_group_up_and_dropping_coordinates_does_not():
    E, y, a = rows(count=6000, agree=0.95)
    new = np.random.default_rng(5).integers(0, 2, len(y)).astype(bool)
    split = FeatureSplit().fit(E[new], y[new], segments=a[new])
    head = LogisticRegression(C=1e6, max_iter=2000)
    plain = worst(clone(head).fit(E[new], y[new]), E[~new], y[~new], a[~new])
    cleaned = clone(head).fit(split.replace_spurious(E[new]), y[new])
    assert worst(cleaned, split.replace_spurious(E[~new]), y[~new], a[~new]) > plain + 0.1
    order = np.argsort(-split.report().coordinates[:, 0])
    for dropped in (1, 2, 3):
        left = order[dropped:]
        assert worst(clone(head).fit(E[new][:, left], y[new]), E[~new][:, left], y[~new], a[~new]) < 0.8
    blocks = split.transform(E[~new])
    short = clone(head).fit(split.transform(E[new]), y[new])  # the same rule in fewer coordinates
    assert (short.predict(blocks) == cleaned.predict(split.replace_spurious(E[~new]))).mean() > 0.999


def test_an_invertible_map_changes_nothing():
    E, y, a = rows()
    moved = E @ np.random.default_rng(3).normal(size=(6, 6)) + 7.0
    one, other = (FeatureSplit().fit(given, y, segments=a) for given in (E, moved))
    assert one.entanglement_ == pytest.approx(other.entanglement_, abs=1e-6)
    assert (one.core_size_, one.spurious_size_) == (other.core_size_, other.spurious_size_)


def test_one_direction_for_both_is_said():
    draw = np.random.default_rng(0)
    y, a = draw.integers(0, 2, (2, 2000))
    E = draw.normal(size=(2000, 4))
    E[:, 0] += 2.0 * y + 2.0 * a
    with pytest.warns(UserWarning, match="cannot be separated"):
        split = FeatureSplit().fit(E, y, segments=a)
    assert split.entanglement_ > 0.9
    with pytest.warns(UserWarning, match="cannot be separated"):
        assert FeatureSplit(core_first=True).fit(E, y, segments=a).core_size_ >= 1


def test_a_segment_that_leaves_no_trace_is_not_erased():
    erased = 0
    for seed in range(40):
        draw = np.random.default_rng(seed)
        y, a = draw.integers(0, 2, (2, 200))
        E = draw.normal(size=(200, 5)) + y[:, None]
        erased += FeatureSplit(random_state=seed).fit(E, y, segments=a).spurious_size_ > 0
    assert erased <= 2


def test_constant_coordinates_and_missing_segments_do_no_harm():
    E, y, a = rows()
    E = np.column_stack([E, np.full(len(E), 4.0)])
    given = a.astype(object)
    given[:30] = None
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        split = FeatureSplit().fit(E, y, segments=given)
    assert split.n_left_out_ == 30
    np.testing.assert_allclose(split.decode(split.encode(E)), E, atol=1e-9)


@pytest.mark.parametrize("segments", [lambda y: y, lambda y: np.zeros(len(y))])
def test_a_segment_that_is_the_label_or_constant_is_refused_with_the_counts(segments):
    E, y, _ = rows()
    with pytest.raises(InputError, match=r"(?s)where: +segments.*got:.*rows of label and segment"):
        FeatureSplit().fit(E, y, segments=segments(y))


def test_bad_calls_are_refused():
    E, y, a = rows(400)
    split = FeatureSplit().fit(E, y, segments=a)
    with pytest.raises(InputError, match="drop"):
        split.transform(E, drop="background")
    with pytest.raises(InputError, match="column per feature"):
        split.decode(E[:, :2])
    with pytest.raises(InputError, match="segments"):
        FeatureSplit().fit(E, y)
    with pytest.raises(InputError, match="every row needs"):
        FeatureSplit().fit(E, y, segments=a[:5])


def test_the_report_probes_rows_of_ones_own():
    E, y, a = rows(6000)
    split = FeatureSplit().fit(E[:3000], y[:3000], segments=a[:3000])
    before, after, *_ = split.report(E[3000:], y[3000:], segments=a[3000:]).probes
    assert before.low > 0.8
    assert after.low < 0.55 < before.value
    assert "stronger tool" in str(split.report())
