"""Decisions about rows and cells, from remedies or from people, and the data set that follows from them."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields, replace
from functools import cached_property
from typing import Any

import lazy_loader
import numpy as np

from samplewise.core.arguments import checked
from samplewise.core.arrays import Array, positions_of
from samplewise.core.errors import InputError, name_rows, unknown_name
from samplewise.core.findings import Decision, Remedy
from samplewise.core.rates import percent, percent_text
from samplewise.core.results import Result, Table
from samplewise.core.texts import count_of, sentence, shortened
from samplewise.data.changed_cells import cell_value, column_at, with_cells, with_column
from samplewise.data.dataset import Dataset
from samplewise.data.inputs import as_dataset
from samplewise.data.joined_labels import JoinedLabels
from samplewise.data.returned_ids import ReturnedId, rows_named
from samplewise.data.targets import Task, describe_target
from samplewise.data.written_values import number_in, stands_for

pd = lazy_loader.load("pandas")

KINDS = ("relabel", "drop", "reweight", "clean", "keep")
MOST_REMOVED = 0.1  # share of the rows that may go without being named, or one row where that is more
ROUNDING = 1e-9
MOST_MOVED = 0.01  # by how much the share of a class may change without being named, or by one row


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One change: `before` and `after` are labels (relabel), weights (reweight), cells of `column` (clean; None where
    they are missing) or "row" and "" (drop).
    """  # fmt: skip

    id: Any
    kind: str
    before: Any
    after: Any
    by: str
    column: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Applied(Result):
    """The data set after the decisions, and what was changed on the way, in the order of the rows."""

    data: Dataset
    log: tuple[LogEntry, ...]
    left_out: tuple[str, ...] = ()  # remedies that were not carried out, each with the reason

    def to_frame(self) -> Any:
        """The log as a pandas frame: id, kind, before, after, by, column."""
        return pd.DataFrame(map(asdict, self.log), columns=[field.name for field in fields(LogEntry)], dtype=object)

    def _sentences(self) -> Iterable[str]:
        counts = Counter(entry.kind for entry in self.log)
        named = ", ".join(f"{count:,} {kind}" for kind, count in counts.items())
        yield f"{count_of(len(self.log), 'change')}{f' ({named})' if named else ''}."
        yield f"{count_of(len(self.data), 'row')} are left."
        yield from map(sentence, self.left_out)

    def _table(self) -> Table:
        names = [field.name for field in fields(LogEntry)]
        return Table({name: [getattr(entry, name) for entry in self.log] for name in names}, index="id")


