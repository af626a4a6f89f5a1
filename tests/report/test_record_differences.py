"""Changed data, changed options and changed versions are told apart."""

from samplewise.core.findings import RECORD_SCHEMA, AuditRecord
from samplewise.report.record_differences import record_differences


def record(data=(), plan=(), environment=()):
    columns = [
        {"name": "a", "kind": "numeric", "role": "feature"},
        {"name": "b", "kind": "category", "role": "feature"},
    ]
    facts = {"rows": 1000, "columns": columns, "fingerprint": "f", "label": "y", "roles": {"label": "y"}}
    settings = {"seed": 0, "learner": "kernel", "checks": ["SW101"]}
    return AuditRecord(RECORD_SCHEMA, facts | dict(data), settings | dict(plan), dict(environment), ())


def test_nothing_differs():
    found = record_differences(record(), record(environment={"seconds": 3, "started": "today"}))
    assert (found.data, found.options, found.versions) == ((), (), ())
    assert found.sentence == "The same data and options and versions."


def test_data_differ_in_rows_columns_and_content():
    grown = record({"rows": 1001, "fingerprint": "g"})
    assert record_differences(record(), grown).data == ("1,000 rows before, 1,001 now",)
    named = record_differences(record(), grown, (["p", "q"], ["q", "r", "s"])).data
    assert named[1:] == ("1 row gone: p", "2 rows new: r, s")
    other = [{"name": "a", "kind": "category", "role": "feature"}, {"name": "c", "kind": "numeric", "role": "feature"}]
    columns = record_differences(record(), record({"columns": other, "fingerprint": "g"})).data
    assert columns == (
        "columns gone: b", "columns new: c", "column 'a' read as numeric (feature) before, as category (feature) now",
    )  # fmt: skip
    content = record_differences(record(), record({"fingerprint": "g"}))
    assert content.data == ("the content of cells or labels changed",)
    assert content.sentence == "Other data; the same options and versions."


def test_options_are_those_of_the_plan_and_the_columns_named():
    asked = record({"roles": {"label": "y", "drop_columns": ["b"]}}, {"seed": 1, "checks": ["SW101", "SW102"]})
    found = record_differences(record(), asked)
    assert found.options == (
        "seed: 0 before, 1 now", "drop columns: none before, b now", "checks not asked before: SW102",
    )  # fmt: skip
    assert not found.data


def test_versions_are_those_of_the_environment():
    old, new = record(environment={"numpy": "1", "cores": 2}), record(environment={"numpy": "2", "cores": 2})
    found = record_differences(old, new)
    assert found.versions == ("numpy: 1 before, 2 now",)
    assert found.sentence == "Other versions; the same data and options."
