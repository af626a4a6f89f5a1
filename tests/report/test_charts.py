"""Charts are valid Vega-Lite, hold the numbers of the record, and no name from the data as a field."""

import json
from typing import Any

import numpy as np
import pytest

from samplewise.core.findings import AuditRecord
from samplewise.core.values import Exhibit
from samplewise.report.charts import chart_of
from samplewise.report.limits import Limits

LIMITS = Limits()


def exhibit_of(record: AuditRecord, kind: str) -> Exhibit:
    return next(e for o in record.outcomes for e in o.result.exhibits if e.kind == kind)


def values(spec: dict[str, Any]) -> list[dict[str, Any]]:
    return [row for rows in spec["datasets"].values() for row in rows]


def styles(spec: dict[str, Any]) -> list[str]:
    return [layer["mark"]["style"] for layer in spec["layer"]]


@pytest.mark.parametrize("kind", ["curve", "matrix", "reliability"])
def test_specifications_name_styles_and_no_colors(rich: AuditRecord, kind: str) -> None:
    chart = chart_of(exhibit_of(rich, kind), LIMITS)
    assert chart is not None
    assert all("style" in layer["mark"] for layer in chart.spec["layer"])
    text = json.dumps(chart.spec)
    assert '"color"' not in text
    assert "#" not in text.replace("#/$defs", "")
    assert chart.spec["width"] == "container"


def test_the_curve_shows_measured_here_and_forecast(rich: AuditRecord) -> None:
    chart = chart_of(exhibit_of(rich, "curve"), LIMITS)
    assert chart is not None
    assert styles(chart.spec).count("here-text") == 1
    assert {"line-measured", "line-forecast", "band-measured", "band-forecast"} <= set(styles(chart.spec))
    assert {row["status"] for row in values(chart.spec)} == {"measured", "here", "forecast"}
    assert chart.description == "From 0.212 at 500 to 0.139 at 26,000; forecast 0.135 at 52,000. Bands cover 90 %."


def test_a_curve_without_forecast_or_intervals_is_a_line() -> None:
    exhibit = Exhibit("curve", "c", {"n": np.array([1, 2, 3]), "value": np.array([0.3, 0.2, 0.1])}, "share")
    chart = chart_of(exhibit, LIMITS)
    assert chart is not None
    assert styles(chart.spec) == ["line-measured", "dot-measured"]
    assert chart.description == "From 30.0 % at 1 to 10.0 % at 3."


def test_a_long_curve_is_thinned_but_keeps_its_end() -> None:
    points = np.arange(1.0, 20_001)
    chart = chart_of(Exhibit("curve", "c", {"n": points, "value": points}), LIMITS)
    assert chart is not None
    kept = [row["x"] for row in values(chart.spec)]
    assert len(kept) <= LIMITS.points + 1
    assert max(kept) == 20_000


def test_names_from_the_data_are_never_field_names() -> None:
    columns = {"datum['x']; alert(1)": np.array([1, 2]), "value": np.array([1.0, 2.0])}
    chart = chart_of(Exhibit("curve", "c", columns), LIMITS)
    assert chart is not None
    fields = {
        part["field"] for layer in chart.spec["layer"] for part in layer["encoding"].values() if isinstance(part, dict)
    }
    assert fields <= {"x", "value", "low", "high", "status"}


def test_the_matrix_keeps_the_order_of_its_classes_and_says_the_largest_confusion() -> None:
    names = np.array(["b", "a"])
    columns = {"row": np.repeat(names, 2), "column": np.tile(names, 2), "value": np.array([0.9, 0.1, 0.3, 0.7])}
    chart = chart_of(Exhibit("matrix", "m", columns, "share"), LIMITS)
    assert chart is not None
    assert chart.spec["layer"][0]["encoding"]["y"]["sort"] == ["b", "a"]
    assert chart.description == "Largest off the diagonal: a labeled b 30 %; b labeled a 10 %. Cells in per cent."


def test_a_matrix_of_many_classes_is_left_to_its_table() -> None:
    names = np.array([f"c{i}" for i in range(LIMITS.classes + 1)])
    assert (
        chart_of(Exhibit("matrix", "m", {"row": names, "column": names, "value": np.ones(len(names))}), LIMITS) is None
    )


def test_the_reliability_diagram_says_where_it_is_worst(rich: AuditRecord) -> None:
    chart = chart_of(exhibit_of(rich, "reliability"), LIMITS)
    assert chart is not None
    assert styles(chart.spec) == ["reference", "interval", "line-measured", "dot-measured"]
    assert chart.description.startswith("Furthest from the diagonal: says 97 %, right in 93 %.")


@pytest.mark.parametrize("kind", ["table", "rows", "bars"])
def test_other_kinds_are_not_charts(kind: Any) -> None:
    assert chart_of(Exhibit(kind, "t", {"name": np.array([1])}), LIMITS) is None


def test_the_same_exhibit_gives_the_same_specification(rich: AuditRecord) -> None:
    first, second = (chart_of(exhibit_of(rich, "curve"), LIMITS) for _ in range(2))
    assert first == second