@checked
def apply(data: Any, decisions: Iterable[Decision], *, label: str | None = None, task: Task = "auto") -> Applied:
    """Carry out decisions on a copy: rows are dropped, relabeled or reweighted, cells are changed; rows that are left
    keep their ids and order.

    A decision that changes nothing ("keep", the label the row has already) is carried out and leaves no log entry; nor
    do cells of a row that is dropped.

    Args:
        data, label: n rows, in any form `samplewise.data.as_dataset` takes.
        decisions: at most one per id (which may be given as its text, as files hold it), and one per cell ("clean",
            with `column`); `value` is the new label of a relabel, the new weight of a reweight and the new cell of a
            clean (None: missing), `given` the label the row had when it was decided.
        task: as in `describe_target`; in a regression any number may be a label, else only a class some row has.

    Returns:
        Applied(data, log): at most n rows, and one entry per change.

    Raises:
        InputError: decisions that are none, unknown id or kind, an id of a list that several rows may have had before
            a spreadsheet wrote it, a row whose label is another one than `given`, two decisions for one id or cell, a
            label that no row has (the nearest is suggested) or that is not a number in a regression, a weight that is
            not a non-negative number, a column that is not there or cannot hold the new cell, or no row left.

    Cost: O(n + decisions), and O(n) per column with changed cells.
    Not for: whole columns; leave those out where the data is read.

    >>> data = Dataset([[0.0], [1.0], [2.0]], ["cat", "cat", "dog"], ids=["p", "q", "r"])
    >>> applied = apply(data, [Decision("p", "drop"), Decision("q", "relabel", "dog")])
    >>> applied.data.ids.tolist(), applied.data.y.tolist()
    (['q', 'r'], ['dog', 'dog'])
    >>> [(entry.id, entry.before, entry.after) for entry in applied.log]
    [('p', 'row', ''), ('q', 'cat', 'dog')]
    """
    data = as_dataset(data, label=label)
    listed = _with_known_ids(_listed(decisions, Decision, "decisions"), data)
    positions = positions_of([decision.id for decision in listed], data.ids)
    _refuse_conflicts(listed)
    _refuse_other_labels(listed, positions.tolist(), data.y)
    decided = sorted(zip(positions.tolist(), listed, strict=True), key=lambda item: item[0])
    rows = _Rows(data, task)
    changes: dict[str, dict[int, Any]] = {"drop": {}, "relabel": {}, "reweight": {}, "keep": {}}
    cells: dict[str, dict[int, Any]] = {}
    dropped = {decision.id for decision in listed if decision.kind == "drop"}
    log = []
    for position, decision in decided:
        if decision.kind not in KINDS:
            raise unknown_name("kind of decision", decision.kind, KINDS)
        if decision.kind == "clean" and decision.id in dropped:
            continue
        before, after = rows.before_and_after(position, decision)
        if before != after:
            place = cells.setdefault(decision.column, {}) if decision.kind == "clean" else changes[decision.kind]
            place[position] = after
            log.append(LogEntry(decision.id, decision.kind, before, after, decision.by, decision.column))
    return Applied(_changed(rows, changes, cells), tuple(log))


def decisions_of(remedies: Iterable[Remedy], by: str = "samplewise") -> list[Decision]:
    """What carrying out these remedies means, row by row; "collect" and "review" need a person and give none.

    "clean" says what becomes of a column and gives none either: `audit.apply` finds its cells in the rows.

    A row that two remedies treat differently follows the first of them; put the most trusted first.

    Raises:
        InputError: remedies that are none, or a relabel or reweight without one value per key.

    >>> decisions_of([Remedy("drop", (4,)), Remedy("relabel", (4, 7), ("cat", "dog"))], by="me")
    [Decision(id=4, kind='drop', value=None, by='me'), Decision(id=7, kind='relabel', value='dog', by='me')]
    """
    decided: dict[Any, Decision] = {}
    for remedy in _listed(remedies, Remedy, "remedies"):
        if remedy.kind in ("clean", "collect", "review"):
            continue
        values = remedy.values if remedy.kind in ("relabel", "reweight") else (None,) * len(remedy.keys)
        if len(values) != len(remedy.keys):
            raise InputError(
                f"a remedy of kind {remedy.kind!r} needs one value per row",
                where=name_rows(remedy.keys),
                got=f"{len(remedy.keys)} rows, {len(values)} values",
                fix="give every row its new label or weight",
            )
        for key, value in zip(remedy.keys, values, strict=True):
            decided.setdefault(key, Decision(key, remedy.kind, value, by))
    return list(decided.values())


def large_change(before: Dataset, after: Dataset, task: Task = "auto") -> str:
    """What a change of the rows does that nobody should get without asking for it: "removes 25 % of the rows"; else "".

    A row of weight 0 counts as removed, and rows count as they weigh in the shares of classes.

    Args:
        before, after: the rows, some of them gone, relabeled or reweighted.
        task: as in `describe_target`: shares of classes are compared where the labels are classes.

    Cost: O(n).

    >>> rows = Dataset(np.arange(40.0)[:, None], np.repeat(["cat", "dog"], 20))
    >>> large_change(rows, rows.take(np.arange(30)))
    "removes 25 % of the rows and moves the share of class 'cat' by 16.7 points"
    """
    removed = 1.0 - _counted(after) / max(_counted(before), 1)
    one_row = 1.0 / max(_counted(before), 1)
    told = []
    if removed > max(MOST_REMOVED, one_row) + ROUNDING:
        told.append(f"removes {percent_text(removed, '.2g')} of the rows")
    name, moved = _largest_move(before, after, task)
    if moved > max(MOST_MOVED, one_row) + ROUNDING:
        told.append(f"moves the share of class {shortened(repr(name), 40)} by {percent(moved):.3g} points")
    return " and ".join(told)


