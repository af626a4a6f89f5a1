import numpy as np
import pytest

from samplewise.core.errors import InputError
from samplewise.labels import check_predictions

CODES, IDS = np.array([0, 1, 2, 0]), np.array(["a", "b", "c", "d"])
GOOD = np.full((4, 3), 1 / 3)


def test_good_predictions_come_back_normalised():
    almost = GOOD * (1 + 5e-4)
    np.testing.assert_allclose(check_predictions(almost, CODES, IDS).sum(axis=1), 1.0)


@pytest.mark.parametrize(
    ("P", "part"),
    [
        (GOOD[:, :2], r"fix: +pass shape \(4, 3\)"),
        (GOOD[:3], r"got: +shape \(3, 3\)"),
        (np.where(np.arange(4)[:, None] == 1, np.nan, GOOD), "where: +rows id b"),
        (GOOD * np.array([1, 1, 1.1, 1])[:, None], "where: +rows id c"),
        (np.array([[1.2, -0.2, 0.0]] * 4), "where: +rows id a, b, c, d"),
    ],
)
def test_what_is_no_set_of_probabilities_is_refused_with_the_rows(P, part):
    with pytest.raises(InputError, match=part):
        check_predictions(P, CODES, IDS)


def test_in_sample_predictions_are_refused_with_the_reason():
    codes = np.arange(300) % 3
    P = np.where(np.eye(3)[codes] > 0, 0.98, 0.01)
    with pytest.raises(InputError, match="cross_val_predict") as raised:
        check_predictions(P, codes, np.arange(300))
    assert "in-sample" in raised.value.what
    assert check_predictions(P[:150], codes[:150], np.arange(150)).shape == (150, 3)


def test_two_classes_may_be_one_column():
    found = check_predictions(np.array([[0.25], [0.5]]), np.array([0, 1]), np.array([1, 2]))
    np.testing.assert_allclose(found, [[0.75, 0.25], [0.5, 0.5]])
