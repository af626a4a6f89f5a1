"""Label issues of a data set in one call: from a `Dataset` or (X, y), by id."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from samplewise.core.arrays import Array
from samplewise.core.errors import InputError, unknown_name
from samplewise.core.execution import Executor
from samplewise.core.values import Estimate, Exhibit, Scores
from samplewise.data.dataset import Dataset
from samplewise.engine.models.metrics import choose_metric
from samplewise.engine.refits import Part, open_part
from samplewise.engine.refits.advice import Measured, measure_remedies
from samplewise.labels.ambiguity import ConfusablePairs, confusable_pairs
from samplewise.labels.annotators import Annotators, dawid_skene
from samplewise.labels.posterior import LabelPosterior, label_posterior
from samplewise.labels.predictions import check_predictions
from samplewise.labels.remedies import drop_disputed, relabel_disputed, reweight_disputed

ACTIONS = {"drop": drop_disputed, "relabel": relabel_disputed, "reweight": reweight_disputed}


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
        annotators: what several labels per row say together with the model; None without `annotations`.
    """

    wrong: Scores
    suggested: Array
    flagged: Array
    noise_matrix: Exhibit | None
    noise_rate: Estimate
    confusable_pairs: ConfusablePairs | None
    reasons: Array
    posterior: LabelPosterior
    annotators: Annotators | None = None
    _part: Part | None = field(default=None, repr=False)

    def expected_precision(self, count: int | None = None) -> float:
        """Share of the first `count` flagged labels that are expected to be wrong (all flagged without a count)."""
        worst = self.wrong.top(len(self.flagged) if count is None else count).values
        return float(np.mean(worst)) if len(worst) else float("nan")

    def measured(
        self, actions: Sequence[str] = ("drop", "relabel", "reweight"), *, metric: str | None = None
    ) -> Mapping[str, Measured]:
        """What acting on the disputed labels does to rows that had no say in it, in points of the metric.

        The rule is run again, from nothing, inside every training part; both models are scored on the held-out rows
        with the labels they were given.

        Args:    actions: of "drop", "relabel" and "reweight".   metric: as in `audit`; None for the task's own.
        Returns: `Measured` by action: effect, that of a random action of the same size, and the word for it.
        Raises:  InputError for an unknown action or metric, and for issues whose rows had several annotators.
        Cost:    per action 5 parts of 2 rounds of 5 fits, and 15 fits.
        Source:  docs/tested-advice.md; holm1979.
        """
        strange = [name for name in actions if name not in ACTIONS]
        if strange:
            raise unknown_name("action", str(strange[0]), ACTIONS)
        if self._part is None or self.annotators is not None:
            raise InputError(
                "these issues cannot be put to the test", got="no rows, or several labels per row",
                fix="find_label_issues((X, y)) with one label per row",
            )  # fmt: skip
        part, rules = self._part, {name: ACTIONS[name] for name in actions}
        chosen = choose_metric(metric, part.target.task)
        return measure_remedies(part.runner, rules, [part.all_folds], metric=chosen, ordered=part.ordered)


def find_label_issues(  # noqa: PLR0913  # the public door: data, how to fit, and what the user already has
    data: Dataset | tuple[Any, Any],
    learner: Any = None,
    *,
    predictions: Any = None,
    embeddings: Any = None,
    annotations: Any = None,
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
        embeddings: (n, d) features of your own network to learn from in place of X.
        annotations: (n, a) labels of several annotators, missing as None or NaN. They decide the label of rows whose y
            is missing, and join the model's opinion in `wrong` and `suggested`.
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
    data = data if isinstance(data, Dataset) else Dataset(*data)
    votes = None if annotations is None else _votes(data, annotations)
    if votes is not None:
        data = data.with_labels(_filled(data, votes))
    if embeddings is not None:
        data = replace(data, X=embeddings)
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
    if votes is not None:
        posterior, votes = _joined(part, posterior, annotations)
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
        votes,
        part,
    )


def _votes(data: Dataset, annotations: Any) -> Annotators:
    """What the annotators say by themselves."""
    votes = dawid_skene(annotations, ids=data.ids)
    if len(votes.posterior) != len(data):
        raise InputError(
            "annotations need one row per row of the data", got=f"{len(votes.posterior)} rows for {len(data)}",
            fix="pass (n, a) labels in the order of the rows",
        )  # fmt: skip
    return votes


def _filled(data: Dataset, votes: Annotators) -> Array:
    """The given labels, and the annotators' where none is given."""
    if data.y is None:
        return votes.label
    absent = data.unlabelled()
    return np.where(absent, votes.label.astype(data.y.dtype if absent.any() else votes.label.dtype), data.y)


def _joined(part: Part, posterior: LabelPosterior, annotations: Any) -> tuple[LabelPosterior, Annotators]:
    """The posterior of the model and of all labels of a row together."""
    if part.target.classes is None:
        raise InputError(
            "several annotators are for classes, and these labels are numbers", fix="leave annotations out"
        )
    votes = dawid_skene(annotations, ids=part.data.ids)
    names = part.target.classes.astype(str).tolist()
    if votes.classes.astype(str).tolist() != names:
        raise InputError(
            "annotators name other classes than the labels", where="annotations",
            got=f"{votes.classes[:5].tolist()} beside {part.target.classes[:5].tolist()}",
            fix="use the labels of the data, each at least once",
        )  # fmt: skip
    known = np.asarray(np.isfinite(posterior.held_out).all(axis=1))
    held_out = np.where(known[:, None], posterior.held_out, votes.shares)
    together = dawid_skene(annotations, probabilities=held_out / held_out.sum(axis=1, keepdims=True), ids=part.data.ids)
    best = together.posterior.argmax(axis=1)
    wrong = 1.0 - together.posterior[np.arange(len(best)), part.codes]
    chance = together.posterior.max(axis=1)
    return replace(posterior, wrong=wrong, suggested=best, suggested_probability=chance), together


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
