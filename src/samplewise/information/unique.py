"""How much a model depends on having been trained on exactly this row: for every row and any stopping time."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from samplewise.core.arguments import checked
from samplewise.core.arrays import Array, Floats, Ints, in_order
from samplewise.core.errors import InputError, unknown_name
from samplewise.core.results import Result, Table
from samplewise.core.texts import count_of, sentence
from samplewise.core.values import Attribution, Scores, scores_columns, with_unit
from samplewise.data.dataset import Dataset
from samplewise.data.inputs import as_given
from samplewise.data.targets import Task
from samplewise.engine.refits import FoldedRows, prepare
from samplewise.information.deletions import Deletions
from samplewise.information.diagnostics import Diagnostics
from samplewise.information.model_routes import model_from
from samplewise.information.selecting import Kept, Strategy, keep_rows
from samplewise.information.training_regimes import Training

RARE = "the model depends more on having seen exactly this row"


@dataclass(frozen=True, slots=True, eq=False)
class UniqueInformation(Result):
    """What a model would lose with each row; NaN for a row that alone decides a parameter.

    A statement about this model on these rows, in expectation over the evaluation rows: no certificate of privacy or of
    generalization, and no measure of usefulness (noise is unique too).
    """

    functional: Scores  # (n,) nats: how far its outputs would move; spread is over the evaluation rows
    weights: Scores  # (n,) nats: how far its weights would move
    held_out_surprise: Scores  # (n,) how far the label is from the output without the row
    held_out_outputs: Floats  # (n, c) its output for each row when trained without it
    diagnostics: Diagnostics
    _deletions: Deletions = field(repr=False)
    _noise: float = field(repr=False)
    _order: Ints = field(repr=False)  # row i of the deletions is row order[i] as given
    _data: Any = field(repr=False)
    _by_stop: Mapping[Any, "UniqueInformation"] = field(default_factory=dict, repr=False)

    @property
    def ids(self) -> Array:
        """(n,) of the rows."""
        return self.functional.keys

    @property
    def stops(self) -> tuple[Any, ...]:
        """The stopping times, in the order given, where the training named several; this is about the last one."""
        return tuple(self._by_stop)

    @checked
    def at(self, stop: float) -> "UniqueInformation":
        """The same at another of the stopping times that the training named.

        Args:    stop: one of `stops`, in steps or in time.
        Raises:  InputError for another.
        """
        if stop not in self._by_stop:
            known = f"pass one of {list(self._by_stop)}"
            raise InputError(
                "nothing was measured at this stopping time", where="stop", got=f"{stop!r}",
                fix=known if self._by_stop else "name them: training=GradientDescent([10, 100], rate)",
            )  # fmt: skip
        return self._by_stop[stop]

    def influence(self, queries: Any) -> Attribution:
        """Output at each query with each row minus without it (m, n, c), in units of the output.

        Exact for the linearized training; to one Newton step for a cross-entropy head.

        Args:    queries: (X, y), X, or a `Dataset`; for a precomputed kernel, that of the queries with the rows.
        Returns: Attribution; positive means the row raises that output.
        Raises:  InputError for queries of another shape.
        Cost:    O(m n r c), memory 8 m n c bytes: for few queries.   Source: harutyunyan2021, cook1977.
        """
        change, ids = self._deletions.change_at(as_given(queries, name="queries"))
        return Attribution(_as_given(change, self._order, axis=1), ids, self.ids, "units of the output")

    def outputs(self, queries: Any) -> Floats:
        """Outputs of the linearized model (or the head) at other rows after training on all (m, c).

        Args:    queries: as `influence`.
        Raises:  InputError for queries of another shape.   Cost: O(m r c).   Source: lee2019.
        """
        return self._deletions.outputs(as_given(queries, name="queries"))[0]

    def segment(self, by: str | Sequence[Any] | Array) -> Scores:
        """Unique information of sets of rows (sources, annotators, sub-classes) in nats: of all their rows together.

        Not the sum over the members: a set is removed as a whole, so duplicates in it do not hide each other.

        Args:    by: name of a column of `segments`, "groups" or "y" of a `Dataset`, or one value per row (n,).
        Returns: Scores, one per value, larger means the model depends more on having seen that set.
        Raises:  InputError for an unknown column or another length.
        Cost:    one solve of the size of each set, at most one eigendecomposition.   Source: harutyunyan2021.
        """
        column = self._column(by)
        values, codes = np.unique(column.astype(str) if column.dtype.kind == "O" else column, return_inverse=True)
        own = codes[self._order]
        squares = [self._deletions.group_square(np.flatnonzero(own == code)) for code in range(len(values))]
        nats = np.array(squares) / (2.0 * self._noise**2)
        return Scores("unique_information", nats, values, "nats", "the model depends more on this set", "segment")

    @checked
    def select(self, keep: float = 0.5, strategy: Strategy = "iterative", *, step: float = 0.05, seed: int = 0) -> Kept:
        """Rows to keep so that the model loses least, and what dropping the others costs, measured.

        Args:
            keep: share of the rows, between 0 and 1.
            strategy: "iterative" drops the least informative rows in rounds and measures again after each; "once" drops
                them together; "top" drops the most informative; "random" by hash of the id.
            step: share of all rows that goes per round of "iterative".
            seed: of random rows.

        Returns:
            `Kept`: ids, the order in which rows went, and the cost on the validation rows next to that of dropping as
            many random ones. Without labeled validation rows there is no cost, and its reason says so.

        Raises:
            InputError: a share out of range, or an unknown strategy.

        Cost: "iterative" up to (1 - keep) / step new fits, at most 7 times the first; others one.
        Not for: "top" as a way to clean data: unique is not wrong.
        Source: harutyunyan2021.
        """
        return keep_rows(self._deletions, self.ids[self._order], keep, strategy, step=step, seed=seed)

    def _column(self, by: Any) -> Array:
        if isinstance(by, str):
            segments = getattr(self._data, "segments", None)
            known = {name: getattr(self._data, name, None) for name in ("y", "groups")}
            known |= {} if segments is None else {str(name): segments[name].to_numpy() for name in segments.columns}
            known = {name: values for name, values in known.items() if values is not None}
            if by not in known:
                raise unknown_name("column of segments", by, known)
            return np.asarray(known[by])
        column = np.asarray(by)
        if column.shape != (len(self.ids),):
            raise InputError(
                "segments need one value per row", where="by", got=f"shape {column.shape} for {len(self.ids)} rows",
                fix='pass (n,) values, or the name of a column: segment("source")',
            )  # fmt: skip
        return column

    def _sentences(self) -> Iterable[str]:
        yield f"What a model would lose with each of {count_of(len(self.ids), 'row')}, in nats."
        known = self.functional.values[np.isfinite(self.functional.values)]
        if len(known):
            yield f"Median [least, largest]: {with_unit(np.median(known), 'nats', known.min(), known.max())}."
        yield "Large: rare, atypical or wrongly labeled; small: redundant."
        yield from map(sentence, self.diagnostics.warnings[:1])

    def _table(self) -> Table:
        columns, units = scores_columns(self.functional, self.weights, self.held_out_surprise)
        return Table(columns, units, next(iter(columns)), in_order(-self.functional.values))


@checked
def unique_information(  # noqa: PLR0913  # one keyword per thing a user may know about the model and its training
    data: Any = None, y: Any = None, *, label: str | None = None, task: Task = "auto", module: Any = None,
    test: Any = None, training: Training | None = None, noise: float = 1.0,
    loss: Literal["squared_error", "cross_entropy"] = "squared_error", gram: Any = None,
    test_gram: Any = None, targets: Any = None, initial_outputs: Any = None, trained: Any = None, seed: int = 0,
) -> UniqueInformation:  # fmt: skip
    """How much a model depends on having been trained on exactly this row, in nats, from one eigendecomposition.

    functional_i = sum_j |f(x_j) - f_-i(x_j)|^2 / (2 noise^2 m) over the m evaluation rows, weights_i = |w - w_-i|^2 /
    (2 noise^2), f_-i trained without row i from the same start in the same way: the divergence between the trained
    models with and without the row once Gaussian noise of that size is added. Everything is measured in the model
    linearized at its weights, where it is exact.

    Args:
        data, y, label: n labeled rows, in any form `samplewise.data.as_dataset` takes, or a torch data set where a
            module is given. With `gram` they only name the rows.
        task: "auto", "classification" or "regression"; read where no module is given.
        module: None for a ridge head on label-free kernel features; "linear" for X itself with an intercept; a torch
            module or fitted scikit-learn network, linearized at its weights, which are taken for the START of training;
            a `LinearizedNetwork` for a choice of layers, outputs or a sketch; a fitted KernelRidge, Ridge,
            LinearRegression or LogisticRegression.
        test: rows at which outputs matter, (X, y), X or a `Dataset`; labels serve only `select`. None: the rows
            themselves.
        training: `GradientDescent`, `GradientFlow` or `Converged`; of several stopping times the result is
            about the last, and `at(stop)` about each. May be left out
            where the module says it (heads and kernel models).
        noise: standard deviation on outputs (or weights) that changes are measured against, a pure scale.
        loss: "cross_entropy" for a head at its optimum: on X ("linear"), or on the inputs of the last layer of a
            torch module. Approximate: one Newton step per row.
        gram, test_gram: precomputed kernel (n, n) or (n c, n c), and (m, n) or (m c, n c), with `targets`.
        targets: (n,) or (n, c) in place of the labels of `data`.
        initial_outputs: outputs before training in place of the module's own; 0.0 measures its features alone.
        trained: the module after real training, or "train" to train it once here; `diagnostics` then says how well the
            linearized training follows.
        seed: of encodings and sketches.

    Returns:
        `UniqueInformation`. Larger means rare, atypical, wrongly labeled or from a
        sparse region; small means redundant.

    Raises:
        InputError: no labels, entries that are not finite (rows named), a step too large to converge, a kernel that is
            not symmetric and positive, shapes that differ, no validation row, or more memory needed than there is.

    Cost: one eigendecomposition of the kernel, O(n^3), or O(n d^2) for d < n features, shared by all stopping times;
        then a few passes over it for each.
    Not for: calling a row useful (noise is unique too), finding wrong labels (use `held_out_surprise`), or duplicates
        (each makes the other look redundant: use `segment`, or `select` in rounds).
    Source: harutyunyan2021; nakatsukasa2018 for the fast form of any stopping time.

    >>> X, y = np.r_[0.0:1.0:20j, 5.0:6.0:20j][:, None], np.repeat([0, 1], 20)
    >>> y[7] = 1
    >>> unique_information((X, y)).functional.top(1).keys
    array([7])
    """
    if not (np.isfinite(noise) and noise > 0):
        raise InputError("noise must be a finite number above 0", got=f"noise={noise!r}", fix="use 1.0, a pure scale")
    given = data if data is None else as_given(data, y, label=label)
    if module is None and gram is None and given is not None:
        given = prepare(given, task=task, seed=seed).unsplit
    return information_in(
        given, noise, training, module=module, validation=test, loss=loss, gram=gram,
        validation_gram=test_gram, targets=targets, initial_outputs=initial_outputs, trained=trained, seed=seed,
    )  # fmt: skip


def information_in(  # noqa: PLR0913  # what `unique_information` takes
    rows: Any, noise: float = 1.0, training: Training | None = None, *, module: Any = None, validation: Any = None,
    loss: str = "squared_error", gram: Any = None, validation_gram: Any = None, targets: Any = None,
    initial_outputs: Any = None, trained: Any = None, seed: int = 0,
) -> UniqueInformation:  # fmt: skip
    """`unique_information` of folded rows, or of what a module takes."""
    model = model_from(
        rows, module=module, validation=validation, training=training, loss=loss, gram=gram,
        validation_gram=validation_gram, targets=targets, initial_outputs=initial_outputs, trained=trained, seed=seed,
    )  # fmt: skip
    stops = None if training is None else training.at_each_stop()
    if stops is None:
        return _measured(model, training, noise, rows)
    found = {stop: _measured(model, recipe, noise, rows) for stop, recipe in stops.items()}
    return replace(next(reversed(found.values())), _by_stop=found)


def _measured(model: Any, training: Training | None, noise: float, data: Any) -> UniqueInformation:
    """All scores at one stopping time."""
    deletions, order = model.deletions(training), model.order
    changes, scale = deletions.changes, 2.0 * noise**2
    held_out = deletions.fitted - changes.own
    ids = np.empty_like(model.ids)
    ids[order] = model.ids

    def scores(quantity: str, values: Floats, unit: str, larger: str, spread: Floats | None = None) -> Scores:
        return Scores(
            quantity, _as_given(values, order), ids, unit, larger,
            spread=None if spread is None else _as_given(spread, order),
        )  # fmt: skip

    return UniqueInformation(
        functional=scores(
            "unique_information", changes.functional / scale, "nats", RARE, changes.functional_error / scale
        ),
        weights=scores("weight_information", changes.weights / scale, "nats", RARE),
        held_out_surprise=scores(
            "held_out_surprise", model.surprise(deletions, held_out), model.unit, "less expected from the other rows"
        ),
        held_out_outputs=_as_given(held_out, order),
        diagnostics=model.diagnostics(deletions),
        _deletions=deletions,
        _noise=noise,
        _order=order,
        _data=data.data if isinstance(data, FoldedRows) else data if isinstance(data, Dataset) else None,
    )


def _as_given(values: Array, order: Ints, axis: int = 0) -> Array:
    """Values in the order the rows came in."""
    back = np.empty_like(values)
    back[(slice(None),) * axis + (order,)] = values
    return back
