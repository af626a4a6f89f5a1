"""Label issues of a data set in one call: from a `Dataset` or (X, y), by id."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from samplewise.core.arguments import checked
from samplewise.core.arrays import Array, in_order
from samplewise.core.errors import InputError, require_count, require_kind, unknown_name
from samplewise.core.execution import Executor
from samplewise.core.results import Result, Table
from samplewise.core.texts import count_of
from samplewise.core.values import Estimate, Exhibit, Scores
from samplewise.data.dataset import Dataset
from samplewise.data.inputs import as_dataset
from samplewise.data.targets import Task
from samplewise.engine.models.metrics import choose_metric
from samplewise.engine.refits import FoldedRows, Refits, prepare, with_embeddings
from samplewise.engine.refits.remedy_effects import Measured, measure_on_redrawn_folds
from samplewise.labels.ambiguity import ConfusablePairs, confusable_pairs
from samplewise.labels.annotators import Annotators, dawid_skene
from samplewise.labels.facts import TO_REVIEW, FactLabels, fact_labels, facts_of, other_reading
from samplewise.labels.facts_or_outcomes import OUTCOMES, LabelMeaning, LabelsAre, label_meaning
from samplewise.labels.label_answers import read_answers
from samplewise.labels.list_judgment import ListJudgment
from samplewise.labels.list_rules import judge
from samplewise.labels.methods import PROBABILITY, MethodLabels, method_named, require_read, without_single
from samplewise.labels.posterior import LabelPosterior, label_posterior
from samplewise.labels.precomputed_outputs import read_refits
from samplewise.labels.predictions import checked_predictions
from samplewise.labels.remedies import LabelMethod, drop_disputed, relabel_disputed, reweight_disputed

POSTERIOR = ("auto", "posterior")  # methods that can read labels as facts
ACTIONS = {"drop": drop_disputed, "relabel": relabel_disputed, "reweight": reweight_disputed}


@dataclass(frozen=True, slots=True, eq=False)
class LabelIssues(Result):
    """Which labels of a data set are likely wrong, by models that did not see them.

    Args:
        wrong: probability that each label is wrong; `wrong.unit` says so where a method only ranks.
        suggested: (n,) what each label should be, as the user writes labels; the held-out prediction for regression.
        flagged: (k,) ids of labels likelier wrong than right, the surest first.
        noise_matrix: P(given | true) as an exhibit; None for regression.
        noise_rate: share of wrong labels.
        confusable_pairs: classes the model cannot distinguish; None with fewer than three.
        reasons: (n,) why each label is believed or not.
        posterior: everything by position.
        annotators: what several labels per row say together with the model; None without `annotations`.
        notes: what a reader should know about how this was found, in sentences.
        labels_are: whether labels were read as facts or as outcomes, who chose that, and why.
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
    notes: tuple[str, ...] = ()
    labels_are: LabelMeaning = OUTCOMES
    _folded: FoldedRows | None = field(default=None, repr=False)
    _method: LabelMethod = field(default=label_posterior, repr=False)
    _probabilities: Any = field(default=None, repr=False)

    @checked
    def expected_precision(self, n: int | None = None) -> Estimate:
        """Share of the `n` likeliest errors that are wrong, with its interval (all flagged without a count).

        Raises: InputError for a method that ranks labels without a probability.
        """
        if self.wrong.unit != PROBABILITY:
            raise InputError(
                "this method ranks labels and gives no probability", got=self.wrong.unit,
                fix='use method="auto" or "neighbors", or have some of the flagged rows checked by hand',
            )  # fmt: skip
        rows = in_order(-self.wrong.values)[: len(self.flagged) if n is None else require_count(n, "n")]
        if not len(rows):
            reason = "no label is likelier wrong than right"
            return Estimate("expected_precision", np.nan, unit="share of the list", reason=reason)
        return self.posterior.expected_precision(rows)

    @checked
    def suspects(self, n: int | None = None) -> Scores:
        """The contradicted labels of facts, the likeliest errors first: as many as are expected to be wrong, or `n`.

        Raises: InputError where labels were read as outcomes; there `flagged` is the list.
        """
        rows = self._facts("suspects").suspects(n)
        wrong = self.wrong
        return Scores(wrong.quantity, wrong.values[rows], wrong.keys[rows], wrong.unit, wrong.larger_means)

    @checked
    def to_review(self, n: int = TO_REVIEW) -> Array:
        """Ids of the rows whose answers tell most, for `reviewed`: spread over the contradicted rows.

        Raises: InputError where labels were read as outcomes.
        """
        return np.asarray(self.wrong.keys[self._facts("to_review").to_review(n)])

    @checked
    def reviewed(self, ids: Iterable[Any], answers: Iterable[Any]) -> "LabelIssues":
        """The same issues after people looked at some rows: their answers move the probability of every other row.

        What was answered before still counts, and the order of answers does not.

        Args:
            ids: rows that were looked at, chosen by `to_review` or for any other reason than their label being right.
            answers: one per id: 1 or True where the given label is wrong ("no class fits" counts as wrong), 0 or False
                where it is right, or the share of several people who call it wrong; or a word: keep, drop, relabel:NAME
                or the name of a class.

        Raises:
            InputError: labels that were read as outcomes, unknown ids, or answers that cannot be understood.

        Cost: as `wrong` without its fits.
        """
        held, folded = self._facts("reviewed"), self._rows()
        classes = np.asarray(folded.target.classes)
        said = held.reviewed(read_answers(ids, answers, folded.data.ids, folded.codes, classes))
        by_id = {folded.data.ids[row : row + 1].tolist()[0]: answer for row, answer in said.answers.items()}
        return _presented(folded, said, None, partial(fact_labels, answers=by_id), self.labels_are, self._probabilities)

    def other_reading(self) -> Estimate:
        """The share of wrong labels if they were read the other way, as outcomes or facts; the reason has the counts.

        Raises: InputError for numbers, which are outcomes, and for a method that has no second reading.
        Cost:   as `wrong` without its fits.
        """
        if isinstance(self.posterior, FactLabels):
            return other_reading(self.posterior, "facts")
        if isinstance(self.posterior, MethodLabels) or self.annotators is not None:
            raise InputError(
                "these labels have one reading only", got="another method, or several annotators",
                fix='find_label_issues(data) with method="auto" and one label per row',
            )  # fmt: skip
        return other_reading(facts_of(self._rows(), self.posterior, self._probabilities), "outcomes")

    def _facts(self, wanted: str) -> FactLabels:
        if isinstance(self.posterior, FactLabels):
            return self.posterior
        raise InputError(
            f"{wanted} is about labels that are facts, and these are read as outcomes", where="labels_are",
            got=str(self.labels_are), fix='find_label_issues(data, labels_are="facts"), if the rows show what they are',
        )  # fmt: skip

    def _rows(self) -> FoldedRows:
        if self._folded is None:
            raise InputError("these issues hold no rows", fix="use what find_label_issues returned")
        return self._folded

    def judged(self) -> ListJudgment:
        """Whether these labels may be called wrong, as the audit says it: three kinds of model are asked.

        Returns: `ListJudgment`: the rule that decided, a sentence, and which of the flagged labels it leaves listed.
        Raises:  InputError for another method than "auto", and for several labels per row.
        Cost:    5 fits of each of two or three kinds of model, where any label is flagged.
        Source:  docs/when-labels-are-called-wrong.md.
        """
        if self._folded is None or self._method is not label_posterior or self.annotators is not None:
            raise InputError(
                "only the labels that cross-fitted models dispute can be put to other models", where="judged",
                got="labels read as facts, another method, or several labels per row",
                fix='find_label_issues((X, y), labels_are="outcomes") with method="auto" and one label per row',
            )  # fmt: skip
        return judge(self._folded, self.posterior)

    @checked
    def measured(
        self, actions: Sequence[str] = ("drop", "relabel", "reweight"), *, metric: str | None = None
    ) -> Mapping[str, Measured]:
        """What acting on the disputed labels does on held-out rows, in points of the metric.

        The method is run anew inside the training rows of every fold (with the learner's own predictions, not
        user-supplied ones); both models are scored on the held-out rows with the labels they were given.

        Args:    actions: of "drop", "relabel" and "reweight".   metric: as in `audit`.
        Returns: `Measured` by action: effect, that of a random action of the same size, and the word for it.
        Raises:  InputError for an unknown action or metric, issues whose rows had several annotators, and reweighting
                 by a method that gives no probability.
        Cost:    2 to 8 repeats; in each per action 5 folds of 2 rounds of 5 fits, and 15 to 60 fits.
        Source:  docs/tested-advice.md; holm1979.
        """
        for unknown in (name for name in actions if name not in ACTIONS):
            raise unknown_name("action", str(unknown), ACTIONS)
        if self._folded is None or self.annotators is not None:
            raise InputError(
                "these issues cannot be put to the test", got="no rows, or several labels per row",
                fix="find_label_issues((X, y)) with one label per row",
            )  # fmt: skip
        if "reweight" in actions and self.wrong.unit != PROBABILITY:
            raise InputError(
                "weights are probabilities, and this method ranks labels without one", got=self.wrong.unit,
                fix='measured(("drop", "relabel"))',
            )  # fmt: skip
        folded, rules = self._folded, {name: partial(ACTIONS[name], method=self._method) for name in actions}
        chosen = choose_metric(metric, folded.target.task, folded.target.codes)
        return measure_on_redrawn_folds(folded, rules, metric=chosen)

    def _sentences(self) -> Iterable[str]:
        yield f"{count_of(len(self.flagged), 'label')} of {len(self.wrong):,} are likelier wrong than right."
        yield f"Share of wrong labels: {self.noise_rate.without_reason()}."
        if isinstance(self.posterior, FactLabels):
            yield self.posterior.doubt("to_review(), then reviewed(ids, answers)")
        yield "Below the most doubtful ones, with what they should be."

    def _table(self) -> Table:
        columns = {
            "id": self.wrong.keys, "wrong_label": self.wrong.values, "suggested": self.suggested,
            "reason": self.reasons,
        }  # fmt: skip
        return Table(columns, {"wrong_label": self.wrong.unit}, "id", in_order(-self.wrong.values))


