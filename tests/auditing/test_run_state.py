"""The run folder: what holds more is not replaced by what holds less, and what was damaged is not believed."""

import contextlib
import errno
import json
import os
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import samplewise as sw
from samplewise.auditing import run_state as module
from samplewise.auditing.catalog import catalog
from samplewise.auditing.run_state import RunFolder, require_usable, settings_of
from samplewise.core.codec import load_record
from samplewise.core.errors import InputError
from samplewise.core.findings import RECORD_SCHEMA

DRAW = np.random.default_rng(0)
Y = np.arange(120) % 2
FRAME = pd.DataFrame(DRAW.normal(size=(120, 3)) + 2.0 * Y[:, None], columns=list("abc")).assign(kind=Y)
FRAME = pd.concat([FRAME, FRAME.iloc[:6]], ignore_index=True)
OTHER = FRAME.assign(a=FRAME["a"] + 1).iloc[:-2]
FACTS = {"fingerprint": "a" * 32, "test": None, "supplied": "none", "task": "classification", "classes": ["no", "yes"]}
SETTINGS = settings_of(FACTS, {"seed": 0}, True)
CHECKS = ("SW101", "SW105", "SW102")


def run(folder, checks=CHECKS, data=FRAME, **options):
    return sw.audit(data, label="kind", checks=list(checks), run_dir=folder, **options)


def codes(folder):
    return [outcome.code for outcome in load_record(folder).outcomes if outcome.status != "skipped"]


def answer(folder):
    """The record without what may differ between two runs of the same audit."""
    content = json.loads((folder / "audit.json").read_text())
    for outcome in content["outcomes"]:
        del outcome["seconds"]
    return {name: part for name, part in content.items() if name not in ("environment", "checksum")}


def names(folder):
    return sorted(item.name for item in folder.iterdir())


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "finished"
    run(folder)
    return folder


@pytest.fixture
def folder(finished, tmp_path):
    """A copy of a finished run."""
    shutil.copytree(finished, tmp_path / "run")
    return tmp_path / "run"


@pytest.fixture
def interrupted(monkeypatch):
    """Makes the next audits stop at their second check."""

    def interrupt():
        ended = RunFolder.keep
        count = []

        def keep(self, outcome):
            ended(self, outcome)
            count.append(outcome)
            if len(count) == 2:
                raise KeyboardInterrupt

        monkeypatch.setattr(RunFolder, "keep", keep)
        monkeypatch.setattr(RunFolder, "outcome", lambda self, code: None)

    return interrupt


# ---- who may write --------------------------------------------------------------------------------------------------


def test_a_new_an_empty_and_the_same_folder_are_accepted_and_left_free(tmp_path):
    (tmp_path / "empty").mkdir()
    for path in (tmp_path / "deep" / "run", tmp_path / "empty", tmp_path / "empty"):
        state = RunFolder.claim(path, SETTINGS)
        assert state.notes == []
        state.release()
        assert names(path) == ["run.json"]


def test_a_folder_with_other_files_is_refused_and_left_alone(tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(InputError, match="holds other files") as caught:
        run(tmp_path)
    assert (caught.value.where, caught.value.got) == (str(tmp_path), "thesis.tex")
    assert "--out DIR" in caught.value.fix
    assert names(tmp_path) == ["thesis.tex"]


def test_a_file_in_the_way_is_refused(tmp_path):
    (tmp_path / "run").write_text("")
    with pytest.raises(InputError, match="is a file") as caught:
        require_usable(tmp_path / "run")
    assert "--out run/" in caught.value.fix
    with pytest.raises(InputError, match="cannot be made"):
        RunFolder.claim(tmp_path / "run" / "deeper", SETTINGS)


def test_a_read_only_folder_is_refused_before_anything_is_computed(tmp_path, monkeypatch):
    def refused(self, *given, **more):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(self))

    monkeypatch.setattr(Path, "touch", refused)
    monkeypatch.setattr("samplewise.auditing.audit_call.take_in", None)
    with pytest.raises(InputError, match="cannot be written to") as caught:
        run(tmp_path)
    assert caught.value.got == "Read-only file system"


