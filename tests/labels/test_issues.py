import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import make_blobs, make_friedman1

from samplewise.core.errors import InputError
from samplewise.data import Dataset
from samplewise.engine.refits import open_part
from samplewise.labels import drop_disputed, find_label_issues, relabel_disputed


@pytest.fixture(scope="module")
def blobs():
    X, codes = make_blobs(300, centers=8.0 * np.eye(3), random_state=3)
    names = np.array(["ant", "bee", "cat"], dtype=object)
    given = names[codes]
    given[[5, 50, 150]] = names[(codes[[5, 50, 150]] + 1) % 3]
    ids = np.array([f"r{row}" for row in range(300)])
    return Dataset(X, given, ids=ids), names[codes]


def test_everything_is_by_id_and_in_the_users_labels(blobs):
    data, truth = blobs
    found = find_label_issues(data)
    assert set(found.flagged) == {"r5", "r50", "r150"}
    assert set(found.wrong.top(3).keys) == {"r5", "r50", "r150"}
    assert found.wrong.unit == "probability"
    assert found.suggested[[5, 50, 150]].tolist() == truth[[5, 50, 150]].tolist()
    assert found.expected_precision() > 0.5
    assert found.noise_matrix.kind == "matrix"
    assert len(found.confusable_pairs) == 0
    assert found.reasons[0] == "the held-out model agrees with the given label"


def test_a_frame_and_its_index_come_through(blobs):
    data, _ = blobs
    frame = pd.DataFrame(data.X, index=data.ids, columns=["a", "b", "c"])
    found = find_label_issues((frame, data.y))
    assert set(found.flagged) == {"r5", "r50", "r150"}


def test_same_seed_same_bits(blobs):
    one, two = (find_label_issues(blobs[0], seed=4).wrong.values for _ in range(2))
    np.testing.assert_array_equal(one, two)


def test_regression_suggests_the_prediction():
    X, y = make_friedman1(300, random_state=0)
    y[7] += 40
    found = find_label_issues((X, y))
    assert found.flagged.tolist() == [7]
    assert found.noise_matrix is None
    assert found.confusable_pairs is None
    assert abs(found.suggested[7] - (y[7] - 40)) < 5


def test_missing_labels_and_unusable_predictions_are_refused(blobs):
    data, _ = blobs
    y = data.y.astype(object)
    y[3] = None
    with pytest.raises(InputError, match="complete_ids"):
        find_label_issues(data.with_labels(y))
    with pytest.raises(InputError, match=r"pass shape \(300, 3\)"):
        find_label_issues(data, predictions=np.full((300, 4), 0.25))


def test_rules_change_what_was_planted_and_nothing_else(blobs):
    data, truth = blobs
    part = open_part(data, "kernel")
    relabel, drop = relabel_disputed(part), drop_disputed(part)
    assert relabel.kind == "relabel"
    assert relabel.rows.tolist() == drop.rows.tolist() == [5, 50, 150]
    assert part.target.classes[relabel.values].tolist() == truth[[5, 50, 150]].tolist()


def test_drop_never_empties_a_class():
    X, codes = make_blobs([100, 100, 2], centers=[[0, 0], [6, 0], [0, 0]], cluster_std=0.5, random_state=0)
    part = open_part((X, codes), "kernel")
    kept = np.delete(codes, drop_disputed(part).rows)
    assert set(kept) == {0, 1, 2}