def _counted(data: Dataset) -> int:
    """Rows that weigh anything."""
    return len(data) if data.weights is None else int(np.count_nonzero(data.weights))


def _largest_move(before: Dataset, after: Dataset, task: Task) -> tuple[Any, float]:
    """The class whose share of the weight changed most, and by how much (0..1); 0 where labels are no classes."""
    y = before.y
    if y is None or y.ndim > 1 or describe_target(y, task, before.ids).task == "regression":
        return None, 0.0
    shares = [_shares(data) for data in (before, after)]
    moves = {name: abs(shares[0].get(name, 0.0) - shares[1].get(name, 0.0)) for name in (*shares[0], *shares[1])}
    name = max(moves, key=lambda known: round(moves[known], 9), default=None)  # of equal moves the first class
    return name, moves.get(name, 0.0)


def _shares(data: Dataset) -> dict[Any, float]:
    """Share of the weight of every class, among rows with a label."""
    known = ~data.unlabeled()
    labels, weights = np.asarray(data.y)[known].tolist(), np.ones(len(data)) if data.weights is None else data.weights
    totals: dict[Any, float] = {}
    for label, weight in zip(labels, weights[known].tolist(), strict=True):
        totals[label] = totals.get(label, 0.0) + weight
    whole = sum(totals.values()) or 1.0
    return {label: total / whole for label, total in totals.items()}


def _listed(given: Any, kind: type[Any], name: str) -> list[Any]:
    """Decisions or remedies as a list; rows, labels and names in their place are refused with what makes one."""
    listed = list(given) if isinstance(given, Iterable) else [given]
    others = [item for item in listed if not isinstance(item, kind)]
    if others:
        made = "the remedies of a finding, finding.remedies"
        if kind is Decision:
            made = "[selection.Decision(id, 'drop'), ...]; without a log, data.drop(ids) or data.keep(ids)"
        raise InputError(
            f"{name} must be a list of {kind.__name__}", where=name, got=f"{type(others[0]).__name__} in {name}",
            fix=f"pass {made}" + ("; labels go with the rows: apply((X, y), decisions)" if kind is Decision else ""),
        )  # fmt: skip
    return listed


def _with_known_ids(listed: list[Decision], data: Dataset) -> list[Decision]:
    """The decisions with ids as the data holds them, where only their text was given."""
    listed = _with_ids_of_lists(listed, data)
    known = set(data.ids.tolist())
    by_text = {} if all(decision.id in known for decision in listed) else {str(key): key for key in known}
    found = [d if d.id in known else replace(d, id=by_text.get(str(d.id), d.id)) for d in listed]
    unknown = [decision for decision in found if decision.line and decision.id not in known]
    if unknown:
        raise InputError(
            "a decision is about a row that is not in the data", where=where_decided(unknown[0]),
            got=f"{count_of(len(unknown), 'such line')}; ids are such as {', '.join(map(str, data.ids[:3].tolist()))}",
            fix="write the id as the data have it (in a spreadsheet: a column of text), or take the line out",
        )  # fmt: skip
    return found


def _with_ids_of_lists(listed: list[Decision], data: Dataset) -> list[Decision]:
    """The decisions with the ids of the rows that a list, which may have been through a spreadsheet, can only mean."""
    returned = [decision for decision in listed if isinstance(decision.id, ReturnedId)]
    if not returned:
        return listed
    named = dict(zip(map(id, returned), rows_named([str(one.id) for one in returned], data.ids), strict=True))
    return [replace(one, id=the_row(one, named[id(one)])) if id(one) in named else one for one in listed]


