"""SW605: what the error elsewhere consists of, and what it was measured to gain to mend it."""

import numpy as np
import pandas as pd
import pytest

import samplewise as sw
from samplewise.auditing.checks import sw605_error_there as check
from samplewise.core.errors import NotApplicable


def rows(count, seed, *, border=0.0, moved=0.0, flipped=0.03):
    draw = np.random.default_rng(seed)
    frame = pd.DataFrame(draw.normal(size=(count, 2)), columns=["size", "age"])
    frame["age"] += moved
    return frame, np.where((frame["size"] > border) ^ (draw.random(count) < flipped), "yes", "no")


def finding(evidence_of, held, **given):
    X, y = rows(600, 0)
    found = check.run(evidence_of(X, y, test=held, learner="kernel", **given))
    return found.findings[0] if found.findings else None


def test_a_border_that_moved_is_mended_by_labeled_rows_from_there(evidence_of):
    found = finding(evidence_of, rows(400, 1, border=1.0))
    assert found.severity == "warning"
    assert "the model was fitted elsewhere" in found.title
    assert found.remedies[0].kind == "collect"
    assert "measured there" in found.remedies[0].reason
    assert sum(part.value for part in found.measured[1:]) == pytest.approx(
        found.measured[0].value + found.measured[1].value
    )


def test_noisier_labels_there_need_other_columns(evidence_of):
    found = finding(evidence_of, rows(500, 2, flipped=0.3))
    assert "even a rule fitted there errs more" in found.title
    assert found.remedies[0].action == "Look for columns that tell more there."


def test_rows_of_the_same_place_are_no_finding(evidence_of):
    assert finding(evidence_of, rows(400, 3)) is None


def test_a_named_segment_stands_in_for_test_rows(evidence_of):
    X, y = rows(800, 0)
    place = np.where(np.arange(800) < 500, "A", "B")
    noisy = np.random.default_rng(1).choice(["yes", "no"], 800)
    given = pd.DataFrame({"place": place})
    found = check.run(evidence_of(X, np.where(place == "B", noisy, y), segments=given, learner="kernel"))
    assert found.findings[0].title.startswith("The error of rows where place = B is ")


@pytest.mark.parametrize("held", [None, rows(50, 1), rows(400, 1)[0]])
def test_without_enough_labeled_rows_there_it_says_what_it_needs(evidence_of, held):
    X, y = rows(300, 0)
    with pytest.raises(NotApplicable, match=r"100 labeled test rows"):
        check.run(evidence_of(X, y, test=held, learner="kernel"))


def test_weights_are_tested_on_the_test_rows_and_see_no_label_of_them(evidence_of):
    X, y = rows(500, 0)
    held, labels = rows(300, 4, moved=1.5, border=0.7)
    audited = sw.audit(X, y, test=(held, labels), checks="SW605", learner="kernel")
    (remedy,) = (one for one in audited.findings[0].remedies if one.kind == "reweight")
    assert remedy.verdict in ("helps", "hurts", "no difference", "not decided")
    assert remedy.control is not None
    assert len(remedy.keys) == len(remedy.values) == 500
    assert np.mean(remedy.values) == pytest.approx(1.0, abs=1e-3)
    evidence = evidence_of(X, y, test=(held, labels), learner="kernel")
    other = evidence_of(X, y, test=(held, labels[::-1]), learner="kernel")
    one, two = (check.rules(each)["reweight"](each.whole).values for each in (evidence, other))
    np.testing.assert_array_equal(one, two)
    assert check.rules(evidence_of(X, y, test=(held[:150], labels[:150]), learner="kernel")) == {}