@checked
def find_label_issues(  # noqa: PLR0913  # the public door: data, how to fit, and what the user already has
    data: Any, y: Any = None, *, label: str | None = None, learner: Any = None, task: Task = "auto",
    method: str = "auto", labels_are: LabelsAre = "auto", probabilities: Any = None, embeddings: Any = None,
    refits: Refits | None = None, annotations: Any = None, n_rounds: int = 2, n_folds: int = 5, seed: int = 0,
    executor: Executor | None = None, run_dir: str | Path | None = None,
) -> LabelIssues:  # fmt: skip
    """Which labels are wrong (a calibrated probability each), and what they should be.

    Args:
        data, y, label: n labeled rows, in any form `samplewise.data.as_dataset` takes; with several labels a row
            `find_multilabel_issues`.
        learner: as in `audit`; None for the default of this shape of data.
        task: "auto", "classification" or "regression".
        method: "auto" (the posterior of cross-fitted models), "confident_learning" (a rank, and counts), "neighbors"
            (features only: the votes of the ten nearest rows), "dynamics" (one training of a network: a rank).
        labels_are: "facts", which the row itself shows (what is in the picture), "outcomes", which it only predicts
            (income), or "auto": pictures and texts are facts, tables outcomes. Read by the posterior alone.
        probabilities: (n, c) out-of-sample probabilities you already have, a frame with the classes as columns or an
            array in their sorted order (numbers (n,) for regression); read in blocks where they lie on disk.
        embeddings: (n, d) features of your own network to learn from in place of X.
        refits: models on subsets of these rows that exist already: they are the first round.
        annotations: (n, a) labels of several annotators, missing as None or NaN. They decide the label of rows whose y
            is missing, and are combined with the model in `wrong` and `suggested`.
        n_rounds: rounds of cross-fitting at the most.   n_folds: models per round.   seed: fixes folds and fits.
        executor: carries out fits that are not in closed form.
        run_dir: where finished fits are kept, and found by the same call after a kill; the run folder of an audit of
            the same data, learner and seed holds all that are needed.

    Returns:
        `LabelIssues`; larger `wrong` means less trust in the given label.

    Raises:
        InputError: missing labels, an unknown method, predictions or refits that cannot be used, or arguments that a
            method would not read.

    Cost: folds x rounds fits in closed form; folds x (rounds - 1) of others, after as many rounds of a kernel head;
        one graph of nearest rows, or one training, for the methods that say so.
    Not for: systematic errors, the same for the same kind of row: those are learned, not found.
    Source: docs/decisions/0005; of facts docs/decisions/0028.

    >>> X = np.repeat([[0.0], [5.0]], 40, axis=0) + np.linspace(-1, 1, 80)[:, None]
    >>> y = np.repeat(["a", "b"], 40); y[3] = "b"
    >>> find_label_issues((X, y)).wrong.top(1).keys
    array([3])
    """
    supplied = {"learner": learner, "probabilities": probabilities, "refits": refits, "run_dir": run_dir}
    passed = [name for name, value in supplied.items() if value is not None]
    require_read(method, passed, learner, annotations is not None)
    given = rows = as_dataset(data, y, label=label)
    if embeddings is not None:
        rows = with_embeddings(rows, embeddings)
    fits: dict[str, Any] = {"n_folds": n_folds, "seed": seed, "executor": executor, "run_dir": run_dir}
    if rows.y is not None and rows.y.ndim > 1:
        raise InputError(
            "these rows have several labels each", where="y", got=f"y of shape {rows.y.shape}",
            fix="labels.find_multilabel_issues(data, y); where they are one-hot classes, pass y.argmax(axis=1)",
        )  # fmt: skip
    votes = None if annotations is None else _votes(rows, annotations)
    if votes is not None:
        rows = rows.with_labels(_filled(rows, votes))
    folded = prepare(rows, learner, task=task, **fits).whole
    meaning = _meaning(labels_are, given, folded, method, annotations is not None, embeddings is not None)
    P = checked_predictions(folded, probabilities)
    chosen = method_named(method, probabilities=P, n_rounds=n_rounds)
    posterior = without_single(chosen(folded if refits is None else read_refits(folded, refits)), probabilities)
    if votes is not None:
        posterior, votes = _joined(folded, posterior, annotations)
    again = label_posterior if method in POSTERIOR else method_named(method)
    if meaning.are == "facts":
        posterior, again = facts_of(folded, posterior, P), fact_labels
    return _presented(folded, posterior, votes, again, meaning, P)


