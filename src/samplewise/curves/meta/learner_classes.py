"""Classes of learners whose curves are alike: what is known of a learner that no model was trained on."""

CLASSES = {
    "boosting": (
        "GradientBoosting", "HistGradientBoosting", "CatBoost", "AdaBoost", "XGB", "LGBM", "boosting",
        "histogram gradient boosting",
    ),
    "bagged trees": ("RandomForest", "ExtraTrees", "Bagging", "forest", "random forest"),
    "single tree": ("DecisionTree", "ExtraTree"),
    "linear": (
        "LinearSVC", "LogisticRegression", "PassiveAggressive", "Perceptron", "Ridge", "SGD",
        "LinearDiscriminantAnalysis", "logistic", "logistic regression", "ridge regression",
    ),
    "kernel": (
        "SVC", "SVR", "NuSVC", "SVC poly", "SVC sigmoid", "KernelRidge", "GaussianProcess", "KernelHead", "kernel",
        "linear",
    ),
    "neural": ("MLP", "TabNet", "RealMLP", "TorchLearner"),
    "pretrained": ("TabPFN", "TabICL"),
    "Bayes": (
        "BernoulliNB", "MultinomialNB", "ComplementNB", "GaussianNB", "CategoricalNB", "QuadraticDiscriminantAnalysis",
    ),
    "neighbors": ("KNeighbors", "RadiusNeighbors", "NearestCentroid"),
}  # fmt: skip
_CLASS_OF = {member.lower(): name for name, members in CLASSES.items() for member in members}


def class_of(learner_name: str) -> str | None:
    """The class of a learner by its name, or of one that is chosen by name here; None where it is not known.

    >>> class_of("HistGradientBoostingClassifier"), class_of("LGBMRegressor"), class_of("MyModel")
    ('boosting', 'boosting', None)
    """
    plain = learner_name.strip().lower()
    for ending in ("classifier", "regressor", "cv"):
        plain = plain.removesuffix(ending)
    return _CLASS_OF.get(plain)
