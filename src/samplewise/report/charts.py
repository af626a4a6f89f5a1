"""Charts as Vega-Lite specifications, built with altair.

No color stands in a specification: every mark names a style, and the page's style sheet gives it a color, so light,
dark and print need no second drawing. Field names are our own, never a name from the data: Vega would read those as
expressions.
"""

import math
from dataclasses import dataclass, replace
from typing import Any

import lazy_loader

from samplewise.core.json_encoding import as_column
from samplewise.core.rates import is_share, percent, percent_text
from samplewise.core.texts import key_text, number_text, shortened
from samplewise.core.values import Exhibit
from samplewise.report.limits import Limits

alt = lazy_loader.load("altair")

Spec = dict[str, Any]
STATUSES = ("measured", "here", "forecast")
LOG_FROM = 8.0  # an axis whose largest number is this many times its smallest is logarithmic


@dataclass(frozen=True, slots=True)
class Chart:
    """A specification with the words that replace it for those who cannot see it."""

    spec: Spec
    title: str
    description: str
    narrowest: int = 0  # pixels; a narrower screen scrolls


def chart_of(exhibit: Exhibit, limits: Limits) -> Chart | None:
    """The chart of an exhibit, or None where its kind is not drawn or its columns do not fit the kind."""
    exhibit = replace(exhibit, note=shortened(exhibit.note, 4 * limits.text), unit=shortened(exhibit.unit, 40))
    drawing = {"curve": _curve, "matrix": _matrix, "reliability": _reliability}.get(exhibit.kind)
    return drawing(exhibit, limits) if drawing else None


# --- learning curve --------------------------------------------------------------------------------------------------


def _curve(exhibit: Exhibit, limits: Limits) -> Chart | None:
    points = _curve_points(exhibit, limits)
    if not points:
        return None
    x_name = shortened(next(iter(exhibit.columns)).replace("_", " "), 60)
    measured = [point for point in points if point["status"] != "forecast"]
    forecast = [point for point in points if point["status"] != "measured"]
    ahead = [point for point in points if point["status"] == "forecast"]
    here = [point for point in points if point["status"] == "here"]
    if not here and ahead and measured:
        forecast = [measured[-1], *ahead]  # the forecast starts where the measurement ends
    layers = [
        *_line_with_band(measured, "measured", x_name, exhibit.unit, points),
        *(_line_with_band(forecast, "forecast", x_name, exhibit.unit, points) if ahead else []),
        *(_here_marks(here, x_name, exhibit.unit, points)),
    ]
    return Chart(_finished(alt.layer(*layers), 300), exhibit.title, _curve_words(exhibit, points, here, ahead))


def _curve_points(exhibit: Exhibit, limits: Limits) -> list[dict[str, Any]]:
    """One entry per finite value, thinned evenly where there are too many; "here" and the last one always stay."""
    columns = list(exhibit.columns.values())
    if not columns or "value" not in exhibit.columns:
        return []
    x, value, low, high = (_floats(exhibit, name) for name in (next(iter(exhibit.columns)), "value", "low", "high"))
    raw = exhibit.columns.get("status")
    status = ["measured"] * len(x) if raw is None else [str(item) for item in raw]
    names = ("x", "value", "low", "high")
    points = [
        {name: _json_number(number) for name, number in zip(names, numbers, strict=True)} | {"status": word}
        for *numbers, word in zip(
            x, value, low, high, (word if word in STATUSES else "measured" for word in status), strict=True
        )
        if math.isfinite(numbers[0]) and math.isfinite(numbers[1])
    ]
    points.sort(key=lambda point: (point["x"], STATUSES.index(point["status"])))
    step = math.ceil(len(points) / limits.points)
    last = len(points) - 1
    return [
        point
        for position, point in enumerate(points)
        if position % step == 0 or position == last or point["status"] == "here"
    ]


def _line_with_band(points: list[dict[str, Any]], style: str, x_name: str, unit: str, every: list[Any]) -> list[Any]:
    if not points:
        return []
    base = alt.Chart(alt.InlineData(values=points)).encode(x=_curve_x(x_name, every))
    layers = []
    if all(point["low"] is not None and point["high"] is not None for point in points):
        layers.append(base.mark_area(style=f"band-{style}").encode(y=_y("low", unit), y2="high:Q"))
    line = base.mark_line(style=f"line-{style}").encode(y=_y("value", unit))
    tooltip = _curve_tooltip(x_name, unit)
    dots = base.mark_point(style=f"dot-{style}", size=45).encode(y=_y("value", unit), tooltip=tooltip)
    return [*layers, line, dots]


