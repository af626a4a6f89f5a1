"""Label issues of a data set in one call: from a `Dataset` or (X, y), by id."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from samplewise.core.arrays import Array
from samplewise.core.errors import InputError
from samplewise.core.execution import Executor
from samplewise.core.values import Estimate, Exhibit, Scores
from samplewise.data.dataset import Dataset
from samplewise.engine.refits.opening import open_part
from samplewise.labels.ambiguity import ConfusablePairs, confusable_pairs
from samplewise.labels.posterior import LabelPosterior, label_posterior
from samplewise.labels.predictions import check_predictions


@dataclass(frozen=True, slots=True, eq=False)
class LabelIssues:
    """What the labels of a data set look like to models that did not see them.

    Args:
        wrong: probability that each label is wrong.
        suggested: (n,) what each label should be, as the user writes labels; the held-out prediction for regression.
        flagged: (k,) ids of labels likelier wrong than right, the surest first.
        noise_matrix: P(given | true) as an exhibit; None for regression.
        noise_rate: share of wrong labels.
        confusable_pairs: classes the model cannot tell apart; None with fewer than three.
        reasons: (n,) why each label is believed or not.
        posterior: everything by position.
    """

    wrong: Scores
    suggested: Array
    flagged: Array
    noise_matrix: Exhibit | None
    noise_rate: Estimate
    confusable_pairs: ConfusablePairs | None
    reasons: Array
    posterior: LabelPosterior

    def expected_precision(self, count: int | None = None) -> float:
        """Share of the first `count` flagged labels that are expected to be wrong (all flagged without a count)."""
        worst = self.wrong.top(len(self.flagged) if count is None else count).values
        return float(np.mean(worst)) if len(worst) else float("nan")


def find_label_issues(  # the public door: data, how to fit, and what the user already has
    data: Dataset | tuple[Any, Any],
    learner: Any = None,
    *,
    predictions: Any = None,
    rounds: int = 2,
    folds: int = 5,
    seed: int = 0,
    executor: Executor | None = None,
) -> LabelIssues:
    """Which labels are wrong (a calibrated probability each), and what they should be.

    Args:
        data: a `Dataset` or (X, y) with n labelled rows.
        learner: as in `audit`; None for the default of this shape of data.
        predictions: (n, c) out-of-sample probabilities you already have (numbers (n,) for regression).
        rounds: rounds of cross-fitting at the most.   folds: models per round.   seed: fixes folds and fits.
        executor: carries out fits that are not in closed form.

    Returns:
        `LabelIssues`; larger `wrong` means less trust in the given label.

    Raises:
        InputError: missing labels, or predictions that cannot be used.

    Cost: folds x rounds fits.
    Not for: labels by several annotators; copies of a row without a common group.
    Source: docs/decisions/0005.

    >>> X = np.repeat([[0.0], [5.0]], 40, axis=0) + np.linspace(-1, 1, 80)[:, None]
    >>> y = np.repeat(["a", "b"], 40); y[3] = "b"
    >>> find_label_issues((X, y)).wrong.top(1).keys
    array([3])
    """
    part = open_part(data, learner, folds=folds, seed=seed, executor=executor)
    ids, codes = part.data.ids, part.codes
    if part.data.unlabelled().any():
        raise InputError(
            "some rows have no label",
            where=f"{int(part.data.unlabelled().sum())} rows",
            fix="data.keep(data.complete_ids())",
        )
    if predictions is not None:
        brought = np.asarray(predictions, dtype=np.float64)
        predictions = check_predictions(brought, codes, ids) if part.class_count else brought.reshape(len(codes), -1)
    posterior = label_posterior(part, predictions=predictions, rounds=rounds)
    scores = Scores("wrong_label", posterior.wrong, ids, "probability", "more likely wrong")
    flagged = scores.top(int(posterior.flagged.sum())).keys
    classes = part.target.classes
    return LabelIssues(
        scores,
        posterior.suggested if classes is None else classes[posterior.suggested],
        flagged,
        None if classes is None else noise_exhibit(posterior, classes),
        posterior.noise_rate,
        confusable_pairs(posterior) if posterior.classes > 2 else None,  # needs three classes
        posterior.reasons,
        posterior,
    )


def noise_exhibit(posterior: LabelPosterior, classes: Array) -> Exhibit:
    """P(given | true) as a matrix to draw: rows are true classes, columns given ones."""
    names = np.array([str(value) for value in classes.tolist()])
    count = len(names)
    columns = {
        "row": np.repeat(names, count),
        "column": np.tile(names, count),
        "value": posterior.noise_matrix.reshape(-1),
    }
    note = "Rows: the class a row belongs to. Columns: the label it was given. Rows sum to 1."
    return Exhibit("matrix", "How labels are flipped", columns, "probability", note)
