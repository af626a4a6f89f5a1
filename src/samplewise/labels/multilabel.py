"""Several labels a row: one binary posterior per label, from one encoding, the same folds and shared fits."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from samplewise.core.arguments import checked
from samplewise.core.arrays import Array, Floats, Ints, fingerprint
from samplewise.core.errors import InputError, name_rows, require_count, unknown_name
from samplewise.core.execution import Executor
from samplewise.core.results import Result, Table
from samplewise.core.texts import count_of, keys_text
from samplewise.core.values import Estimate, Scores
from samplewise.data.dataset import Dataset
from samplewise.data.inputs import as_dataset, require_labels
from samplewise.data.targets import Target
from samplewise.engine.models.learner import Fit, Fitted, Fitter, Learner, Objective
from samplewise.engine.refits import FitRunner, FoldedRows, Prepared, prepare, with_embeddings
from samplewise.engine.refits.folded_rows import whole_rows
from samplewise.labels.methods import PROBABILITY, by_neighbors
from samplewise.labels.neighbors import nearest_others
from samplewise.labels.posterior import LabelPosterior, label_posterior
from samplewise.labels.predictions import checked_predictions, columns_by_class, drawn_neighbors

FEWEST = 2  # rows with a label, and without it, below which other rows say nothing about it


@dataclass(frozen=True, slots=True, eq=False)
class MultilabelIssues(Result):
    """Which entries of several labels a row are likely wrong, by models that did not see them.

    Args:
        labels: (c,) names of the labels.
        wrong: probability that at least one entry of a row is wrong, if the errors of a row are independent:
            1 - prod_k (1 - wrong_by_label[k]). Where errors come together it is too high.
        wrong_by_label: (n, c) probability that each entry is wrong; NaN for a label nothing can be said about.
        suggested: (n, c) what each entry should be, 0 or 1.
        flagged: (id, label) of the entries likelier wrong than right, the surest first.
        noise_rate: by label, the share of its entries that are wrong.
        reasons: (n, c) why each entry is believed or not.
        skipped: by label, why nothing is said about it.
        posteriors: by label, everything by position.
    """

    labels: Array
    wrong: Scores
    wrong_by_label: Floats
    suggested: Ints
    flagged: tuple[tuple[Any, Any], ...]
    noise_rate: Mapping[Any, Estimate]
    reasons: Array
    skipped: Mapping[Any, str]
    posteriors: Mapping[Any, LabelPosterior] = field(repr=False)

    def for_label(self, label: Any) -> Scores:
        """The probability that each row's entry of one label is wrong."""
        places = np.flatnonzero(self.labels == label)
        if not len(places):
            shown = ", ".join(map(str, self.labels[:5].tolist()))
            raise InputError(f"there is no label {label!r}", got=repr(label), fix=f"the labels are {shown}")
        values = self.wrong_by_label[:, places[0]]
        return Scores("wrong_label", values, self.wrong.keys, PROBABILITY, "more likely wrong")

    def _sentences(self) -> Iterable[str]:
        entries = count_of(self.wrong_by_label.size, "entry", "entries")
        yield f"{len(self.flagged):,} of {entries} ({len(self.wrong):,} rows, {len(self.labels)} labels) are likelier"
        yield "wrong than right; below the surest, with what they should be." if self.flagged else "wrong than right."
        if self.skipped:
            yield f"Nothing is said about {keys_text(self.skipped)}."

    def _table(self) -> Table:
        row = {key: at for at, key in enumerate(self.wrong.keys.tolist())}
        column = {name: at for at, name in enumerate(self.labels.tolist())}
        at = [(row[key], column[name]) for key, name in self.flagged]
        columns = {
            "id": [key for key, _ in self.flagged], "label": [name for _, name in self.flagged],
            "wrong_label": [float(self.wrong_by_label[place]) for place in at],
            "suggested": [int(self.suggested[place]) for place in at],
        }  # fmt: skip
        return Table(columns, {"wrong_label": PROBABILITY}, "id")

    def to_frame(self) -> Any:
        """The probability that each entry is wrong: one line per row, one column per label."""
        columns = {str(name): self.wrong_by_label[:, at] for at, name in enumerate(self.labels.tolist())}
        return Table({"id": self.wrong.keys} | columns, index="id").to_frame()