def test_a_folder_in_use_is_refused_and_its_record_stays(folder):
    state = RunFolder.claim(folder, json.loads((folder / "run.json").read_text())["settings"])
    with pytest.raises(InputError, match="another audit is writing"):
        run(folder)
    state.release()
    assert codes(folder) == list(CHECKS)


# ---- the same audit again -------------------------------------------------------------------------------------------


def test_other_checks_join_the_record_and_no_outcome_is_lost(folder):
    heard = []
    run(folder, ["SW109"], progress=heard.append)
    assert codes(folder) == ["SW101", "SW109", "SW105", "SW102"]
    assert load_record(folder).plan["checks"] == ["SW101", "SW109", "SW105", "SW102"]
    assert any("3 more checks of the record" in event.message for event in heard if event.stage == "note")


def test_accepting_and_pricing_are_no_other_audit(folder):
    run(folder, accepted=["SW102"], prices={"review": 0.5})
    assert load_record(folder).outcome("SW102").result.findings[0].severity == "note"
    run(folder)
    assert load_record(folder).outcome("SW102").result.findings[0].severity != "note"


def test_a_finished_run_started_again_and_stopped_keeps_everything(folder, interrupted):
    before = {name: (folder / name).read_bytes() for name in ("audit.json", "report.html", "findings/SW102.csv")}
    interrupted()
    with pytest.raises(KeyboardInterrupt):
        run(folder)
    assert {name: (folder / name).read_bytes() for name in before} == before
    assert {"audit.json", "report.html"} <= set(names(folder / "new"))


def test_what_was_stopped_goes_on_and_ends_as_if_it_had_not(folder, finished, interrupted, monkeypatch):
    with monkeypatch.context():
        interrupted()
        with pytest.raises(KeyboardInterrupt):
            run(folder)
    monkeypatch.undo()
    run(folder)
    assert answer(folder) == answer(finished)
    assert "new" not in names(folder)


def test_a_first_run_that_is_stopped_leaves_its_outcomes_in_place(tmp_path, interrupted):
    interrupted()
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path)
    assert codes(tmp_path) == ["SW101"]
    assert "new" not in names(tmp_path)


def test_an_outcome_of_a_check_that_there_is_no_more_stays(folder, monkeypatch):
    fewer = {code: check for code, check in catalog().items() if code != "SW105"}
    monkeypatch.setattr("samplewise.auditing.audit_call.catalog", lambda: fewer)
    run(folder, ["SW101"])
    assert sorted(codes(folder)) == sorted(CHECKS)


# ---- another audit --------------------------------------------------------------------------------------------------


def test_other_data_or_options_are_refused_and_named(folder):
    before = (folder / "audit.json").read_bytes()
    with pytest.raises(InputError, match="belongs to other data") as caught:
        run(folder, data=OTHER)
    assert "--replace" in caught.value.fix
    with pytest.raises(InputError, match="other options") as caught:
        run(folder, seed=5, show_values=False)
    assert caught.value.got == "show_values true there, false here; seed 0 there, 5 here"
    with pytest.raises(InputError, match="other options") as caught:
        run(folder, probabilities=np.full((126, 2), 0.5))
    assert "other probabilities or embeddings" in caught.value.got
    assert (folder / "audit.json").read_bytes() == before


def test_replacing_keeps_the_old_until_the_new_is_complete(folder, interrupted, monkeypatch):
    old = answer(folder)
    interrupted()
    with pytest.raises(KeyboardInterrupt):
        run(folder, data=OTHER, replace=True)
    assert answer(folder) == old
    assert codes(folder / "new") == ["SW101"]
    monkeypatch.undo()
    with pytest.raises(InputError, match="belongs to other data"):
        run(folder, data=OTHER)
    run(folder, data=OTHER, replace=True)
    assert load_record(folder).data["rows"] == len(OTHER)
    assert "new" not in names(folder)
    run(folder, data=OTHER)
    assert {file.name.split("-")[0] for file in (folder / "outcomes").iterdir()} == set(CHECKS)
    assert len(list((folder / "outcomes").iterdir())) == 3  # those of the replaced record are gone


