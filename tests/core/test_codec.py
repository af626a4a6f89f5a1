"""A record survives JSON and the disk exactly, and a disk that fails leaves the old record alone."""

import datetime as dt
import json
import os
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from samplewise.core import codec
from samplewise.core.errors import InputError
from samplewise.core.findings import RECORD_SCHEMA, AuditRecord, CheckResult, Finding, Outcome, Remedy
from samplewise.core.values import Estimate, Exhibit, Scores

NAN = float("nan")


def scores(rows: int, keys: Any = None) -> Scores:
    values = np.linspace(1 / 3, 1.0, rows)
    ids = np.arange(rows) * 7 if keys is None else keys
    return Scores("wrong_label", values, ids, "probability", "more likely wrong", spread=np.sqrt(values))


def record(*extra: Scores, keys: tuple[Any, ...] = (3, "b7")) -> AuditRecord:
    effect = Estimate("effect", 1.25, 0.5, 2.0, "points", 0.95, "tested-advice")
    remedy = Remedy(
        "relabel", keys, ("cat", "dog"), "Relabel them", effect, replace(effect, value=NAN), "helps", cost=12.5
    )
    finding = Finding(
        "SW201", "labels", "warning", keys, "why", (remedy,), (Estimate("n", NAN, reason="one"),), "row", "c"
    )
    columns = {
        "z first": np.array([1.5, NAN], dtype=np.float32),
        "a": np.array(["x", "Größe"]),
        "mixed": np.array([1, None], dtype=object),
        "flag": np.array([True, False]),
        "when": np.array(["2026-01-02", "NaT"], dtype="datetime64[ns]"),
        "waited": np.array([5, "NaT"], dtype="timedelta64[s]"),
    }
    exhibit = Exhibit("table", "An <b>exhibit", columns, "points", "read with care")
    result = CheckResult((finding,), (scores(3), *extra), (exhibit,), (effect,))
    outcomes = (
        Outcome("SW201", "labels", "found", "", 1.5, result),
        Outcome("SW301", "rows", "skipped", "--budget 60s"),
    )
    return AuditRecord(
        RECORD_SCHEMA, {"rows": 3, "classes": ["a", "b"]}, {"seed": 0, "budget": None}, {"cores": 2}, outcomes
    )


def same_arrays(left: Any, right: Any) -> None:
    assert left.dtype == right.dtype
    np.testing.assert_array_equal(left, right)


