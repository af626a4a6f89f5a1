"""The few errors samplewise raises on purpose: each says what, where, got and fix."""

import math
from collections.abc import Iterable
from difflib import get_close_matches
from numbers import Integral, Real
from typing import Any, ClassVar, Protocol, Self

from samplewise.core.escapes import one_line


class SamplewiseError(Exception):
    """The root of every error samplewise raises on purpose."""


class InputError(SamplewiseError, ValueError):
    """Something the user gave cannot be used; `str()` reads what, where, got, fix on separate lines."""

    def __init__(self, what: str, *, where: str = "", got: str = "", fix: str = "") -> None:
        super().__init__(what)
        self.what, self.where, self.got, self.fix = what, where, got, fix
        self.context: list[str] = []

    def during(self, action: str) -> Self:
        """Add what was being done when the error arose; called once, at a public border."""
        self.context.append(action)
        return self

    def __str__(self) -> str:
        """The four lines of the message, each on one line whatever a name in it holds; empty ones are left out."""
        named = (("where", self.where), ("got", self.got), ("fix", self.fix), ("during", "; ".join(self.context)))
        return "\n".join([one_line(self.what), *(f"  {name + ':':7} {one_line(text)}" for name, text in named if text)])

    def __reduce__(self) -> tuple[Any, ...]:
        """Keyword-only arguments survive the way back from a worker process."""
        return _rebuild, (self.what, self.where, self.got, self.fix, self.context)


def _rebuild(what: str, where: str, got: str, fix: str, context: list[str]) -> InputError:
    error = InputError(what, where=where, got=got, fix=fix)
    error.context = context
    return error


class NotApplicable(SamplewiseError):
    """Raised by a check to say, with the reason, that its question does not arise for this data."""


MOST_COMPARED = 2_000  # names, letter by letter: of 100,000 the nearest would take seconds


def unknown_name(kind: str, got: Any, allowed: Iterable[str]) -> InputError:
    """The error for a name that is not among the allowed ones, with the nearest match as the fix.

    A name that starts with what was typed is nearer than one of about the same letters: "acc" means accuracy, not auc.
    """
    names = list(map(str, allowed))
    typed = got if isinstance(got, str) else ""  # None or a number is near no name
    begun = [name for name in names if typed and name.startswith(typed)]
    near = sorted(begun, key=len)[:1]
    if not near and len(names) <= MOST_COMPARED:
        near = get_close_matches(typed, names, n=1, cutoff=0.5)
    shown = ", ".join(names[:20]) + (f", ... ({len(names)} in all)" if len(names) > 20 else "")
    return InputError(
        f"there is no {kind} named {got!r}",
        got=got if isinstance(got, str) and got else repr(got),
        fix=(f"did you mean {near[0]!r}? " if near else "") + f"known: {shown}",
    )


class MadeBy(Protocol):
    """A result that later steps take; `MADE_BY` is the call that makes one."""

    MADE_BY: ClassVar[str]


def require_kind(value: Any, kind: type[MadeBy], name: str = "") -> None:
    """Refuse anything but the result of an earlier step, and say which step makes it; `name` is the argument's."""
    if isinstance(value, kind):
        return
    fields = getattr(value, "__dataclass_fields__", {})
    parts = [name for name in fields if not name.startswith("_") and isinstance(getattr(value, name), kind)]
    raise InputError(
        f"this needs a {kind.__name__}, the result of an earlier step", where=name, got=type(value).__name__,
        fix=f"pass its .{' or .'.join(parts)}" if parts else f"pass what comes from {kind.MADE_BY}",
    )  # fmt: skip


def name_rows(ids: Iterable[Any], most: int = 5) -> str:
    """Rows by id for a message: at most five, then the count."""
    listed = [str(item) for item in ids]
    tail = f" ({len(listed)} in all)" if len(listed) > most else ""
    return f"rows id {', '.join(listed[:most])}{tail}"