def test_replacing_with_fewer_checks_of_the_same_audit_starts_afresh(folder):
    run(folder, ["SW105"], replace=True)
    assert codes(folder) == ["SW105"]


def test_lists_people_edited_are_kept_by_the_data_they_are_about(folder, finished):
    frame = pd.read_csv(folder / "findings" / "SW102.csv").assign(decision="drop")
    edited = frame.to_csv(index=False)
    (folder / "findings" / "SW102.csv").write_text(edited)
    data = json.loads((folder / "run.json").read_text())["settings"]["data"]
    heard = []
    run(folder, data=OTHER, replace=True, progress=heard.append)
    assert (folder / "decisions" / data[:16] / "SW102.csv").read_text() == edited
    assert pd.read_csv(folder / "findings" / "SW102.csv")["decision"].isna().all()
    assert any("SW102.csv: edited for the data that was here before" in event.message for event in heard)


@pytest.mark.parametrize("moment", range(1, 13))
def test_a_kill_between_two_moves_loses_nothing_and_the_next_run_moves_the_rest(folder, tmp_path, moment):
    (folder / "findings" / "SW102.csv").write_text("id,decision\n3,drop\n")
    fresh = tmp_path / "fresh"
    run(fresh, data=OTHER)
    with pytest.MonkeyPatch.context() as patched:
        moves = []
        move = Path.replace

        def killed(self, target):
            if any(part in str(self) for part in ("fits", "outcomes", "/new/.", "rows-")):
                return move(self, target)  # on the way there
            if Path(target).parent not in (folder / "new", folder / "new" / "findings"):
                moves.append(target)
                if len(moves) == moment:
                    raise KeyboardInterrupt
            return move(self, target)

        patched.setattr(Path, "replace", killed)
        with contextlib.suppress(KeyboardInterrupt):
            run(folder, data=OTHER, replace=True)
    load_record(folder)  # whatever is in place is a whole record
    if (folder / "new" / "run.json").exists():
        run(folder, data=OTHER, replace=moment < 2)
    assert answer(folder) == answer(fresh)
    (kept,) = (folder / "decisions").rglob("SW102.csv")
    assert kept.read_text() == "id,decision\n3,drop\n"
    assert names(folder / "findings") == names(fresh / "findings")


# ---- damage ---------------------------------------------------------------------------------------------------------


def flip(file):
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 0x10
    file.write_bytes(content)


def cut(file):
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def empty(file):
    file.write_bytes(b"")


def deep(file):
    file.write_bytes(b"[" * 100_000)


def object_of_nothing(file):
    file.write_bytes(b"{}")


def folder_instead(file):
    file.unlink()
    file.mkdir()


def forged(file):
    content = json.loads(file.read_text())
    content["result" if "result" in content else "data"] = {}
    file.write_text(json.dumps(content))


DAMAGE = [flip, cut, empty, deep, object_of_nothing, folder_instead, forged]


@pytest.mark.parametrize("name", ["run.json", "audit.json", "outcomes", "report.html"])
@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_file_is_neither_believed_nor_fatal(folder, finished, name, damage):
    if name == "report.html" and damage is forged:
        pytest.skip("no JSON")
    files = sorted((folder / name).iterdir()) if name == "outcomes" else [folder / name]
    for file in files:
        damage(file)
    if name == "audit.json":
        with pytest.raises(InputError) as caught:
            load_record(folder)
        assert "audit again" in caught.value.fix or damage in (folder_instead, object_of_nothing)
    heard = []
    run(folder, progress=heard.append)
    assert answer(folder) == answer(finished)
    assert set(names(folder / "outcomes")) >= set(names(finished / "outcomes"))
    notes = [event.message for event in heard if event.stage == "note"]
    assert notes if name != "report.html" or damage is folder_instead else not notes
    record = load_record(folder)
    assert record.environment.get("run_folder", []) == notes


