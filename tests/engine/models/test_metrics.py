"""Every metric is a mean of contributions: the mean equals the textbook score, the spread its standard error."""

import numpy as np
import pytest
from sklearn import metrics as textbook

from samplewise.core.errors import InputError
from samplewise.engine.models.metrics import METRICS, choose_metric, metric_rule


def outputs_and_codes(count=400, classes=3, seed=0):
    draw = np.random.default_rng(seed)
    codes = draw.choice(classes, size=count, p=np.array([0.6, 0.3, 0.1])[:classes] / np.sum([0.6, 0.3, 0.1][:classes]))
    return np.eye(classes)[codes] + draw.normal(size=(count, classes)), codes


def test_accuracy_and_balanced_accuracy_equal_the_textbook():
    outputs, codes = outputs_and_codes()
    best = outputs.argmax(axis=1)
    assert METRICS["accuracy"].contributions(outputs, codes).mean() == pytest.approx(
        100 * textbook.accuracy_score(codes, best)
    )
    balanced = METRICS["balanced_accuracy"].contributions(outputs, codes)
    assert balanced.mean() == pytest.approx(100 * textbook.balanced_accuracy_score(codes, best))


def test_area_under_curve_and_its_standard_error():
    outputs, codes = outputs_and_codes(300, classes=2)
    outputs = outputs.round(1)  # ties count half
    found = METRICS["auc"].contributions(outputs, codes)
    assert found.mean() == pytest.approx(100 * textbook.roc_auc_score(codes, outputs[:, 1] - outputs[:, 0]))
    draw = np.random.default_rng(1)
    repeated = []
    for _ in range(300):
        rows = draw.integers(0, len(codes), len(codes))
        repeated.append(100 * textbook.roc_auc_score(codes[rows], (outputs[:, 1] - outputs[:, 0])[rows]))
    assert found.std() / np.sqrt(len(codes)) == pytest.approx(np.std(repeated), rel=0.2)


def test_regression_metrics_are_in_the_unit_of_the_label_and_in_r_squared():
    draw = np.random.default_rng(0)
    y = draw.normal(scale=7.0, size=200)
    predicted = (y + draw.normal(size=200))[:, None]
    assert METRICS["r2"].contributions(predicted, y).mean() == pytest.approx(textbook.r2_score(y, predicted[:, 0]))
    expected = -textbook.mean_absolute_error(y, predicted[:, 0])
    assert METRICS["mae"].contributions(predicted, y).mean() == pytest.approx(expected)


def test_a_point_is_a_hundredth_of_what_there_is_to_explain():
    y = np.array([0.0, 20.0])
    assert METRICS["accuracy"].point(y) == 1.0
    assert METRICS["mae"].point(y) == pytest.approx(0.1)
    assert METRICS["r2"].point(y) == 0.01


def test_choice_by_name_task_and_typo():
    assert choose_metric(None, "classification").name == "accuracy"
    assert choose_metric(None, "regression").name == "mae"
    with pytest.raises(InputError, match="accuracy") as caught:
        choose_metric("acuracy", "classification")
    assert "did you mean 'accuracy'" in caught.value.fix
    with pytest.raises(InputError, match="is for regression"):
        choose_metric("r2", "classification")


def test_auc_needs_two_classes():
    outputs, codes = outputs_and_codes()
    with pytest.raises(InputError, match="two classes"):
        METRICS["auc"].contributions(outputs, codes)
    with pytest.raises(InputError, match="both classes"):
        METRICS["auc"].contributions(outputs[:, :2], np.zeros(len(codes), dtype=int))


@pytest.mark.parametrize(
    ("counts", "name"),
    [
        ((79, 21), "accuracy"),
        ((80, 20), "auc"),
        ((20, 80), "auc"),
        ((85, 10, 5), "balanced_accuracy"),
        ((5, 5), "accuracy"),
    ],
)
def test_classes_of_very_different_size_are_measured_by_what_compares_them(counts, name):
    codes = np.repeat(np.arange(len(counts)), counts)
    assert choose_metric(None, "classification", codes).name == name
    assert choose_metric("accuracy", "classification", codes).name == "accuracy"
    rule = metric_rule(None, "classification", codes)
    assert f"the largest class holds {100 * max(counts) / sum(counts):.0f} %" in rule
    assert ("would say little" in rule) is (name != "accuracy")


def test_the_rule_says_why_else():
    assert metric_rule("auc", "classification", np.array([0, 1])) == "it was asked for"
    assert metric_rule(None, "regression", np.array([0.5, 1.5])) == "the label is a number"
    assert choose_metric(None, "regression", np.array([0.5, 1.5])).name == "mae"


def test_rows_of_one_class_have_no_score_where_classes_are_compared():
    one, two = np.zeros(5, dtype=int), np.array([0, 0, 1])
    assert METRICS["accuracy"].can_score(one)
    assert not METRICS["auc"].can_score(one)
    assert not METRICS["balanced_accuracy"].can_score(one)
    assert METRICS["auc"].can_score(two)