def _here_marks(here: list[dict[str, Any]], x_name: str, unit: str, every: list[Any]) -> list[Any]:
    if not here:
        return []
    upright = alt.Chart(alt.InlineData(values=here[:1])).encode(x=_curve_x(x_name, every))
    base = upright.encode(y=_y("value", unit))
    top = upright.encode(y=alt.value(8))
    xs = [point["x"] for point in every]
    leftmost = _share_of_axis(here[0]["x"], min(xs), max(xs)) > 0.6
    alignment = {"align": "right", "dx": -9} if leftmost else {"align": "left", "dx": 9}
    return [
        upright.mark_rule(style="here-line"),
        base.mark_point(style="here", size=130).encode(tooltip=_curve_tooltip(x_name, unit)),
        top.mark_text(style="here-text", text="you are here", **alignment),
    ]


def _share_of_axis(x: float, low: float, high: float) -> float:
    if high <= low:
        return 0.0
    return math.log(x / low) / math.log(high / low) if low > 0 else (x - low) / (high - low)


def _curve_x(name: str, points: list[Any]) -> Any:
    numbers = [point["x"] for point in points]
    logarithmic = min(numbers) > 0 and max(numbers) / min(numbers) >= LOG_FROM
    kind = {"type": "log"} if logarithmic else {"zero": False}
    scale = alt.Scale(nice=False, padding=16, **kind)
    return alt.X("x:Q", title=name, scale=scale, axis=alt.Axis(tickCount=5, format="~s", grid=False))


def _curve_tooltip(x_name: str, unit: str) -> list[Any]:
    named = (
        ("x", x_name, ",.0f"),
        ("value", unit or "value", ".4~f"),
        ("low", "low", ".4~f"),
        ("high", "high", ".4~f"),
    )
    return [alt.Tooltip(f"{field}:Q", title=title, format=form) for field, title, form in named] + [
        alt.Tooltip("status:N", title="status")
    ]


def _curve_words(exhibit: Exhibit, points: list[Any], here: list[Any], ahead: list[Any]) -> str:
    first, last = points[0], (here or [point for point in points if point["status"] != "forecast"] or points)[-1]
    start, end = (_at(point, exhibit.unit) for point in (first, last))
    words = f"From {start} to {end}"
    if ahead:
        words += f"; forecast {_at(ahead[-1], exhibit.unit)}"
    return f"{words}. {exhibit.note}".strip()


def _at(point: dict[str, Any], unit: str) -> str:
    """`12.9 % at 26,000`."""
    value = percent_text(point["value"], ".1f") if is_share(unit) else number_text(point["value"])
    return f"{value} at {number_text(point['x'])}"


# --- matrix ----------------------------------------------------------------------------------------------------------


def _matrix(exhibit: Exhibit, limits: Limits) -> Chart | None:
    if not {"row", "column", "value"} <= set(exhibit.columns):
        return None
    keys = [as_column(exhibit.columns[name]).tolist() for name in ("row", "column")]
    values = _floats(exhibit, "value")
    if not values or any(len(set(column)) > limits.classes for column in keys) or len(values) > limits.classes**2:
        return None  # the table shows the largest entries
    rows, columns = ([shortened(key_text(key), 40) for key in column] for column in keys)
    names = [list(dict.fromkeys(column)) for column in (rows, columns)]

    cells: list[dict[str, Any]] = [
        {"row": row, "column": column, "value": _json_number(value), "text": _cell_text(value, exhibit.unit)}
        for row, column, value in zip(rows, columns, values, strict=True)
        if math.isfinite(value)
    ]
    angle = -40 if max(map(len, names[1])) > 4 else 0
    largest = max((abs(cell["value"]) for cell in cells), default=0.0) or 1.0
    base = alt.Chart(alt.InlineData(values=cells)).encode(
        x=alt.X(
            "column:N", title="given", sort=names[1], axis=alt.Axis(orient="top", labelAngle=angle, labelLimit=110)
        ),
        y=alt.Y("row:N", title="true", sort=names[0], axis=alt.Axis(labelLimit=110)),
    )
    # opacity, not a ramp of colors, so that the style sheet alone decides on colors; square root, so that the small
    # entries off the diagonal, which are the interesting ones, stay visible
    opacity = alt.Opacity("value:Q", legend=None, scale=alt.Scale(type="sqrt", domain=[0, largest], range=[0.0, 0.7]))
    tooltip = [
        alt.Tooltip("row:N", title="true"),
        alt.Tooltip("column:N", title="given"),
        alt.Tooltip("text:N", title="value"),
    ]
    layers = [base.mark_rect(style="matrix-cell").encode(opacity=opacity, tooltip=tooltip)]
    if max(map(len, names)) <= 12:
        layers.append(base.mark_text(style="matrix-text").encode(text="text:N"))
    height = 60 + (44 if len(names[0]) <= 4 else 30) * len(names[0])
    narrowest = 130 + 40 * len(names[1]) if len(layers) > 1 else 0  # so that numbers stay apart
    return Chart(_finished(alt.layer(*layers), height), exhibit.title, _matrix_words(exhibit, cells), narrowest)