@checked
def find_multilabel_issues(  # noqa: PLR0913  # as `find_label_issues`
    data: Any,
    y: Any = None,
    *,
    label: str | None = None,
    learner: Any = None,
    method: Literal["auto", "posterior", "neighbors"] = "auto",
    probabilities: Any = None,
    embeddings: Any = None,
    n_rounds: int = 2,
    n_folds: int = 5,
    seed: int = 0,
    executor: Executor | None = None,
    run_dir: str | Path | None = None,
) -> MultilabelIssues:
    """Which entries are wrong where rows have several labels each (a calibrated probability per entry).

    One binary posterior per label, from one encoding and the same folds.

    Args:
        data, y, label: n rows, in any form `samplewise.data.as_dataset` takes, with y (n, c) of 0 and 1.
        learner: as in `audit`; None for the default of this shape of data.
        method: "auto" (the posterior of cross-fitted models) or "neighbors" (from the votes of the ten nearest rows).
        probabilities: (n, c) out-of-sample probabilities that each entry is 1, a frame with the labels as columns or an
            array in their order.
        embeddings: (n, d) features of your own network to learn from in place of X.
        n_rounds: rounds of cross-fitting at the most.   n_folds: models per round.   seed: fixes folds and fits.
        executor: carries out fits that are not in closed form.
        run_dir: where finished fits are kept, and found by the same call after a kill.

    Returns:
        `MultilabelIssues`; larger `wrong` means less trust in the given entries.

    Raises:
        InputError: entries that are not 0 or 1, classes written as one label each, another method, or no label that can
            be evaluated.

    Cost: as `find_label_issues` per label; closed forms share one decomposition.   Source: docs/decisions/0018.

    >>> X = np.repeat([[0.0, 0.0], [5.0, 5.0]], 40, axis=0) + np.linspace(-1, 1, 160).reshape(80, 2)
    >>> y = np.repeat([[0, 0], [1, 1]], 40, axis=0); y[3, 0] = 1
    >>> find_multilabel_issues(X, y).wrong.top(1).keys
    array([3])
    """
    if method not in ("auto", "posterior", "neighbors"):
        raise unknown_name("method for several labels a row", method, ("auto", "posterior", "neighbors"))
    rows = as_dataset(data, y, label=label)
    names = rows.label_names or None
    if embeddings is not None:
        rows = with_embeddings(rows, embeddings)
    require_labels(rows.y, rows.ids)
    marks = _as_marks(rows)
    labels = np.arange(marks.shape[1]) if names is None else np.asarray(list(names))
    own = {"n_folds": n_folds, "seed": seed, "executor": executor, "run_dir": run_dir}
    n_rounds = require_count(n_rounds, "n_rounds", usual=2)
    found, skipped = _evaluated(rows, learner, labels, marks, (method, probabilities, n_rounds), own)
    return _presented(rows.ids, labels, marks, found, skipped)


def _evaluated(
    data: Dataset, learner: Any, labels: Array, marks: Ints, how: tuple[str, Any, int], fits: Mapping[str, Any]
) -> tuple[dict[int, LabelPosterior], dict[int, str]]:
    """A posterior per label that can be evaluated, and why the others cannot; `how`: method, probabilities, rounds."""
    method, probabilities, rounds = how
    skipped = {place: why for place in range(len(labels)) if (why := _unusable(marks[:, place]))}
    used = [place for place in range(len(labels)) if place not in skipped]
    if not used:
        raise InputError(
            "no label can be evaluated", got="; ".join(f"{labels[place]}: {why}" for place, why in skipped.items()),
            fix=f"pass at least {FEWEST} rows with a label and {FEWEST} without it",
        )  # fmt: skip
    rows = prepare(data.with_labels(marks[:, used[0]]), learner, **fits)
    by_label = _by_label(rows, marks, used)
    supplied = dict.fromkeys(used) if probabilities is None else _supplied(probabilities, labels, by_label, used)
    found: dict[int, LabelPosterior] = {}
    near = nearest_others(rows.space, rows.groups, data.ids) if method == "neighbors" else None
    for place in used:
        folded = by_label[place]
        found[place] = (
            label_posterior(folded, probabilities=supplied[place], n_rounds=rounds)
            if near is None
            else by_neighbors(folded, near=near)
        )
    return found, skipped


def _presented(
    ids: Array, labels: Array, marks: Ints, found: dict[int, LabelPosterior], skipped: dict[int, str]
) -> MultilabelIssues:
    """Posteriors of single labels as one table."""
    wrong, suggested = np.full(marks.shape, np.nan), marks.copy()
    flags, reasons = np.zeros(marks.shape, dtype=bool), np.full(marks.shape, "", dtype=object)
    for place, posterior in found.items():
        wrong[:, place], flags[:, place] = posterior.wrong, posterior.flagged
        suggested[:, place] = np.where(posterior.suggested < 0, marks[:, place], posterior.suggested)
        reasons[:, place] = posterior.reasons
    for place, why in skipped.items():
        reasons[:, place] = why
    known = np.isfinite(wrong)
    some = np.where(known.any(axis=1), 1.0 - np.prod(np.where(known, 1.0 - wrong, 1.0), axis=1), np.nan)
    rows, places = np.nonzero(flags)
    order = np.argsort(-wrong[rows, places], kind="stable")
    names = labels.tolist()
    return MultilabelIssues(
        labels,
        Scores("wrong_label", some, ids, PROBABILITY, "more likely that one entry is wrong"),
        wrong,
        suggested,
        tuple((ids[rows[at]], names[places[at]]) for at in order),
        {names[place]: posterior.noise_rate for place, posterior in found.items()},
        reasons,
        {names[place]: why for place, why in skipped.items()},
        {names[place]: posterior for place, posterior in found.items()},
    )


# ---- labels in ------------------------------------------------------------------------------------------------------


