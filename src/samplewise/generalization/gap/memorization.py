"""Which rows a model has memorized, and which rows a prediction depends on: read from models on random subsets."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from scipy.special import logsumexp

from samplewise.core.arguments import checked
from samplewise.core.arrays import Array, Floats, Ints, Mask, in_order, positions_of
from samplewise.core.errors import InputError, name_rows, require_count, require_kind, require_share, unknown_name
from samplewise.core.execution import Executor
from samplewise.core.results import Result, Table
from samplewise.core.texts import count_of
from samplewise.core.values import Attribution, Estimate, Exhibit, Scores, scores_columns
from samplewise.data.dataset import Dataset
from samplewise.data.inputs import as_second
from samplewise.data.splits import nested_subsets, random_halves
from samplewise.data.targets import Target, Task
from samplewise.engine.models.learner import Fit
from samplewise.engine.refits import FitRunner, Prepared, Refits, prepare
from samplewise.engine.statistics.intervals import half_width
from samplewise.engine.statistics.means import mean_and_error

SuccessMeasure = Literal["correct", "probability", "margin"]
UNITS = {"correct": "share of models", "probability": "probability", "margin": "margin"}
REGRESSION_UNIT = "standard deviations of the label"
LARGER = "right only when trained on"
LEAST_MODELS = 4
BLOCK = 256  # queries whose influence is held at once


@dataclass(frozen=True, slots=True, eq=False)
class Memorization(Result):
    """Success of models on rows they were trained on and on others, and on other rows with and without them."""

    scores: Scores  # (n,) with standard errors
    inside: Mask  # (k, n) which rows each model was trained on
    success: Array  # (k, m) float32, how well each model predicts each query, in the unit of the scores
    query_ids: Array  # (m,) the rows themselves where no queries were given
    gap: Estimate  # mean success on training rows - on other rows: the mean of the scores

    def counts(self) -> Ints:
        """(2, n) models trained on each row, and models not trained on it."""
        trained = self.inside.sum(axis=0)
        return np.stack([trained, len(self.inside) - trained])

    def influence(self, query_ids: Any = None) -> Attribution:
        """Success with a row minus without it, for queries (m, n), all of them by default; standard errors in `spread`.

        Positive: the row helps the query. A query among the rows has its own memorization in its own column.
        """
        keys = self.query_ids if query_ids is None else np.asarray(query_ids)
        effect, error = self._effects(positions_of(keys, self.query_ids))
        return Attribution(effect, keys, self.scores.keys, self.scores.unit, error)

    def _effects(self, queries: Any) -> tuple[Floats, Floats]:
        return subset_effects(self.inside, self.success[:, queries], self.scores.unit == UNITS["correct"])

    @checked
    def strongest(self, n: int = 10) -> Exhibit:
        """The `n` largest influences between different rows, as a table: query, row, influence, standard error."""
        require_count(n, "n", usual=10)
        found: list[tuple[float, float, int, int]] = []
        own = {key: place for place, key in enumerate(self.scores.keys.tolist())}
        for start in range(0, len(self.query_ids), BLOCK):
            effect, error = self._effects(slice(start, start + BLOCK))
            for place, key in enumerate(self.query_ids[start : start + BLOCK].tolist()):
                if key in own and self.query_ids is self.scores.keys:
                    effect[place, own[key]] = -np.inf
            best = np.argsort(-effect, axis=None, kind="stable")[:n]
            queries, rows = np.unravel_index(best, effect.shape)
            found += zip(effect[queries, rows], error[queries, rows], queries + start, rows, strict=True)
        found.sort(key=lambda one: (-one[0], one[2], one[3]))
        effects, errors, queries, rows = (np.array(column) for column in zip(*found[:n], strict=True))
        columns = {
            "query": self.query_ids[queries], "row": self.scores.keys[rows], "influence": effects,
            "standard_error": errors,
        }  # fmt: skip
        return Exhibit(
            "table", "Rows on which others depend most", columns, self.scores.unit, "Query: right with the row."
        )

    def _sentences(self) -> Iterable[str]:
        yield f"Mean memorization {self.gap.without_reason()}: success on training rows minus on others,"
        yield f"from {count_of(len(self.inside), 'model')} on subsets of {count_of(len(self.scores), 'row')}."
        yield "Below, the rows that are right only when they are trained on."

    def _table(self) -> Table:
        columns, units = scores_columns(self.scores)
        if self.scores.spread is not None:
            columns["standard_error"], units["standard_error"] = self.scores.spread, self.scores.unit
        return Table(columns, units, next(iter(columns)), in_order(-self.scores.values))


@checked
def memorization(  # noqa: PLR0913  # one keyword per part of the question, most with a default
    data: Any,
    y: Any = None,
    *,
    label: str | None = None,
    learner: Any = None,
    task: Task = "auto",
    n_models: int = 100,
    share: float = 0.5,
    score: SuccessMeasure = "correct",
    queries: Any = None,
    refits: Refits | None = None,
    seed: int = 0,
    executor: Executor | None = None,
    run_dir: str | Path | None = None,
) -> Memorization:
    """How much better a row is predicted by models trained on it than by models that were not (-1..1).

    mem_i = mean success on row i over models with i - over models without it, on random subsets of `share` n rows;
    influence of row i on query q is the same difference of the success on q.

    Args:
        data, y, label: n labeled rows, in any form `samplewise.data.as_dataset` takes; groups and exact duplicates stay
            together and count as one row.
        learner: as in `audit`; None for the default of this shape of data.
        task: "auto", "classification" or "regression".
        n_models: fits; 100 know a score to about 0.1, 400 to 0.05, 2,000 to 0.022.
        share: share of the rows each model is trained on; the score depends on it: more rows, less memorization. At
            0.5 every subset has its complement.
        score: "correct" 0 or 1, "probability" of the label, or "margin" of its output over the next; numbers have only
            "correct", the fall of the absolute error.
        queries: other labeled rows to find influences on; default: the rows themselves.
        refits: instead of fits: models that exist already, on any subsets; not together with `queries`.
        seed: of subsets and fits.
        executor: carries out the fits; default: this process, or all cores where they take long.
        run_dir: where finished fits are kept.

    Returns:
        `Memorization`: `scores` larger means the model has memorized the row and does not infer it from the others;
        with standard errors, and `influence`, `strongest` for pairs.

    Raises:
        InputError: no labels, a ratio or a number of models that leaves a row always in or always out, an unknown
            score.

    Cost: `n_models` fits, O(models n m) for all influences.
    Not for: near duplicates, which support each other: a pair of them scores low although both are memorized.
    Source: feldman2020.

    >>> X, y = np.arange(24.0)[:, None], np.repeat([0, 1], 12)
    >>> y[3] = 1
    >>> from sklearn.neighbors import KNeighborsClassifier
    >>> memorization((X, y), learner=KNeighborsClassifier(1), n_models=40).scores.top(1).keys
    array([3])
    """
    held = None if queries is None else as_second(queries, "queries")
    fits = {"seed": seed, "executor": executor, "run_dir": run_dir, "test": held}
    rows = prepare(data, learner, y=y, label=label, task=task, **fits)
    if refits is None:
        rows.require_unordered("measure memorization")
        inside = _subsets(rows, n_models, share)
        answers = _answers(rows.runner, inside)
    else:
        _require_same(refits, rows.data, queries)
        inside, answers = refits.inside, refits.outputs
    success = successes(answers, rows.runner.target, score).astype(np.float32)
    count = len(rows.data)
    scores = _scores(inside, success[:, :count], rows.data.ids, unit_of(rows.target, score))
    evaluated, query_ids = (success, rows.data.ids) if held is None else (success[:, count:], held.ids)
    return Memorization(scores, inside, evaluated, query_ids, _mean(scores, rows.groups))


def memorization_of_refits(refits: Refits, target: Target, score: SuccessMeasure = "correct") -> Scores:
    """How much better a row is predicted by models trained on it, as a share of models (-1..1).

    P[right | the row was trained on] - P[right | it was not]; for regression the fall of the absolute error in standard
    deviations of the label.

    Args:    refits: models on subsets, "halves" or "supersample".   target: labels of the same n rows.
             score: as in `memorization`.
    Returns: Scores (n,), larger means the model has memorized the row; `spread` is the standard error over models
             (classes: with one success and one failure added, so it is never 0). NaN for a row in no model.
    Raises:  InputError where a row is inside, or outside, of fewer than two models.
    Cost:    one pass over the outputs.   Not for: few models (10 on each side leave an error of about .13).
    Source:  feldman2020.

    >>> from sklearn.neighbors import KNeighborsClassifier
    >>> from samplewise.engine.refits import prepare, fit_design
    >>> y = np.arange(40) // 20
    >>> y[7] = 1
    >>> folded = prepare((np.arange(40.0)[:, None], y), KNeighborsClassifier(1)).whole
    >>> refits = fit_design(folded.runner, "halves", folded.all_folds, count=4)
    >>> memorization_of_refits(refits, folded.target).top(1).keys
    array([7])
    """
    require_kind(refits, Refits)
    success = successes(refits.outputs, target, score)
    if refits.design != "supersample":
        return _scores(refits.inside, success, refits.ids, unit_of(target, score))
    trained = refits.inside.any(axis=0)  # an odd row may have been left out of every pairing
    scores = _scores(refits.inside[:, trained], success[:, trained], refits.ids[trained], unit_of(target, score))
    values, spread = np.full((2, len(trained)), np.nan)
    values[trained], spread[trained] = scores.values, scores.spread
    return replace(scores, values=values, keys=refits.ids, spread=spread)


def as_one_set(refits: Sequence[Refits]) -> Refits:
    """Refits of the same rows as one, their pairs forgotten."""
    first = refits[0]
    if len(refits) == 1:
        return first
    inside, outputs, seeds = (
        np.concatenate([getattr(one, name) for one in refits]) for name in ("inside", "outputs", "seeds")
    )
    return replace(first, inside=inside, outputs=outputs, seeds=seeds, pairing=None)


def successes(outputs: Array, target: Target, score: SuccessMeasure = "correct") -> Floats:
    """(k, n) how well each of k models predicts each row: larger is better, in the unit of `unit_of`."""
    if score not in UNITS:
        raise unknown_name("score", score, tuple(UNITS))
    if target.classes is None:
        if score != "correct":
            raise InputError("labels that are numbers have no classes to score", got=score, fix='use score="correct"')
        return -np.abs(outputs[:, :, 0].astype(np.float64) - target.codes) / (float(np.std(target.codes)) or 1.0)
    if score == "correct":
        return (outputs.argmax(axis=2) == target.codes).astype(np.float64)
    values = outputs.astype(np.float64)
    own = np.take_along_axis(values, np.asarray(target.codes)[None, :, None], axis=2)[:, :, 0]
    if score == "probability":
        return np.exp(own - logsumexp(values, axis=2))
    others = np.where(np.arange(values.shape[2]) == np.asarray(target.codes)[:, None], -np.inf, values)
    return np.asarray(own - others.max(axis=2))


def unit_of(target: Target, score: SuccessMeasure) -> str:
    """The unit of a score."""
    return REGRESSION_UNIT if target.classes is None else UNITS[score]


def subset_effects(inside: Mask, success: Array, hits: bool) -> tuple[Floats, Floats]:
    """(m, n) mean success (k, m) with each row minus without it, and standard errors; `hits`: success is 0 or 1."""
    values, means, variances = success.astype(np.float64), [], []
    for side in (inside, ~inside):
        count = side.sum(axis=0)
        share = side / count
        mean = values.T @ share
        means.append(mean)
        if hits:  # one success and one failure more, so that no error is 0
            smoothed = (mean * count + 1.0) / (count + 2.0)
            variances.append(smoothed * (1.0 - smoothed) / (count + 2.0))
        else:
            variances.append(np.maximum(np.square(values).T @ share - np.square(mean), 0.0) / np.maximum(count - 1, 1))
    return means[0] - means[1], np.sqrt(variances[0] + variances[1])


def _answers(runner: FitRunner, inside: Mask) -> Array:
    """(k, n + m, c) outputs of a model of each subset for all rows the runner holds; only the first n train."""
    rows = np.arange(len(runner.data))
    whole = np.zeros((len(inside), len(rows)), dtype=bool)
    whole[:, : inside.shape[1]] = inside
    fits, blocks = [Fit(mask, rows) for mask in whole], rows % 2
    return np.stack(runner.outputs(fits, blocks=blocks))


def _subsets(rows: Prepared, n_models: int, share: float) -> Mask:
    """(k, n) random subsets with classes in equal share; halves come with their complements."""
    require_share(share, "share")
    why = "a row must be in some subsets and out of others"
    n_models = require_count(n_models, "n_models", LEAST_MODELS, why, usual=100)
    codes = None if rows.target.classes is None else rows.target.codes
    if share == 0.5:
        return random_halves(rows.data.ids, codes, rows.groups, n_pairs=-(-n_models // 2), seed=rows.seed)
    size = min(max(round(share * len(rows.data)), 1), len(rows.data) - 1)
    return nested_subsets(rows.data.ids, codes, rows.groups, sizes=[size], n_repeats=n_models, seed=rows.seed)[:, 0]


def _scores(inside: Mask, success: Array, ids: Array, unit: str) -> Scores:
    """Memorization of every row with its standard error."""
    counts = np.stack([inside.sum(axis=0), (~inside).sum(axis=0)])
    if counts.min() < 2:
        raise InputError(
            "memorization needs every row trained on and left out at least twice",
            where=name_rows(ids[counts.min(axis=0) < 2]), got=f"{len(inside)} models",
            fix="samplewise.models.refit(data, design='halves'), or more n_models=",
        )  # fmt: skip
    means, errors = [], []
    for side, count in zip((inside, ~inside), counts, strict=True):
        mean = np.where(side, success, 0.0).sum(axis=0) / count
        if unit == UNITS["correct"]:  # one success and one failure more, so that no error is 0
            share = (mean * count + 1.0) / (count + 2.0)
            errors.append(share * (1.0 - share) / (count + 2.0))
        else:
            errors.append(np.where(side, np.square(success - mean), 0.0).sum(axis=0) / (count * (count - 1)))
        means.append(mean)
    spread = np.sqrt(errors[0] + errors[1])
    return Scores("memorization", means[0] - means[1], ids, unit, LARGER, spread=spread)


def _mean(scores: Scores, groups: Array | None) -> Estimate:
    """The mean score with its interval over rows or groups: the gap between rows trained on and other rows."""
    mean, error = mean_and_error(scores.values, groups)
    half = half_width(error)
    return Estimate("gap", mean, mean - half, mean + half, scores.unit, 0.95, "feldman2020")


def _require_same(refits: Refits, data: Dataset, queries: Any) -> None:
    if queries is not None:
        raise InputError(
            "existing refits have no outputs for the queries", where="queries", got="refits and queries",
            fix="leave refits out",
        )  # fmt: skip
    refits.require_rows(data.ids)
