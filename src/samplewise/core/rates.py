"""Rates are shares from 0 to 1 in every value and argument, and percent wherever a person reads them.

The functions here are the only way from one to the other. Differences of rates are points, hundredths of a rate, in
both.
"""

from typing import Any

SHARES = ("share", "proportion", "fraction", "probability", "rate")  # first words of units that are shown in per cent


def is_share(unit: str) -> bool:
    """Whether numbers of this unit are shares, shown in per cent: `share`, `share of labels`, `error rate`."""
    return unit == "error rate" or unit.split(" ", 1)[0] in SHARES


def in_per_cent(unit: str) -> str:
    """The unit of a share once it is shown in per cent: `share of labels` is `% of labels`, `error rate` is `%`."""
    return "%" if unit == "error rate" else " ".join(["%", *unit.split(" ")[1:]])


def percent(shares: Any) -> Any:
    """A share, or an array of them, in per cent: for axes and columns that say so."""
    return 100.0 * shares


def percent_text(share: float, form: str = ".3g") -> str:
    """A share as a sentence carries it.

    >>> percent_text(0.1667)
    '16.7 %'
    """
    return f"{percent(share):{form}} %"


def shown(numbers: Any, unit: str) -> tuple[Any, str]:
    """Numbers and their unit as a person reads them: shares in per cent, all others as they are."""
    return (percent(numbers), in_per_cent(unit)) if is_share(unit) else (numbers, unit)
