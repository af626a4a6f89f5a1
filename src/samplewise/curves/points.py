"""The measured points of a learning curve: sizes, errors of the draws, and how far each mean can be off."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from numbers import Real
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np

from samplewise.core.arguments import checked, checked_fields
from samplewise.core.arrays import Array, Floats, Ints, Mask, Numbers
from samplewise.core.errors import InputError, require_count, require_share
from samplewise.core.results import Result, Table
from samplewise.core.texts import count_of
from samplewise.core.values import with_unit
from samplewise.engine.models.row_losses import UNITS

LEAST_SIZES = 3
# What rises by so much, by a standard error, and in so many of the pairs of sizes looks like accuracy. Of accuracies on
# measured curves (4 or 6 doubling sizes) that changed by 5 points 92 % were found; of errors 2 % rise like that.
RISE, RISING_PAIRS = 0.02, 0.75
MOST_ERROR = 0.5  # an error that rises like that is believed up to here where a curve is made from whole draws


@checked_fields
@dataclass(frozen=True, slots=True, eq=False)
class CurvePoints(Result):
    """Error after training on each of s sizes, in `repeats` independent draws of nested subsets.

    Args:
        sizes: (s,) training rows, increasing.
        errors: (repeats, s) error of each draw; NaN where a draw could not be evaluated.
        standard_error: (s,) of the mean over the draws; default from their spread, or from the evaluation rows.
        unit: what an error of 1 means.
        test_size: number of evaluation rows, where known.
        median_error: of predicted numbers, the error that counts as 1 here, in the label's unit.

    Raises:
        InputError: sizes that do not increase or are no whole numbers, errors of another width, a size without any
            error, infinite or negative errors, error rates above 1, rates that rise as an accuracy does.

    >>> CurvePoints(np.array([10, 20]), np.array([[0.4, 0.2], [0.2, 0.2]])).error
    array([0.3, 0.2])
    """

    MADE_BY: ClassVar[str] = "curves.measure_learning_curve(data), or LearningCurve.from_arrays(n, error)"

    sizes: Ints
    errors: Floats
    standard_error: Floats = None  # type: ignore[assignment]  # filled in __post_init__
    unit: str = UNITS["classification"]
    test_size: int | None = None
    median_error: float | None = None

    def __post_init__(self) -> None:
        """Refuse sizes and errors that do not fit together."""
        if self.test_size is not None:
            require_count(self.test_size, "test_size")
        if self.median_error is not None and not self.median_error > 0:
            raise InputError(
                "the error that counts as 1 must be above 0", where="median_error", got=f"{self.median_error!r}",
                fix="pass the mean absolute error of always answering the median, or None for classes",
            )  # fmt: skip
        sizes, errors = np.asarray(self.sizes), np.atleast_2d(np.asarray(self.errors, dtype=np.float64))
        if sizes.ndim != 1 or errors.shape[1:] != sizes.shape or (np.diff(sizes) <= 0).any() or not len(sizes):
            raise InputError(
                "a learning curve needs increasing sizes and one error per draw and size",
                got=f"sizes {sizes.tolist()[:10] if sizes.ndim else sizes.tolist()}, errors {errors.shape}",
                fix="pass sizes (s,) in increasing order and errors (repeats, s); from_arrays sorts and joins repeats",
            )
        _check_sizes(sizes.astype(np.float64))
        _check_missing(sizes, np.asarray(np.isinf(errors).any(axis=0) | np.isnan(errors).all(axis=0)))
        if self.unit == UNITS["classification"]:
            _check_rates(np.broadcast_to(sizes, errors.shape).ravel(), errors.ravel())
        object.__setattr__(self, "sizes", sizes)
        object.__setattr__(self, "errors", errors)
        measured = self.standard_error is not None
        given = self.standard_error if measured else _spread(errors, self.test_size, self.unit)
        object.__setattr__(self, "standard_error", _checked_spread(given, sizes))
        if not measured and self.unit == UNITS["classification"]:
            _refuse_accuracy(self, MOST_ERROR, "where the error truly rises, pass its standard_error as well")

    @property
    def error(self) -> Floats:
        """(s,) mean over the draws."""
        return np.asarray(np.nanmean(self.errors, axis=0))

    @property
    def repeats(self) -> int:
        """Independent draws of the subsets."""
        return len(self.errors)

    @classmethod
    def from_arrays(
        cls,
        n: Numbers,
        error: Numbers,
        standard_error: Numbers | None = None,
        test_size: int | None = None,
    ) -> Self:
        """A curve of error rates measured elsewhere; sizes that come several times are repeats and are averaged.

        Args:
            n: (p,) training rows of each point, in any order.
            error: (p,) error rates, 0 to 1.
            standard_error: (p,) of each error, where known; only with one point per size.
            test_size: number of evaluation rows; gives the standard error of single points.

        Returns:
            the curve, larger means worse.

        Raises:
            InputError: fewer than three sizes, sizes below 1, errors outside [0, 1] or missing, errors that rise as
                an accuracy does.

        Cost: one sort.   Source: viering2023.

        >>> CurvePoints.from_arrays([10, 20, 20, 40], [0.4, 0.3, 0.2, 0.2]).error
        array([0.4 , 0.25, 0.2 ])
        """
        if test_size is not None:
            require_count(test_size, "test_size")
        points, values = np.atleast_1d(np.asarray(n, np.float64)), np.atleast_1d(np.asarray(error, np.float64))
        _check_points(points, values)
        sizes, place = np.unique(points.astype(np.intp), return_inverse=True)
        if len(sizes) < LEAST_SIZES:
            raise InputError(
                "a learning curve needs at least three training sizes",
                got=f"sizes {sizes.tolist()}",
                fix="train on at least three sizes, best each twice the one before",
            )
        errors = _by_draw(values, place, len(sizes))
        spread = _spread(errors, test_size, UNITS["classification"])
        if standard_error is not None:
            spread = _spread_of_points(standard_error, place, len(sizes))
        curve = cls(sizes, errors, spread, UNITS["classification"], test_size)
        _refuse_accuracy(curve, 0.0, "build LearningCurve(sizes, errors, standard_error) if the error truly rises")
        return curve

    @classmethod
    @checked
    def read_csv(cls, path: str | Path, test_size: int | None = None) -> Self:
        """A curve from a table with the columns n and error, and standard_error or repeat where known.

        Args:
            path: a CSV file, one line per size, or per size and repeat; other columns are ignored.
            test_size: number of evaluation rows, where known.

        Returns:
            the curve, larger means worse.

        Raises:
            InputError: a column is missing, a cell is no number, or what `from_arrays` refuses.

        Cost: one read.   Source: viering2023.
        """
        try:
            with Path(path).open(newline="", encoding="utf-8-sig") as lines:
                reader = csv.DictReader(lines, skipinitialspace=True)
                names = [(name or "").strip().lower() for name in reader.fieldnames or []]
                reader.fieldnames = names
                rows = list(reader)
        except (OSError, UnicodeDecodeError, csv.Error) as fault:
            raise InputError(
                "the file at this path cannot be read as a curve", where=str(path), got=str(fault),
                fix="name a CSV file in UTF-8 with the columns n and error",
            ) from None  # fmt: skip
        if not {"n", "error"} <= set(names):
            raise InputError(
                "a learning curve file needs the columns n and error",
                where=str(path),
                got=f"columns {names[:10]}",
                fix="name the columns n,error and, where known, standard_error or repeat",
            )
        known = ("n", "error", "standard_error") if "standard_error" in names else ("n", "error")
        columns = {name: _numbers([row[name] for row in rows], name, str(path)) for name in known}
        return cls.from_arrays(columns["n"], columns["error"], columns.get("standard_error"), test_size)

    def _sentences(self) -> Iterable[str]:
        first, last = (with_unit(self.error[at], self.unit) for at in (0, -1))
        yield f"The error goes from {first} with {self.sizes[0]:,} rows to {last} with {self.sizes[-1]:,}."
        yield f"Mean of {count_of(self.repeats, 'draw')} per size."

    def _table(self) -> Table:
        columns = {"rows": self.sizes, "error": self.error, "standard_error": self.standard_error}
        return Table(columns, {"error": self.unit, "standard_error": self.unit}, "rows")


def _numbers(cells: list[str | None], name: str, path: str) -> Floats:
    """One column as numbers; the first cells that are none are named by their line."""
    values, bad = np.full(len(cells), np.nan), []
    for line, cell in enumerate(cells):
        try:
            values[line] = float(cell or "")
        except ValueError:
            bad.append(line + 2)
    if bad:
        raise InputError(
            f"the column {name} holds cells that are no numbers",
            where=f"{path}, lines {', '.join(map(str, bad[:5]))} ({len(bad)} in all)",
            got=repr(cells[bad[0] - 2]),
            fix="write one number per cell, with a point for decimals",
        )
    return values


def _check_points(points: Floats, values: Floats) -> None:
    """Refuse points that no curve of error rates can have."""
    if points.ndim != 1 or points.shape != values.shape:
        raise InputError(
            "a learning curve needs one error per size",
            got=f"n {points.shape}, error {values.shape}",
            fix="pass two lists of equal length; repeat a size for each of its repeats",
        )
    _check_sizes(points)
    _check_missing(points, ~np.isfinite(values))
    _check_rates(points, values)


def _check_sizes(sizes: Floats) -> None:
    """Refuse sizes that are no numbers of rows."""
    sizeless = ~np.isfinite(sizes) | (sizes < 1) | (sizes % 1 != 0)
    if sizeless.any():
        raise InputError(
            "training sizes must be whole numbers of rows",
            where=f"points {np.flatnonzero(sizeless).tolist()[:5]} ({int(sizeless.sum())} in all)",
            got=f"n {sizes[sizeless].tolist()[:5]}",
            fix="pass the number of training rows, 1 or more",
        )


def _check_missing(sizes: Numbers, lost: Mask) -> None:
    """Refuse points (p,) without an error."""
    if lost.any():
        raise InputError(
            "errors are missing or infinite",
            where=f"n {np.asarray(sizes)[lost].astype(int).tolist()[:5]} ({int(lost.sum())} in all)",
            got="NaN or infinity",
            fix="leave these points out, or measure them again",
        )


def _check_rates(sizes: Numbers, rates: Floats) -> None:
    """Refuse rates (p,) outside 0 to 1; NaN is none."""
    outside = (rates < 0) | (rates > 1)
    if outside.any():
        percent = np.nanmax(rates) > 1 and np.nanmin(rates) >= 0 and np.nanmax(rates) <= 100
        raise InputError(
            "error rates must lie between 0 and 1",
            where=f"n {np.asarray(sizes)[outside].astype(int).tolist()[:5]} ({int(outside.sum())} in all)",
            got=f"errors {rates[outside].tolist()[:5]}",
            fix="divide by 100: these look like percentages"
            if percent
            else "pass error rates: wrong predictions / rows",
        )


def _checked_spread(given: Any, sizes: Array) -> Floats:
    """(s,) standard errors: NaN where one is not known, none below 0."""
    spread = np.asarray(given, dtype=np.float64)
    if spread.shape != sizes.shape or (spread < 0).any() or np.isinf(spread).any():
        raise InputError(
            "a learning curve needs one standard error per size, not negative", where="standard_error",
            got=f"{spread.ravel().tolist()[:5]} for {len(sizes)} sizes",
            fix="pass (s,) numbers, NaN where unknown, or None",
        )  # fmt: skip
    return spread


def _by_draw(values: Floats, place: Array, count: int) -> Floats:
    """(repeats, s) one column per size, its points in the order given, NaN where one has fewer."""
    turn = np.zeros(len(values), dtype=np.intp)
    for size in range(count):
        turn[place == size] = np.arange((place == size).sum())
    errors = np.full((int(turn.max()) + 1, count), np.nan)
    errors[turn, place] = values
    return errors


def _spread_of_points(standard_error: Numbers, place: Array, count: int) -> Floats:
    """(s,) given standard errors in the order of the sizes."""
    given = np.atleast_1d(np.asarray(standard_error, dtype=np.float64))
    if given.shape != place.shape or (given < 0).any() or len(place) > count:
        raise InputError(
            "standard errors must be one per size, not negative, and without repeats",
            got=f"{given.size} standard errors for {place.size} points of {count} sizes",
            fix="give each size once with its standard error, or all repeats without standard errors",
        )
    spread = np.empty(count)
    spread[place] = given
    return spread


def require_in_unit(curve: CurvePoints, value: Any, name: str) -> float:
    """A number above 0 in the unit of the curve: a share where that is an error rate; raises `InputError` otherwise."""
    if curve.unit == UNITS["classification"] or not isinstance(value, Real):
        return require_share(value, name)
    if not 0.0 < float(value) < np.inf:
        raise InputError(
            f"{name} must be above 0 and finite", where=name, got=f"{name}={value}", fix=f"it is in: {curve.unit}"
        )
    return float(value)


def _refuse_accuracy(curve: CurvePoints, above: float, otherwise: str) -> None:
    """Refuse values that end above a rate and rise with the rows as an accuracy does."""
    error, spread = curve.error, np.nan_to_num(curve.standard_error)
    if len(error) < LEAST_SIZES or error[-1] <= above:
        return
    steps = np.sign(error[None, :] - error[:, None])[np.triu_indices(len(error), 1)]
    least = max(RISE, float(np.hypot(spread[0], spread[-1])))
    if np.mean(steps > 0) >= RISING_PAIRS and error[-1] - error[0] > least:
        raise InputError(
            "the values rise with the number of training rows, as an accuracy does and an error should not",
            got=f"{error[0]:.3g} at n = {curve.sizes[0]}, {error[-1]:.3g} at n = {curve.sizes[-1]}",
            fix=f"pass 1 - accuracy; {otherwise}",
        )


def _spread(errors: Floats, test_size: int | None, unit: str) -> Floats:
    """(s,) standard error of the mean over draws, at least that of the evaluation rows where their number is known.

    No error in m rows is not known to be none: it counts as half a wrong row.
    """
    between = spread_of_draws(errors)
    if test_size is None or unit != UNITS["classification"]:
        return between
    half = 0.5 / test_size
    mean = np.clip(np.nanmean(errors, axis=0), half, 1.0 - half)
    return np.fmax(between, np.sqrt(mean * (1.0 - mean) / test_size))


def spread_of_draws(errors: Floats) -> Floats:
    """(s,) standard error of the mean over draws; NaN where there is only one."""
    known = np.isfinite(errors).sum(axis=0)
    between = np.full(errors.shape[1], np.nan)
    several = known > 1
    if several.any():
        between[several] = np.nanstd(errors[:, several], axis=0, ddof=1) / np.sqrt(known[several])
    return between