def require_share(
    value: Any, name: str, *, least: float = 0.0, most: float = 1.0, low_open: bool = True, high_open: bool = True
) -> float:
    """The value as a float, where it is a number between `least` and `most`; refuses per cent, NaN, text and None.

    Every argument that is a rate or a share is checked here, so that 18 for 18 % gets the same message everywhere.

    Args:    value: what was given.   name: of the argument, as the caller wrote it.   least, most: the ends.
             low_open, high_open: whether the ends themselves are refused.
    Raises:  InputError that names the argument and, for a number in per cent, the share it means.

    >>> require_share(0.18, "error")
    0.18
    """

    def fits(number: float) -> bool:  # NaN passes no comparison
        above = number > least if low_open else number >= least
        return above and (number < most if high_open else number <= most)

    known = isinstance(value, Real) and not isinstance(value, bool)
    if known and fits(float(value)):
        return float(value)
    ends = f"{'above' if low_open else 'at least'} {least:g} and {'below' if high_open else 'at most'} {most:g}"
    hundredth = float(value) / 100.0 if known else 0.0
    meant = known and 1.0 < value <= 100.0 and fits(hundredth)
    raise InputError(
        f"{name} must be a number {ends}, not per cent",
        where=name,
        got=f"{name}={value}" if known else f"{name}={value!r}",
        fix=f"did you mean {hundredth:g}?" if meant else f"pass a number {ends}; 0.95 is 95 %",
    )


def require_shares(values: Any, name: str, **limits: Any) -> list[float]:
    """The same for a sequence of shares with at least one entry; `limits` as in `require_share`."""
    if isinstance(values, str) or not isinstance(values, Iterable):
        require_share(None if isinstance(values, Real) else values, name, **limits)
    found = [require_share(value, name, **limits) for value in values]
    if not found:
        raise InputError(f"{name} needs at least one share", where=name, got="none", fix="pass shares such as 0.1")
    return found


def require_loss_range(given: Any) -> tuple[float, float]:
    """The least and the greatest loss there can be, finite and in this order."""
    ends = tuple(given) if isinstance(given, Iterable) else ()
    known = len(ends) == 2 and all(isinstance(end, Real) and math.isfinite(end) for end in ends)
    if not known or not ends[0] < ends[1]:
        raise InputError(
            "the range of the loss is (least, greatest)", where="loss_range", got=f"loss_range={given!r}"[:80],
            fix="pass the least and greatest loss there can be, known before the losses were seen, such as (0.0, 1.0)",
        )  # fmt: skip
    return float(ends[0]), float(ends[1])


def require_amount(value: Any, name: str, *, zero: bool = False) -> float:
    """The value as a float, where it is a finite number above 0, or from 0 on; refuses text, NaN and True.

    >>> require_amount(0.2, "price_per_row")
    0.2
    """
    known = isinstance(value, Real) and not isinstance(value, bool)
    if known and math.isfinite(value) and (value > 0 or (zero and value == 0)):
        return float(value)
    least = "of at least 0" if zero else "above 0"
    raise InputError(
        f"{name} must be a finite number {least}", where=name, got=f"{name}={value!r}"[:80], fix=f"use {name}=1.0"
    )


def require_count(value: Any, name: str, least: int = 1, why: str = "", *, usual: int | None = None) -> int:
    """The value as an int, where it is a whole number of at least `least`; refuses fractions, text, True and None.

    Every argument that counts something (draws, repeats, neighbors, folds) is checked here.

    Args:    value: what was given.   name: of the argument, as the caller wrote it.   least: the fewest there may be.
             why: the reason for so many, in words that follow the colon.   usual: a value that serves most users.
    Raises:  InputError that names the argument.

    >>> require_count(3, "repeats")
    3
    """
    whole = isinstance(value, Integral) and not isinstance(value, bool)
    if whole and int(value) >= least:
        return int(value)
    advice = f"{least} or more" if usual is None else f"{usual}, at least {least}"
    raise InputError(
        f"{name} must be a whole number of at least {least}" + (f": {why}" if why else ""), where=name,
        got=f"{name}={value!r}"[:80], fix=f"use {name}={advice}",
    )  # fmt: skip