def _meaning(
    labels_are: LabelsAre, rows: Dataset, folded: FoldedRows, method: str, annotated: bool, embedded: bool
) -> LabelMeaning:
    """How labels are read; only the posterior of single labels can read them as facts."""
    classes = bool(folded.class_count)
    if method in POSTERIOR and not annotated:
        return label_meaning(labels_are, rows, classes=classes, embedded=embedded)
    why = "several annotators" if annotated else f'method="{method}"'
    if labels_are == "facts":
        raise InputError(
            f"{why} cannot be combined with facts", where="labels_are", got='labels_are="facts"',
            fix='use method="auto" and one label per row, or leave labels_are out',
        )  # fmt: skip
    if labels_are == "outcomes":
        return label_meaning(labels_are, rows, classes=classes)
    label_meaning(labels_are, rows, classes=classes)  # refuses another word
    return LabelMeaning("outcomes", "samplewise", f"{why} has no other reading")


def _presented(
    folded: FoldedRows,
    posterior: LabelPosterior,
    votes: Annotators | None,
    again: LabelMethod,
    meaning: LabelMeaning,
    probabilities: Any,
) -> LabelIssues:
    """A posterior by id, in the user's labels."""
    ids, classes = folded.data.ids, folded.target.classes
    unit = posterior.unit if isinstance(posterior, MethodLabels) else PROBABILITY
    scores = Scores("wrong_label", posterior.wrong, ids, unit, "more likely wrong")
    return LabelIssues(
        scores,
        posterior.suggested if classes is None else classes[_suggested(posterior)],
        _flagged_ids(posterior, ids),
        None if classes is None else noise_exhibit(posterior, classes),
        posterior.noise_rate,
        confusable_pairs(posterior) if posterior.classes > 2 else None,  # needs three classes
        posterior.reasons,
        posterior,
        votes,
        (*_notes(folded), *_not_yet_wrong(posterior, votes, again)),
        meaning,
        folded,
        again,
        probabilities,
    )