def the_row(decision: Decision, named: tuple[Any, ...]) -> Any:
    """The id of the one row a line of a list names, else its own id; raises `InputError` where it may be several.

    >>> the_row(Decision("7", "drop"), ("007",)), the_row(Decision("7", "drop"), ())
    ('007', '7')
    """
    if len(named) > 1:
        raise InputError(
            "an id of a list may be that of several rows: spreadsheets drop zeros, round numbers and make dates",
            where=where_decided(decision), got=f"{decision.id}, which may be {', '.join(map(str, named[:5]))}",
            fix="import the list into the spreadsheet with its ids as text, and decide again; lines with ids such as "
            "007 show that nothing was lost",
        )  # fmt: skip
    return named[0] if named else str(decision.id) if isinstance(decision.id, ReturnedId) else decision.id


def where_decided(decision: Decision) -> str:
    """The row of a decision, with file and line where it was read from a list.

    >>> where_decided(Decision(7, "drop", by="SW201.csv", line=3))
    'SW201.csv, line 3, row id 7'
    """
    return f"{decision.by}, line {decision.line}, row id {decision.id}" if decision.line else name_rows([decision.id])


def _refuse_other_labels(decisions: list[Decision], positions: list[int], y: Array | None) -> None:
    """Refuse decisions about rows that have another label than they had when it was decided."""
    if y is None or y.ndim > 1:
        return
    labels = y[positions].tolist() if positions else []
    other = [
        (one, label)
        for one, label in zip(decisions, labels, strict=True)
        if one.given not in (None, "") and not stands_for(str(one.given), "" if label is None else label)
    ]
    if other:
        first, label = other[0]
        held = "no label" if label is None or label != label else repr(label)
        raise InputError(
            "a row has another label than when it was decided about", where=where_decided(first),
            got=f"given as {str(first.given)!r}, the data hold {held}; {count_of(len(other), 'such row')}",
            fix="audit the data as they are now and decide again, or use the data that were audited",
        )  # fmt: skip


def _refuse_conflicts(decisions: list[Decision]) -> None:
    """Refuse two decisions for one row or one cell."""
    repeated = [key for key, count in Counter(map(_about, decisions)).items() if count > 1]
    if repeated:
        row, column = repeated[0]
        first = [decision for decision in decisions if _about(decision) == repeated[0]]
        raise InputError(
            f"some {'cells' if column else 'rows'} have more than one decision",
            where=name_rows(key for key, _ in repeated) + (f", column {column!r}" if column else ""),
            got=f"{row}: {', '.join(str(one.value) if column else one.kind for one in first)}",
            fix="leave one decision for each of them",
        )


def _about(decision: Decision) -> tuple[Any, str]:
    """The row that is decided about, or the cell."""
    return decision.id, decision.column if decision.kind == "clean" else ""


