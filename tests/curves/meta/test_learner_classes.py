"""Classes of learners by name."""

import pytest

from samplewise.curves.meta.learner_classes import CLASSES, class_of


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("HistGradientBoostingClassifier", "boosting"), ("XGBRegressor", "boosting"), ("LGBMClassifier", "boosting"),
        ("CatBoostClassifier", "boosting"), ("ExtraTreesClassifier", "bagged trees"),
        ("ExtraTreeClassifier", "single tree"), ("LogisticRegressionCV", "linear"), ("KernelHead", "kernel"),
        ("SVC", "kernel"), ("TabPFN", "pretrained"), ("KNeighborsClassifier", "neighbors"), ("GaussianNB", "Bayes"),
        ("histogram gradient boosting", "boosting"), ("SomethingNew", None), ("", None),
    ],
)  # fmt: skip
def test_a_class_is_read_from_the_name(name, kind):
    assert class_of(name) == kind


def test_no_name_is_in_two_classes():
    members = [member.lower() for names in CLASSES.values() for member in names]
    assert len(members) == len(set(members))