def test_a_damaged_record_of_more_checks_is_made_again_from_their_outcomes(folder, finished):
    flip(folder / "audit.json")
    run(folder, ["SW101"])
    assert {outcome["code"] for outcome in answer(folder)["outcomes"]} == set(CHECKS)
    assert (folder / "audit.json.damaged").exists()


def test_outcomes_of_other_checks_copied_over_are_not_believed(folder, finished):
    first, second, third = sorted((folder / "outcomes").iterdir())
    content = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(third.read_bytes())
    third.write_bytes(content)
    run(folder)
    assert answer(folder) == answer(finished)


def test_the_record_of_another_run_copied_over_is_set_aside(folder, finished, tmp_path):
    run(tmp_path / "other", data=OTHER)
    shutil.copy(tmp_path / "other" / "audit.json", folder / "audit.json")
    run(folder)
    assert answer(folder) == answer(finished)
    assert load_record(folder / "audit.json.damaged").data["rows"] == len(OTHER)


@pytest.mark.parametrize("name", ["fits", "outcomes", "findings", "decisions", "new"])
def test_a_file_in_the_place_of_a_folder_is_set_aside(folder, finished, name):
    shutil.rmtree(folder / name, ignore_errors=True)
    (folder / name).write_text("hello")
    run(folder)
    assert answer(folder) == answer(finished)
    assert (folder / f"{name}.damaged").read_text() == "hello"


def test_without_its_marker_a_run_folder_is_known_by_what_it_holds(folder, finished):
    (folder / "run.json").unlink()
    with pytest.raises(InputError, match="belongs to other data"):
        run(folder, data=OTHER)
    run(folder)
    assert answer(folder) == answer(finished)
    (folder / "run.json").unlink()
    (folder / "thesis.tex").write_text("years of work")
    with pytest.raises(InputError, match="holds other files"):
        run(folder)


def test_a_record_of_another_version_is_not_replaced_unasked(folder):
    content = json.loads((folder / "audit.json").read_text())
    del content["checksum"]
    (folder / "audit.json").write_text(json.dumps(content | {"schema": RECORD_SCHEMA - 1}))
    with pytest.raises(InputError, match="another audit") as caught:
        run(folder)
    assert "another version" in caught.value.got
    run(folder, replace=True)
    assert codes(folder) == list(CHECKS)


def test_what_was_complete_but_then_damaged_does_not_take_the_place_of_the_record(folder, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(module, "finish_replacing", lambda folder: (_ for _ in ()).throw(KeyboardInterrupt))
        patched.setattr(RunFolder, "_tidy", lambda self: None)
        with pytest.raises(KeyboardInterrupt):
            run(folder, data=OTHER, replace=True)
    old = answer(folder)
    flip(folder / "new" / "audit.json")
    heard = []
    run(folder, progress=heard.append)
    assert answer(folder) == old
    assert any("new/ was damaged" in event.message for event in heard)


# ---- a full disk ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("moment", [1, 2, 3, 4, 5, 7, 9, 12, 15])
@pytest.mark.parametrize("replace", [False, True])
def test_a_full_disk_at_any_write_leaves_the_old_record(folder, moment, replace, monkeypatch):
    before, record = answer(folder), load_record(folder)
    count, flush = [], os.fsync

    def full(descriptor):
        count.append(descriptor)
        if len(count) >= moment:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        flush(descriptor)

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        stopped = []
        try:
            run(folder, data=OTHER if replace else FRAME, replace=replace)
        except InputError as error:
            stopped.append(error.got)
    assert all("No space left" in got for got in stopped)
    assert len(load_record(folder).outcomes) == len(record.outcomes)
    run(folder, replace=True)
    assert answer(folder) == before