class TestDicts:
    def test_a_record_comes_back_equal_through_json_text(self) -> None:
        before = record()
        after = codec.from_dict(json.loads(codec.to_text(before)))
        assert codec.to_dict(after) == codec.to_dict(before)
        assert after.data == before.data
        found, restored = (r.outcomes[0].result.findings[0] for r in (before, after))
        assert restored.keys == found.keys
        assert restored.remedies[0].effect == found.remedies[0].effect
        assert np.isnan(restored.measured[0].value)
        assert after.outcomes[1] == before.outcomes[1]

    def test_arrays_come_back_with_their_dtype_and_columns_in_their_order(self) -> None:
        before = record()
        after = codec.from_dict(json.loads(codec.to_text(before)))
        left, right = (r.outcomes[0].result for r in (before, after))
        for part in ("values", "keys", "spread"):
            same_arrays(getattr(left.scores[0], part), getattr(right.scores[0], part))
        assert list(right.exhibits[0].columns) == list(left.exhibits[0].columns)
        for name, column in left.exhibits[0].columns.items():
            same_arrays(column, right.exhibits[0].columns[name])

    @pytest.mark.parametrize("ids", [np.array(["r1", "ü2"]), np.array([2**60, -1]), np.array([1, "x"], dtype=object)])
    def test_ids_of_every_kind_survive(self, ids: Any) -> None:
        before = record(scores(2, ids), keys=tuple(ids))
        after = codec.from_dict(json.loads(codec.to_text(before)))
        same_arrays(after.outcomes[0].result.scores[1].keys, ids)
        assert after.outcomes[0].result.findings[0].keys == tuple(ids.tolist())

    def test_composite_ids_stay_hashable_tuples(self) -> None:
        after = codec.from_dict(json.loads(codec.to_text(record(keys=(("site", 3), ("site", 4))))))
        assert set(after.outcomes[0].result.findings[0].keys) == {("site", 3), ("site", 4)}

    def test_what_json_cannot_hold_becomes_text_or_null(self) -> None:
        class Color(StrEnum):
            RED = "red"

        odd = {
            "nan": NAN,
            "inf": float("inf"),
            "numpy": np.float32(0.5),
            "flag": np.bool_(True),
            "tuple": (1, (2,)),
            "set": {2, 1},
            "day": dt.date(2026, 1, 2),
            "nat": np.datetime64("NaT"),
            "bytes": b"a\xff",
            "enum": Color.RED,
            "path": Path("a/b"),
            "text": np.str_("s"),
            3: "a number as key",
        }
        plain = json.loads(codec.to_text(AuditRecord(RECORD_SCHEMA, odd, {}, {}, ())))["data"]
        assert plain == {
            "nan": None,
            "inf": None,
            "numpy": 0.5,
            "flag": True,
            "tuple": [1, [2]],
            "set": [1, 2],
            "day": "2026-01-02",
            "nat": None,
            "bytes": "a�",
            "enum": "red",
            "path": "a/b",
            "text": "s",
            "3": "a number as key",
        }

    def test_lists_are_accepted_as_exhibit_columns(self) -> None:
        exhibit = Exhibit("bars", "b", {"name": ["a", "b"], "value": [1.0, NAN], "any": [1, "x"]})  # type: ignore[dict-item]
        outcome = Outcome("SW1", "t", "clean", result=CheckResult(exhibits=(exhibit,)))
        columns = codec.outcome_from_dict(codec.outcome_to_dict(outcome)).result.exhibits[0].columns
        assert columns["name"].tolist() == ["a", "b"]
        assert np.isnan(columns["value"][1])
        assert columns["any"].tolist() == [1, "x"]

    def test_one_outcome_survives_alone(self) -> None:
        before = record().outcomes[0]
        after = codec.outcome_from_dict(json.loads(codec.to_text(before)))
        assert codec.outcome_to_dict(after) == codec.outcome_to_dict(before)

    def test_text_is_sorted_ends_with_one_newline_and_keeps_every_digit(self) -> None:
        text = codec.to_text(record())
        assert text.endswith("}\n")
        assert list(json.loads(text)) == sorted(json.loads(text))
        assert json.loads(text)["outcomes"][0]["result"]["scores"][0]["values"]["values"][0] == 1 / 3

    def test_lone_surrogates_of_broken_file_names_survive(self) -> None:
        before = record(keys=("im\udcff.png", "b"))
        assert (
            codec.from_dict(json.loads(codec.to_text(before))).outcomes[0].result.findings[0].keys[0] == "im\udcff.png"
        )


class TestRefusals:
    @pytest.mark.parametrize("version", [1, 2, 99])
    def test_another_schema_version(self, version: int) -> None:
        with pytest.raises(InputError, match=rf"(?s)schema version.*got:\s+int {version}.*audit again.*version 4"):
            codec.from_dict(codec.to_dict(record()) | {"schema": version})

    def test_something_else_altogether(self) -> None:
        with pytest.raises(InputError, match=r"(?s)not an audit record.*top level.*fix:.*audit\.json"):
            codec.from_dict([1, 2])  # type: ignore[arg-type]

    @pytest.mark.parametrize(
        ("path", "value", "message"),
        [
            (("outcomes", 0, "status"), "fund", r"where:\s+record\.outcomes\[0\]\.status\n.*\n.*did you mean 'found'"),
            (("outcomes", 0, "seconds"), "fast", r"expected a number\n  where:\s+record\.outcomes\[0\]\.seconds"),
            (("outcomes", 0, "result", "findings"), {}, r"expected a list\n.*result\.findings"),
            (("outcomes", 0, "title"), 3, r"expected text\n.*outcomes\[0\]\.title"),
            (("outcomes", 0, "result", "scores", 0, "values"), [1.0], r"expected an object\n.*scores\[0\]\.values"),
            (("data",), [], r"expected an object\n.*record\.data"),
        ],
    )
    def test_the_place_that_does_not_fit_is_named(self, path: tuple[Any, ...], value: Any, message: str) -> None:
        content: Any = json.loads(codec.to_text(record()))
        place = content
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = value
        with pytest.raises(InputError, match=message):
            codec.from_dict(content)

    def test_a_missing_field_without_default(self) -> None:
        content = codec.to_dict(record())
        del content["outcomes"][0]["code"]
        with pytest.raises(InputError, match=r"(?s)Outcome is incomplete.*outcomes\[0\].*fix:.*missing: code"):
            codec.from_dict(content)


