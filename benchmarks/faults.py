"""Runs that are killed and run folders that are damaged: what is lost, believed, left running or half written.

Kills: `samplewise audit` on a small table, in a fresh folder or in one that holds a finished run, is sent SIGKILL,
SIGTERM or SIGHUP at a moment drawn over the time an undisturbed run takes (reading, starting workers, fits, writing).
Counted are records with fewer outcomes than before, processes of its session alive three seconds later, files that are
half written, and records of the run that follows which differ from that of an undisturbed one.

Full disks: from the k-th file on that the program opens for writing in its folder, the system answers that no space is
left, at some k in a fresh folder and in a finished one. Counted as for kills.

Damage: a finished run folder is damaged in one way, and the same audit is run again. Counted are records that differ
from the undamaged one (something was believed) and runs that failed (something was fatal).

`make bench-faults` goes on where it stopped: every case is a line of `results/faults.json` once it is done. The program
is forked from this process, which has audited the table once: no moment is spent on importing.
"""

import errno
import json
import os
import platform
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import sklearn.ensemble  # noqa: F401  # as the learner of the runs with workers does

import samplewise as sw
from samplewise.auditing.run_folder import write_text
from samplewise.cli import main
from samplewise.core.codec import load_record
from samplewise.core.errors import SamplewiseError
from samplewise.core.sealed_files import unseal, unseal_json

RESULTS = Path(__file__).parent / "results" / "faults.json"
MOMENTS = 100
FULL_AT = (1, 2, 3, 4, 5, 6, 8, 11, 15, 20)  # the first file that cannot be opened for writing
SIGNALS = ("SIGKILL", "SIGTERM", "SIGHUP")
SECONDS_TO_END = 3.0  # for processes of a run that was killed
SECONDS_TO_STOP = 60.0  # for a run that was asked to
SECONDS_AT_MOST = 600.0  # for any run
SOURCE = ("--label", "kind", "--id", "key", "--quiet")
VARIANTS = {  # what an undisturbed run of each spends its time on
    "fits in this process": ("--learner", "kernel"),
    "fits in workers": ("--learner", "boosting", "--checks", "SW102,SW501", "--budget", "4s"),
}
WITH_WORKERS = 4  # one kill in so many is of a run with workers
MACHINE = f"{platform.system()}, {os.cpu_count()} cores, Python {platform.python_version()}"
Case = Callable[[], dict[str, Any]]


def table() -> pd.DataFrame:
    """120 rows with wrong labels and duplicates."""
    draw = np.random.default_rng(0)
    frame = pd.DataFrame(draw.normal(size=(110, 3)), columns=list("abc")).round(6)
    kind = (frame["a"] + 0.3 * draw.normal(size=110) > 0) ^ (draw.random(110) < 0.1)
    frame = frame.assign(kind=np.where(kind, "yes", "no"))
    frame = pd.concat([frame, frame.iloc[:10]], ignore_index=True)
    frame.insert(0, "key", [f"k{row}" for row in range(len(frame))])
    return frame


# ---- one run --------------------------------------------------------------------------------------------------------


def start(folder: Path, variant: str, full_at: int | None = None) -> int:
    """The program on the table, in a session of its own; returns its process.

    Args:    full_at: which file in the folder is the first that the disk has no room for; None: there is room.
    """
    process = os.fork()
    if process:
        return process
    try:
        os.setsid()
        quiet = os.open(os.devnull, os.O_RDWR)
        for descriptor in range(3):
            os.dup2(quiet, descriptor)
        if full_at is not None:
            fill_disk(folder, full_at)
        source = ["samplewise", "audit", str(folder.parent / "t.csv"), *SOURCE]
        sys.argv = [*source, *VARIANTS[variant], "--out", str(folder)]
        main()
    except BaseException:  # whatever it is, this copy must not go on as the program that measures
        pass
    finally:
        os._exit(0)


def fill_disk(folder: Path, full_at: int) -> None:
    """From now on the system has no room for this and every later file that is opened for writing in the folder."""
    opened = 0

    def watch(event: str, details: tuple[Any, ...]) -> None:
        nonlocal opened
        if event != "open" or not str(details[0]).startswith(str(folder)) or not details[2] & (os.O_WRONLY | os.O_RDWR):
            return
        opened += 1
        if opened >= full_at:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(details[0]))

    sys.addaudithook(watch)


def ended(process: int, seconds: float) -> bool:
    """Whether the process ends within the time."""
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        if os.waitpid(process, os.WNOHANG)[0]:
            return True
        time.sleep(0.02)
    return False