def _flagged_ids(posterior: LabelPosterior, ids: Array) -> Array:
    """Ids of the disputed labels, the surest first."""
    rows = np.flatnonzero(posterior.flagged)
    return ids[rows[np.argsort(-posterior.wrong[rows], kind="stable")]]


def _suggested(posterior: LabelPosterior) -> Array:
    """(n,) suggested classes; the given one where nothing can be suggested."""
    return np.where(posterior.suggested < 0, posterior.codes, posterior.suggested)


def _notes(folded: FoldedRows) -> tuple[str, ...]:
    """How the labels were read, and what the learner lacks."""
    notes = [folded.target.note] if folded.target.note else []
    estimator = getattr(folded.runner.learner, "estimator", None)
    if estimator is not None and folded.class_count and not hasattr(estimator, "predict_proba"):
        values = "decision values were" if hasattr(estimator, "decision_function") else "bare answers were"
        notes.append(
            f"{type(estimator).__name__} gives no probabilities: its {values} made into some, on rows it did not see."
        )
    if folded.target.single:
        shown = ", ".join(map(repr, folded.target.single[:5]))
        notes.append(f"Classes with one row, whose label no other row says anything about: {shown}.")
    return tuple(notes)


def _not_yet_wrong(posterior: LabelPosterior, votes: Annotators | None, method: LabelMethod) -> Iterable[str]:
    """That disputed labels are not wrong ones before other kinds of model were asked."""
    if posterior.flagged.any() and votes is None and method is label_posterior:
        yield (
            "The flagged labels are those that one kind of model disputes; judged() asks three, and says whether they "
            "may be called wrong."
        )