class TestFiles:
    def test_long_scores_are_stored_next_to_the_record_and_come_back(self, tmp_path: Path) -> None:
        before = record(scores(10_001), scores(10_000))
        path = codec.save_record(before, tmp_path / "run")
        stored = json.loads(path.read_text())["outcomes"][0]["result"]["scores"]
        assert [len(item["values"]["values"]) for item in stored] == [3, 100, 10_000]
        assert stored[1]["stored"]["rows"] == 10_001
        after = codec.load_record(tmp_path / "run")
        assert codec.to_dict(after) == codec.to_dict(before)

    @pytest.mark.parametrize("kind", ["U", "object text", "mixed", "composite"])
    def test_ids_of_every_kind_are_stored_without_pickle(self, tmp_path: Path, kind: str) -> None:
        ids = np.array([f"row {i}" for i in range(10_001)], dtype=str if kind == "U" else object)
        if kind == "mixed":
            ids[0] = 5
        if kind == "composite":
            ids[0] = ("a", 1)
        before = record(scores(10_001, ids))
        codec.save_record(before, tmp_path)
        (archive,) = tmp_path.glob(codec.SCORES_FILES)
        with np.load(archive, allow_pickle=False) as arrays:
            assert {values.dtype.kind for values in arrays.values()} == {"f", "U"}
        same_arrays(codec.load_record(tmp_path).outcomes[0].result.scores[1].keys, ids)

    def test_without_the_archive_the_top_can_still_be_read(self, tmp_path: Path) -> None:
        codec.save_record(record(scores(20_000)), tmp_path)
        (archive,) = tmp_path.glob(codec.SCORES_FILES)
        archive.unlink()
        with pytest.raises(InputError, match=r"(?s)where:.*scores-.*\.npz.*fix:.*partial=True"):
            codec.load_record(tmp_path)
        top = codec.load_record(tmp_path, partial=True).outcomes[0].result.scores[1]
        assert len(top) == 100
        assert top.values[0] == 1.0

    def test_an_archive_of_another_run_is_refused(self, tmp_path: Path) -> None:
        codec.save_record(record(scores(20_000)), tmp_path / "a")
        codec.save_record(record(scores(30_000)), tmp_path / "b")
        (own,) = (tmp_path / "b").glob(codec.SCORES_FILES)
        next((tmp_path / "a").glob(codec.SCORES_FILES)).replace(own)
        with pytest.raises(InputError, match=r"(?s)SW201\.1 belongs to another record.*fix:.*same run"):
            codec.load_record(tmp_path / "b" / "audit.json")

    def test_a_stale_archive_goes_with_its_record(self, tmp_path: Path) -> None:
        codec.save_record(record(scores(20_000)), tmp_path)
        codec.save_record(record(), tmp_path)
        assert sorted(os.listdir(tmp_path)) == ["audit.json"]

    def test_same_record_same_bytes(self, tmp_path: Path) -> None:
        for name in "ab":
            codec.save_record(record(scores(20_000)), tmp_path / name)
        assert (tmp_path / "a/audit.json").read_bytes() == (tmp_path / "b/audit.json").read_bytes()

    def test_a_full_disk_leaves_the_old_files_and_no_debris(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        codec.save_record(record(scores(20_000)), tmp_path)
        before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
        calls = []

        def full(descriptor: int) -> None:
            calls.append(descriptor)
            if len(calls) == 3:  # the archive and its name were written, the JSON no longer fits
                raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space left"):
            codec.save_record(record(scores(30_000)), tmp_path)
        assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before

    @pytest.mark.parametrize(
        ("text", "message"),
        [(None, r"(?s)no audit record here.*where:.*audit\.json"), ("{", r"(?s)not JSON.*fix:\s+audit again")],
    )
    def test_files_that_cannot_be_read(self, tmp_path: Path, text: str | None, message: str) -> None:
        if text is not None:
            (tmp_path / codec.RECORD_FILE).write_text(text)
        with pytest.raises(InputError, match=message):
            codec.load_record(tmp_path / codec.RECORD_FILE)