def _cell_text(value: float, unit: str) -> str:
    if not is_share(unit):
        return number_text(value)
    return "·" if value < 0.0005 else f"{percent(value):.0f}" if value >= 0.0995 else f"{percent(value):.1f}"


def _matrix_words(exhibit: Exhibit, cells: list[dict[str, Any]]) -> str:
    apart = [cell for cell in cells if cell["row"] != cell["column"]]
    largest = sorted(apart, key=lambda cell: -cell["value"])[:3]
    percent = " %" if is_share(exhibit.unit) else ""
    listed = "; ".join(f"{cell['row']} labeled {cell['column']} {cell['text']}{percent}" for cell in largest)

    unit = "Cells in per cent. " if is_share(exhibit.unit) else ""
    return f"Largest off the diagonal: {listed}. {unit}{exhibit.note}".strip() if largest else f"{unit}{exhibit.note}"


# --- reliability -----------------------------------------------------------------------------------------------------


def _reliability(exhibit: Exhibit, limits: Limits) -> Chart | None:
    if not {"confidence", "accuracy"} <= set(exhibit.columns):
        return None
    names = ("confidence", "accuracy", "low", "high", "count")
    columns = [_floats(exhibit, name)[: limits.points] for name in names]
    points = [
        {name: _json_number(number) for name, number in zip(names, numbers, strict=True)}
        for numbers in zip(*columns, strict=True)
        if math.isfinite(numbers[0]) and math.isfinite(numbers[1])
    ]
    if not points:
        return None
    axis = {"scale": alt.Scale(domain=[0, 1], nice=False), "axis": alt.Axis(format="%", values=[0, 0.25, 0.5, 0.75, 1])}
    base = alt.Chart(alt.InlineData(values=points)).encode(
        x=alt.X("confidence:Q", title="predicted probability", **axis)
    )
    y = alt.Y("accuracy:Q", title="share that is right", **axis)
    ends = alt.Chart(alt.InlineData(values=[{"confidence": 0, "accuracy": 0}, {"confidence": 1, "accuracy": 1}]))
    diagonal = ends.mark_line(style="reference").encode(x=alt.X("confidence:Q", **axis), y=y)
    tooltip = [
        alt.Tooltip("confidence:Q", title="predicted", format=".1%"),
        alt.Tooltip("accuracy:Q", title="right", format=".1%"),
        alt.Tooltip("low:Q", format=".1%"),
        alt.Tooltip("high:Q", format=".1%"),
        alt.Tooltip("count:Q", title="rows", format=",.0f"),
    ]
    layers = [diagonal]
    if any(point["low"] is not None for point in points):
        layers.append(
            base.mark_rule(style="interval").encode(y=alt.Y("low:Q", title="share that is right"), y2="high:Q")
        )
    layers.append(base.mark_line(style="line-measured").encode(y=y))
    layers.append(base.mark_point(style="dot-measured", size=60).encode(y=y, tooltip=tooltip))
    return Chart(_finished(alt.layer(*layers), 320), exhibit.title, _reliability_words(exhibit, points))


def _reliability_words(exhibit: Exhibit, points: list[dict[str, Any]]) -> str:
    worst = max(points, key=lambda point: abs(point["accuracy"] - point["confidence"]))
    says, right = percent_text(worst["confidence"], ".0f"), percent_text(worst["accuracy"], ".0f")
    return f"Furthest from the diagonal: says {says}, right in {right}. {exhibit.note}".strip()


# --- shared by all ---------------------------------------------------------------------------------------------------


def _finished(chart: Any, height: int) -> Spec:
    sized = chart.properties(
        width="container", height=height, autosize=alt.AutoSizeParams(type="fit-x", contains="padding")
    )
    spec: Spec = sized.to_dict()
    spec["config"] = {}  # the page brings its own
    spec.pop("$schema")  # an address, and the page knows that this is Vega-Lite
    return spec


def _y(field: str, unit: str) -> Any:
    title = unit or "value"
    axis = alt.Axis(tickCount=5, format="%") if is_share(unit) else alt.Axis(tickCount=5)
    return alt.Y(f"{field}:Q", title=title, scale=alt.Scale(zero=False), axis=axis)


def _floats(exhibit: Exhibit, name: str) -> list[float]:
    """A column as floats, what is missing or no number as NaN."""
    length = len(next(iter(exhibit.columns.values())))
    column = as_column(exhibit.columns[name]).tolist() if name in exhibit.columns else [math.nan] * length
    return [float(item) if isinstance(item, int | float) else math.nan for item in column]


def _json_number(number: float) -> float | None:
    return float(f"{number:.6g}") if math.isfinite(number) else None