def _votes(data: Dataset, annotations: Any) -> Annotators:
    """The posterior of the annotators alone."""
    if hasattr(annotations, "__len__") and len(annotations) != len(data):
        raise InputError(
            "annotations need one row per row of the data", got=f"{len(annotations)} rows for {len(data)}",
            fix="pass (n, a) labels in the order of the rows",
        )  # fmt: skip
    return dawid_skene(annotations, ids=data.ids)


def _filled(data: Dataset, votes: Annotators) -> Array:
    """The given labels, and the annotators' where none is given."""
    if data.y is None:
        return votes.label
    absent = data.unlabeled()
    return np.where(absent, votes.label.astype(data.y.dtype if absent.any() else votes.label.dtype), data.y)


def _joined(folded: FoldedRows, posterior: LabelPosterior, annotations: Any) -> tuple[LabelPosterior, Annotators]:
    """The posterior of the model and of all labels of a row together."""
    if folded.target.classes is None:
        raise InputError(
            "several annotators are for classes, and these labels are numbers", fix="leave annotations out"
        )
    votes = dawid_skene(annotations, ids=folded.data.ids)
    names = folded.target.classes.astype(str).tolist()
    if votes.classes.astype(str).tolist() != names:
        raise InputError(
            "annotators name other classes than the labels", where="annotations",
            got=f"{votes.classes[:5].tolist()}, not {folded.target.classes[:5].tolist()}",
            fix="use the labels of the data, each at least once",
        )  # fmt: skip
    known = np.asarray(np.isfinite(posterior.held_out).all(axis=1))
    held_out = np.where(known[:, None], posterior.held_out, votes.shares)
    together = dawid_skene(
        annotations, probabilities=held_out / held_out.sum(axis=1, keepdims=True), ids=folded.data.ids
    )
    best = together.posterior.argmax(axis=1)
    wrong = 1.0 - together.posterior[np.arange(len(best)), folded.codes]
    chance = together.posterior.max(axis=1)
    return replace(posterior, wrong=wrong, suggested=best, suggested_probability=chance), together


def noise_exhibit(posterior: LabelPosterior, classes: Array) -> Exhibit:
    """P(given | true) as a matrix to draw: rows are true classes, columns given ones."""
    require_kind(posterior, LabelPosterior)
    names = np.array([str(value) for value in classes.tolist()])
    count = len(names)
    columns = {
        "row": np.repeat(names, count),
        "column": np.tile(names, count),
        "value": posterior.noise_matrix.reshape(-1),
    }
    note = "Rows: the class a row belongs to. Columns: the label it was given. Rows sum to 1."
    return Exhibit("matrix", "How labels are flipped", columns, "probability", note)