def _as_marks(data: Dataset) -> Ints:
    """(n, c) entries as 0 and 1."""
    try:
        marks = np.asarray(data.y, dtype=np.float64)
    except (TypeError, ValueError):
        marks = np.full((len(data), 1), np.nan)
    bad = ~np.isin(marks, (0.0, 1.0)).all(axis=1)
    if bad.any():
        raise InputError(
            "several labels a row are entries of 0 and 1", where=name_rows(data.ids[bad]),
            got=f"y of shape {marks.shape} with other values", fix="y = (y > threshold), one column per label",
        )  # fmt: skip
    if (marks.sum(axis=1) == 1).all():
        raise InputError(
            "every row has exactly one of these labels, so they are classes", got=f"one-hot y of shape {marks.shape}",
            fix="pass the class of every row: y.argmax(axis=1), or y.idxmax(axis=1) of a frame",
        )  # fmt: skip
    return marks.astype(np.intp)


def _unusable(entries: Ints) -> str:
    """Why nothing can be said about a label, or ""."""
    fewer = min(int(entries.sum()), int((1 - entries).sum()))
    if fewer == 0:
        return "every row has it" if entries[0] else "no row has it"
    return "" if fewer >= FEWEST else f"only one row {'has' if entries.sum() == 1 else 'lacks'} it"


def _supplied(
    predictions: Any, labels: Array, by_label: dict[int, FoldedRows], used: list[int]
) -> dict[int, Array | None]:
    """By label, the (n, 2) probabilities the user supplied."""
    one = by_label[used[0]]
    table = np.asarray(columns_by_class(predictions, labels, one.data.ids))
    if table.shape != (len(one), len(labels)):
        raise InputError(
            "predictions need one row per row of X and one column per label", got=f"shape {table.shape}",
            fix=f"pass shape ({len(one)}, {len(labels)}), the probability that each entry is 1",
        )  # fmt: skip
    near_rows = drawn_neighbors(one)
    return {place: checked_predictions(by_label[place], table[:, place], near_rows) for place in used}


# ---- one fitter for all labels --------------------------------------------------------------------------------------


def _by_label(rows: Prepared, marks: Ints, used: list[int]) -> dict[int, FoldedRows]:
    """The same rows and folds once per label, which alone differs."""
    folds = rows.folds(strata=_rarest(marks))
    shared = _Shared()
    learner = shared.one_fitter(rows.learner)
    by_label = {}
    for place in used:
        target = Target("classification", np.arange(2), marks[:, place], "one of several labels a row")
        given = rows.data.with_labels(marks[:, place]), target, learner, rows.space, rows.seed
        runner = _LabelRunner(*given, rows.executor, rows.store, groups=rows.groups, shared=shared)
        by_label[place] = whole_rows(runner, folds, ordered=rows.ordered)
    return by_label


def _rarest(marks: Ints) -> Ints:
    """(n,) the rarest label of every row, and an extra number for rows without any; folds are balanced by it."""
    counts = np.where(marks > 0, marks.sum(axis=0), len(marks) + 1)
    return np.where(marks.any(axis=1), counts.argmin(axis=1), marks.shape[1])


class _Shared:
    """One fitter per learner, shared by the labels of the same rows."""

    def __init__(self) -> None:
        self._learners: dict[str, _SharedFitter] = {}

    def one_fitter(self, learner: Learner) -> "_SharedFitter":
        return self._learners.setdefault(learner.fingerprint(), _SharedFitter(learner))


@dataclass(eq=False)
class _LabelRunner(FitRunner):
    """The runner of one label; a second learner shares its fitter with the other labels too."""

    shared: _Shared = field(default_factory=_Shared, repr=False)

    def with_learner(self, learner: Learner) -> FitRunner:
        return super().with_learner(self.shared.one_fitter(learner))


class _SharedFitter:
    """A learner whose rows are prepared once for all labels."""

    def __init__(self, learner: Learner) -> None:
        self.learner = learner
        self.name, self.closed_form = learner.name, learner.closed_form
        self._fitters: dict[str, Fitter] = {}

    def fingerprint(self) -> str:
        return self.learner.fingerprint()

    def fit(
        self, data: Dataset, *, seed: int, objective: Objective | None = None, target: Target | None = None
    ) -> Fitted:
        return self.learner.fit(data, seed=seed, objective=objective, target=target)

    def fitter(self, data: Dataset, target: Target, *, blocks: Ints, space: Floats | None = None) -> "_LabelFitter":
        name = fingerprint(blocks)
        if name not in self._fitters:
            self._fitters[name] = self.learner.fitter(data, target, blocks=blocks, space=space)
        return _LabelFitter(self._fitters[name], target.codes)


@dataclass(frozen=True, eq=False)
class _LabelFitter:
    """The shared fitter, with the entries of one label in place of those it was created with."""

    fitter: Fitter
    codes: Array

    def outputs(self, fit: Fit, *, seed: int) -> Floats:
        return self.fitter.outputs(fit if fit.codes is not None else replace(fit, codes=self.codes), seed=seed)