def session(leader: int) -> list[int]:
    """Processes of a session that are still running."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            state, *fields = (entry / "stat").read_text().rpartition(")")[2].split() if entry.name.isdigit() else "Z"
        except OSError:
            continue
        if state != "Z" and int(fields[2]) == leader:
            found.append(int(entry.name))
    return found


def answer(folder: Path) -> dict[str, Any]:
    """The record without what may differ between two runs: seconds, environment and the checksum over both."""
    content = json.loads((folder / "audit.json").read_bytes())
    for outcome in content["outcomes"]:
        del outcome["seconds"]
    return {name: part for name, part in content.items() if name not in ("environment", "checksum")}


def outcomes(folder: Path) -> int:
    """How many checks have ended in the record; 0 where there is none."""
    if not (folder / "audit.json").exists():
        return 0
    return sum(outcome.status != "skipped" for outcome in load_record(folder).outcomes)


def half_written(folder: Path) -> list[str]:
    """Files under their final names whose checksum or last line is missing."""
    wrong = []
    for file in folder.rglob("*"):
        name = file.name
        if not file.is_file() or name.endswith((".tmp", ".part", ".lock", ".csv", ".xml")):
            continue
        content = file.read_bytes()
        whole = (
            unseal(file.stem, content) is not None if name.endswith(".npy")
            else unseal_json(name, content) is not None if name.endswith(".json")
            else content.rstrip().endswith(b"</html>") if name.endswith(".html")
            else True
        )  # fmt: skip
        wrong += [] if whole else [str(file.relative_to(folder))]
    return wrong


def prepared(work: Path, variant: str, fresh: bool) -> Path:
    """The folder of the next run: not there, or a copy of a finished one."""
    folder = work / "run"
    shutil.rmtree(folder, ignore_errors=True)
    if not fresh:
        shutil.copytree(work / variant, folder)
    return folder


def kill(case: int, work: Path, seconds: dict[tuple[str, bool], float]) -> dict[str, Any]:
    """One run that is killed, and the one that follows."""
    variant = list(VARIANTS)[case % WITH_WORKERS == 0]
    name, fresh = SIGNALS[case % len(SIGNALS)], case // WITH_WORKERS % 2 == 0
    draw, longest = np.random.default_rng(case), seconds[variant, fresh]
    while True:  # a run that was over sooner than the undisturbed one is followed by another, with an earlier moment
        moment = float(draw.uniform(0, longest))
        folder = prepared(work, variant, fresh)
        before = outcomes(folder)
        process = start(folder, variant)
        if not ended(process, moment):
            break
        longest = moment
    os.kill(process, getattr(signal, name))
    stopped = ended(process, SECONDS_TO_STOP)
    limit = time.monotonic() + SECONDS_TO_END
    while session(process) and time.monotonic() < limit:
        time.sleep(0.05)
    alive = session(process)
    for left in alive:
        os.kill(left, signal.SIGKILL)
    about = {
        "case": f"kill {case}", "variant": variant, "signal": name, "folder": "fresh" if fresh else "finished",
        "moment": round(moment, 2), "did_not_stop": not stopped, "alive": len(alive),
    }  # fmt: skip
    return about | left_behind(folder, work, variant, before)


def full_disk(full_at: int, fresh: bool, work: Path) -> dict[str, Any]:
    """One run on a disk that fills up, and the one that follows when there is room again."""
    variant = next(iter(VARIANTS))
    folder = prepared(work, variant, fresh)
    before = outcomes(folder)
    stopped = ended(start(folder, variant, full_at), SECONDS_AT_MOST)
    kind = "fresh" if fresh else "finished"
    about = {"case": f"full disk {full_at} {kind}", "folder": kind, "did_not_stop": not stopped}
    return about | left_behind(folder, work, variant, before)


def left_behind(folder: Path, work: Path, variant: str, before: int) -> dict[str, Any]:
    """What a run that was disturbed left in its folder, and whether the one that follows ends as if nothing was."""
    found = {
        "outcomes_before": before, "outcomes_after": outcomes(folder),
        "half_written": half_written(folder) if folder.exists() else [],
    }  # fmt: skip
    ended(start(folder, variant), SECONDS_AT_MOST)
    return found | {"equal": answer(folder) == answer(work / variant)}


# ---- damage ---------------------------------------------------------------------------------------------------------


def _flip(file: Path) -> None:
    content = bytearray(file.read_bytes())
    for place in range(len(content) // 3, len(content), 97):
        content[place] ^= 0x40
    file.write_bytes(content)


def _swap(file: Path) -> None:
    others = [other for other in sorted(file.parent.iterdir()) if other != file and other.suffix == file.suffix]
    if others:
        shutil.copy(others[0], file)


def _folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


WAYS: dict[str, Callable[[Path], Any]] = {
    "bits flipped": _flip,
    "cut in half": lambda file: file.write_bytes(file.read_bytes()[: file.stat().st_size // 2]),
    "empty": lambda file: file.write_bytes(b""),
    "zeros": lambda file: file.write_bytes(b"\0" * file.stat().st_size),
    "other text": lambda file: file.write_bytes(b"hello"),
    "deep brackets": lambda file: file.write_bytes(b"[" * 100_000),
    "an empty object": lambda file: file.write_bytes(b"{}"),
    "the next file": _swap,
    "a folder": _folder,
    "gone": lambda file: file.unlink(),
}
PLACES = {"fits": "fits/*.npy", "outcomes": "outcomes/*.json", "audit.json": "audit.json", "run.json": "run.json"}


def damage(place: str, way: str, work: Path) -> dict[str, Any]:
    """One way to damage one kind of file; fits are asked for only where the outcomes are gone."""
    folder, finished = work / "run", work / next(iter(VARIANTS))
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(finished, folder)
    for file in sorted(folder.glob(PLACES[place])):
        WAYS[way](file)
    if place == "fits":
        shutil.rmtree(folder / "outcomes")
    found: dict[str, Any] = {"case": f"damage {place}: {way}", "fatal": "", "believed": False}
    try:
        sw.audit(work / "t.csv", label="kind", id="key", learner="kernel", run_dir=folder)
    except SamplewiseError as fault:
        return found | {"fatal": str(fault)}
    return found | {"believed": answer(folder) != answer(finished)}


# ---- all of it ------------------------------------------------------------------------------------------------------


def cases(work: Path, seconds: dict[tuple[str, bool], float]) -> Iterator[tuple[str, Case]]:
    """Every case by its name."""
    for case in range(MOMENTS):
        yield f"kill {case}", partial(kill, case, work, seconds)
    for fresh in (True, False):
        for full_at in FULL_AT:
            yield f"full disk {full_at} {'fresh' if fresh else 'finished'}", partial(full_disk, full_at, fresh, work)
    for place in PLACES:
        for way in WAYS:
            yield f"damage {place}: {way}", partial(damage, place, way, work)


def summary(lines: list[dict[str, Any]]) -> dict[str, Any]:
    """The figures the targets are about."""
    kills = [line for line in lines if line["case"].startswith("kill")]
    full = [line for line in lines if line["case"].startswith("full disk")]
    damages = [line for line in lines if line["case"].startswith("damage")]
    disturbed = kills + full
    return {
        "kills": len(kills),
        "full_disks": len(full),
        "did_not_stop": sum(line["did_not_stop"] for line in disturbed),
        "records_with_fewer_outcomes": sum(line["outcomes_after"] < line["outcomes_before"] for line in disturbed),
        "workers_alive_after_3_s": sum(line["alive"] > 0 for line in kills),
        "runs_with_files_half_written": sum(bool(line["half_written"]) for line in disturbed),
        "final_records_that_differ": sum(not line["equal"] for line in disturbed),
        "ways_to_damage": len(damages),
        "believed": sum(line["believed"] for line in damages),
        "fatal": sum(bool(line["fatal"]) for line in damages),
    }


def undisturbed(work: Path) -> dict[tuple[str, bool], float]:
    """Seconds of an undisturbed run of each variant, in a fresh folder and again in the same one."""
    seconds = {}
    for variant in VARIANTS:
        for fresh in (True, False):
            started = time.monotonic()
            ended(start(work / variant, variant), SECONDS_AT_MOST)
            seconds[variant, fresh] = time.monotonic() - started
    return seconds


def run(limit: float = float("inf")) -> None:
    """Every case that has no line yet, until the time is over."""
    lines = json.loads(RESULTS.read_text())["cases"] if RESULTS.exists() else []
    done, until = {line["case"] for line in lines}, time.monotonic() + limit
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        table().to_csv(work / "t.csv", index=False)
        sw.audit(work / "t.csv", label="kind", id="key", learner="kernel", run_dir=work / "imported")
        for case, carry_out in cases(work, undisturbed(work)):
            if case in done or time.monotonic() > until:
                continue
            lines.append(carry_out())
            content = {"samplewise": sw.__version__, "machine": MACHINE, "summary": summary(lines), "cases": lines}
            write_text(RESULTS, json.dumps(content, indent=1) + "\n")
    print(json.dumps(summary(lines), indent=2))


if __name__ == "__main__":
    run(*map(float, sys.argv[1:2]))
