"""Bars with intervals on one scale, in per cent of the width: drawn without JavaScript, so they also print."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

from samplewise.core.rates import shown
from samplewise.core.texts import MINUS, decimal_places, key_text, number_text, shortened
from samplewise.core.values import Estimate, Exhibit
from samplewise.report.limits import Limits
from samplewise.report.remedy_order import Advice, bare_effect_text, effect_text
from samplewise.report.wording import estimate_text

MARGIN = 0.04  # of the range, left free on both sides
VERDICT_STYLES = {"helps": "helps", "hurts": "hurts"} | dict.fromkeys(
    ("no loss", "no difference", "not decided"), "unclear"
)


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar with its interval, all in per cent of the width; `hover` says it in words.

    It goes from zero to a value, or in a waterfall from where the one before it ended.

    `numbers` are the value and the ends of its interval themselves, for those who save them; "" where one is unknown.
    """

    start: float
    width: float
    low: float | None
    high: float | None
    hover: str
    numbers: tuple[float | str, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a bar picture: what it is about, its bar, the gray one to compare with, and the words next to it."""

    label: str
    bar: Bar
    control: Bar | None
    number: str
    word: str = ""
    style: str = ""
    code: str = ""
    anchor: str = ""  # of the finding on the page
    cost: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    """Rows on a common axis; `ticks` are (per cent, label), `zero` is the position of the zero line."""

    rows: tuple[Row, ...]
    ticks: tuple[tuple[float, str], ...]
    zero: float
    unit: str


class Scale:
    """From numbers to per cent of the width, with zero always in view."""

    def __init__(self, numbers: Iterable[float]) -> None:
        finite = [number for number in numbers if math.isfinite(number)]
        low, high = min([0.0, *finite]), max([0.0, *finite])
        spread = (high - low) or 1.0
        self.low = low - (MARGIN * spread if low < 0 else 0.0)
        self.high = high + MARGIN * spread

    def __call__(self, number: float) -> float:
        """Position of a number, from 0 to 100."""
        return round(100 * (number - self.low) / (self.high - self.low), 3)

    def ticks(self, about: int = 5) -> tuple[tuple[float, str], ...]:
        """Round numbers, about so many, with their positions."""
        raw = (self.high - self.low) / about
        power = 10.0 ** math.floor(math.log10(raw))
        step = min((factor * power for factor in (1, 2, 5, 10)), key=lambda size: abs(size - raw))
        first, last = math.ceil(self.low / step), math.floor(self.high / step)
        places = decimal_places(step) - (1 if step < 10 else 0)
        texts = ((number * step, f"{number * step:,.{max(places, 0)}f}") for number in range(first, last + 1))
        return tuple((self(at), text.replace("-", MINUS)) for at, text in texts)

    def bar(self, value: float, low: float, high: float, hover: str, start: float = 0.0) -> Bar:
        """The bar of a value with its interval, drawn from `start` on."""
        ends = sorted((self(start), self(start + value if math.isfinite(value) else start)))
        known = math.isfinite(low) and math.isfinite(high)
        interval = (self(start + low), self(start + high)) if known else (None, None)
        numbers = tuple(float(f"{number:.10g}") if math.isfinite(number) else "" for number in (value, low, high))
        return Bar(ends[0], round(ends[1] - ends[0], 3), interval[0], interval[1], hover, numbers)


def remedy_picture(tested: Sequence[Advice], limits: Limits) -> Picture | None:
    """The main picture: the measured effect of every tested remedy next to a random one of the same size."""
    shown = [item for item in tested if item.remedy.effect][: limits.remedies]
    if not shown:
        return None
    estimates = [each for item in shown for each in (item.remedy.effect, item.remedy.control) if each]
    scale = Scale(number for each in estimates for number in (each.value, each.low, each.high))
    unit = next((each.unit for each in estimates if each.unit), "points")
    return Picture(tuple(_remedy_row(item, scale, limits) for item in shown), scale.ticks(), scale(0.0), unit)


def _remedy_row(item: Advice, scale: Scale, limits: Limits) -> Row:
    effect, control, cost = item.remedy.effect, item.remedy.control, item.remedy.cost
    return Row(
        label=shortened(item.action, limits.text),
        bar=_estimated(scale, effect, item.remedy.verdict),
        control=_estimated(scale, control, "a random remedy of the same size") if control else None,
        number=bare_effect_text(effect),
        word=item.remedy.verdict,
        style=VERDICT_STYLES.get(item.remedy.verdict, "unclear"),
        code=item.code,
        anchor=item.anchor,
        cost=f"cost {number_text(cost)}" if cost is not None and math.isfinite(cost) else "",
    )


def _estimated(scale: Scale, estimate: Estimate | None, word: str) -> Bar:
    if estimate is None:
        return scale.bar(math.nan, math.nan, math.nan, "")
    return scale.bar(estimate.value, estimate.low, estimate.high, f"{word}: {effect_text(estimate)}")


def exhibit_picture(exhibit: Exhibit, limits: Limits) -> Picture | None:
    """An exhibit of kind "bars"; None where it lacks names or values."""
    if not {"name", "value"} <= set(exhibit.columns):
        return None
    numbers = {
        name: _numbers(exhibit, name) for name in ("value", "low", "high", "control", "control_low", "control_high")
    }
    numbers = {name: [shown(number, exhibit.unit)[0] for number in values] for name, values in numbers.items()}
    starts = [shown(number, exhibit.unit)[0] for number in _numbers(exhibit, "start")]
    starts = [number if math.isfinite(number) else 0.0 for number in starts]
    placed = [zip(starts, values, strict=True) for values in numbers.values()]
    scale = Scale(start + number for pairs in placed for start, number in islice(pairs, limits.rows))

    rows = [
        _exhibit_row(exhibit, numbers, position, scale, limits, starts[position])
        for position in range(min(len(numbers["value"]), limits.rows))
    ]
    unit = shortened(shown(0.0, exhibit.unit)[1], 40)
    return Picture(tuple(rows), scale.ticks(), scale(0.0), unit)


def _exhibit_row(  # what is drawn, which line of it, and where
    exhibit: Exhibit, numbers: dict[str, list[float]], position: int, scale: Scale, limits: Limits, start: float
) -> Row:  # fmt: skip
    value, low, high, other, other_low, other_high = (values[position] for values in numbers.values())
    control = scale.bar(other, other_low, other_high, f"to compare with: {number_text(other)}")
    estimate = Estimate("", value, low, high)
    word = str(exhibit.columns["verdict"][position]) if "verdict" in exhibit.columns else ""
    text = estimate_text(estimate)
    return Row(
        label=shortened(key_text(_plain(exhibit.columns["name"][position])), limits.text),
        bar=scale.bar(value, low, high, text, start),
        control=control if math.isfinite(other) else None,
        number=text,
        word=shortened(word, 40),
        style=VERDICT_STYLES.get(word, "plain"),
    )


def counts_picture(pairs: Sequence[tuple[str, float]], unit: str, limits: Limits) -> Picture:
    """Plain bars of counts."""
    shown = pairs[: limits.classes]
    scale = Scale(count for _, count in shown)
    rows = [
        Row(
            shortened(name, limits.text),
            scale.bar(count, math.nan, math.nan, f"{shortened(name, limits.text)}: {count:,.0f}"),
            None,
            f"{count:,.0f}",
        )
        for name, count in shown
    ]
    return Picture(tuple(rows), scale.ticks(), scale(0.0), unit)


def _numbers(exhibit: Exhibit, name: str) -> list[float]:
    length = len(exhibit.columns["value"])
    if name not in exhibit.columns:
        return [math.nan] * length
    column = [math.nan if item is None else item for item in list(exhibit.columns[name])]
    return [float(number) for number in np.asarray(column, dtype=float)]


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value