class _Rows:
    """The rows as decisions see them: weights that default to 1, and which labels there are."""

    def __init__(self, data: Dataset, task: Task) -> None:
        self.data, self.task = data, task
        self.weights = np.ones(len(data)) if data.weights is None else data.weights
        self._columns = dict[str, Array]()

    @cached_property
    def classes(self) -> list[Any] | None:
        """The labels rows have, as the data writes them; None where any number may be a label."""
        y = self.data.y
        if y is None or y.ndim > 1:
            got = "y=None" if y is None else f"y of shape {y.shape}"
            raise InputError("there is no single label per row to change", got=got, fix="pass y of shape (n,)")
        numbers = self.task != "classification" and y.dtype.kind in "iuf"
        if numbers and describe_target(y, self.task, self.data.ids).task == "regression":
            return None
        return list(dict.fromkeys(y[~self.data.unlabeled()].tolist()))

    @cached_property
    def joined(self) -> JoinedLabels | None:
        """The labels of which a cell may hold several: their sets may be new, they themselves may not."""
        return JoinedLabels.of(self.data.y)

    def before_and_after(self, position: int, decision: Decision) -> tuple[Any, Any]:
        """What a decision replaces and by what; equal where it changes nothing."""
        try:
            if decision.kind == "relabel":
                after = self._label(decision.value, listed=decision.line > 0)
                return self.data.y[position : position + 1].tolist()[0], after  # type: ignore[index]  # _label refuses None
            if decision.kind == "reweight":
                return float(self.weights[position]), _number(decision.value, "weight", least=0.0)
            if decision.kind == "clean":
                column = self._column(decision.column)
                return cell_value(column[position]), read_cell(decision.value, column)
        except InputError as error:
            error.where = where_decided(decision)
            raise
        return ("row", "") if decision.kind == "drop" else ("row", "row")

    def _column(self, name: str) -> Any:
        """One column of the features, as an array."""
        if name not in self._columns:
            names = [column.name for column in self.data.columns]
            if name not in names or hasattr(self.data.X, "tocsr"):
                raise unknown_name("column of cells", name, [] if hasattr(self.data.X, "tocsr") else names)
            self._columns[name] = np.asarray(column_at(self.data.X, names.index(name)))
        return self._columns[name]

    def _label(self, label: Any, listed: bool) -> Any:
        """The label as the data writes it: the class of this value, else of this text, or a number in a regression.

        One from a list may be as a spreadsheet writes it: WAHR for True, 1 for 01.
        """
        if self.classes is None:
            return _number(label, "label")
        same = [
            known for known in self.classes if known == label and isinstance(known, bool) == isinstance(label, bool)
        ]
        spelled = same or [known for known in self.classes if str(known) == str(label).strip()]
        if listed:
            spelled = [known for known in self.classes if stands_for(str(label), known, rounded=False)]
            if len(spelled) > 1:
                raise InputError(
                    "a label of a list may be several classes: spreadsheets drop zeros",
                    got=f"{label}, which may be {', '.join(map(str, spelled))}",
                    fix="take the line out, and decide it in Python: selection.Decision(id, 'relabel', label)",
                )  # fmt: skip
        if not spelled and self.joined is not None:
            return self.joined.cell(self.joined.parts(label))
        if not spelled:
            raise unknown_name("class", str(label), sorted(map(str, self.classes)))
        return spelled[0]


def _changed(rows: _Rows, changes: dict[str, dict[int, Any]], cells: dict[str, dict[int, Any]]) -> Dataset:
    data = rows.data
    names = [column.name for column in data.columns]
    for name, of_column in cells.items():
        place = names.index(name)
        data = data.with_features(with_column(data.X, place, with_cells(column_at(data.X, place), of_column)))
    if changes["relabel"] and data.y is not None:
        new = np.asarray(list(changes["relabel"].values()), dtype=None if data.y.dtype.kind != "O" else object)
        labels = data.y.astype(np.result_type(data.y, new))  # a longer word, or a fraction among whole numbers
        labels[list(changes["relabel"])] = new
        data = data.with_labels(labels)
    if changes["reweight"]:
        weights = rows.weights.copy()
        weights[list(changes["reweight"])] = list(changes["reweight"].values())
        data = data.with_weights(weights)
    keep = np.ones(len(data), dtype=bool)
    keep[list(changes["drop"])] = False
    if not keep.any():
        raise InputError("no row would be left", got=f"{len(data)} rows, all dropped", fix="keep at least one row")
    return data if keep.all() else data.take(np.flatnonzero(keep))


def read_cell(value: Any, column: Array) -> Any:
    """What a cell of a column is to become, of the kind that the column holds; None where it is to be missing.

    Raises: InputError: the column cannot hold it.
    """
    new = cell_value(value)
    if new is None:
        return None
    if column.dtype.kind in "iuf":
        return cell_value(_number(new, "cell"))
    if column.dtype.kind not in "OU" or not isinstance(new, str | int | float):
        raise InputError(
            "a cell of this column can only be set to missing", got=repr(value), fix="value=None, or leave it as it is"
        )
    return new


def _number(value: Any, what: str, least: float = -np.inf) -> float:
    try:
        number = number_in(value) if isinstance(value, str) else float(value)
    except (TypeError, ValueError):
        number = None
    if number is None or not (np.isfinite(number) and number >= least):
        floor = "" if least == -np.inf else f" of at least {least:g}"
        raise InputError(f"this {what} is not a number{floor}", got=repr(value), fix=f"give a finite number{floor}")
    return number
