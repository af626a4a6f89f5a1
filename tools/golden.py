"""Golden records: what the audit answers on a few fixed data sets, so that a change of any answer is seen.

    python tools/golden.py write              # recompute the committed records under tests/golden/
    python tools/golden.py compare            # this working tree against the last commit
    python tools/golden.py compare v0.1.0     # against any revision, or the path of another checkout
    python tools/golden.py compare --only lung credit

Cases: the demo through the command line; the first 1,000 rows of Adult by hashed row number; five small tables that
differ in kind. Seed 0, all checks, tested advice. The data are found through SAMPLEWISE_DATA (default ../shared/data;
`tables` lies beside it); a case without its data is left out and named.

The committed records hold numbers, codes and digests, and no cell or word of the data. `compare` runs both checkouts
here, one after the other, and compares whole records, every word included. A checkout is used only through
`samplewise.audit`, its record as JSON, and the `samplewise demo` command, so code may move between the two.
"""

import argparse
import gzip
import hashlib
import importlib
import json
import os
import re
import subprocess
import sys
import tempfile
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
GOLDEN = ROOT / "tests" / "golden"
DATA = Path(os.environ.get("SAMPLEWISE_DATA", ROOT.parent / "shared" / "data")).resolve()
TABLES = DATA.parent / "tables"
ADULT = DATA / "groups" / "adult.csv.gz"
ADULT_ROWS = 1_000
# Labels come from the reading of each table; these are the roles that a person would name besides.
TABLE_ROLES: dict[str, dict[str, Any]] = {
    "lung": {},  # two classes, missing values, grades
    "seattle_weather": {"time": "date"},  # five classes; splits never train on the future
    "credit": {},  # regression; numbers and categories
    "hiv_recur": {"groups": "ID"},  # two classes; the rows of a patient stay together
    "mario_kart": {},  # regression; text, categories, missing values
}
CASES = ("demo", "adult", *TABLE_ROLES)
QUANTILES = (0.0, 0.1, 0.5, 0.9, 1.0)
SAMPLED = 20  # rows per score whose values are kept
SHOWN = 3  # differing entries of a list that are printed

# Numbers of the committed records, as a share of their size. Measured over kernels of OpenBLAS (Haswell, SkylakeX,
# Sandybridge, Prescott), with and without the vector instructions of numpy, and over one and two threads: the largest
# difference was 1e-7, and 6e-6 in the demo, whose pictures are described in single precision.
TOLERANCE, TOLERANCE_OF_PICTURES = 1e-6, 1e-4
FLOOR = 1e-3  # numbers below this count as so large: rounding is a share of what was added up, not of what is left

Close = Callable[[float, float], bool]

# --- making the records ----------------------------------------------------------------------------------------------


def missing_data(case: str) -> str:
    """Why a case cannot be run here, or nothing."""
    needed = {"demo": (), "adult": (ADULT,)}.get(case, (TABLES / "readings.json", table_path(case)))
    absent = [str(path) for path in needed if not path.exists()]
    return f"no data at {', '.join(absent)}: set SAMPLEWISE_DATA to the folder of real data sets" if absent else ""


def table_path(case: str) -> Path:
    """Where one of the small tables lies."""
    return TABLES / "tables" / f"{case}.csv.gz"


def records(case: str) -> dict[str, Any]:
    """The whole record of every audit of a case, by name, as JSON content."""
    with tempfile.TemporaryDirectory() as folder:
        if case == "demo":
            return demo_records(Path(folder))
        if case == "adult":
            return {case: audited(adult_rows(Path(folder)), label="income", drop_columns=["fnlwgt"])}
        readings = json.loads((TABLES / "readings.json").read_text("utf-8"))
        label = next(entry["label"]["column"] for entry in readings if entry["table"] == case)
        return {case: audited(table_path(case), label=label, **TABLE_ROLES[case])}


def audited(path: Path, **roles: Any) -> Any:
    """The record of an audit with the default checks and tested advice."""
    samplewise = importlib.import_module("samplewise")  # here, so that `compare` itself loads neither checkout
    with tempfile.TemporaryDirectory() as folder:
        written = samplewise.audit(str(path), seed=0, **roles).to_json(Path(folder) / "audit.json")
        return json.loads(written.read_text("utf-8"))


def demo_records(folder: Path) -> dict[str, Any]:
    """The records that the `samplewise demo` command leaves in a folder."""
    package = Path(importlib.import_module("samplewise").__file__ or "").parent
    scripts = tomllib.loads((package.parents[1] / "pyproject.toml").read_text("utf-8"))["project"]["scripts"]
    module, function = scripts["samplewise"].split(":")
    program = (
        f"import sys; sys.path.insert(0, {str(package.parent)!r}); from {module} import {function} as main; "
        f"sys.argv = ['samplewise', 'demo', '--seed', '0', '--out', {str(folder / 'demo')!r}]; main()"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"samplewise demo ended with {done.returncode}:\n{done.stderr[-3000:]}")
    found = sorted(folder.rglob("audit.json"))
    return {f"demo-{path.parent.name}": json.loads(path.read_text()) for path in found}


def adult_rows(folder: Path) -> Path:
    """A table of some rows of Adult, drawn by a hash of the row's number, in the order of the source."""
    header, *lines = gzip.decompress(ADULT.read_bytes()).decode().splitlines()
    drawn = sorted(sorted(range(len(lines)), key=hashed)[:ADULT_ROWS])
    path = folder / "adult-rows.csv"
    path.write_text("\n".join([header, *(lines[row] for row in drawn)]) + "\n", "utf-8")
    return path


# --- what is kept ----------------------------------------------------------------------------------------------------


def golden(record: Mapping[str, Any]) -> dict[str, Any]:
    """Numbers, codes and digests of a record, without a cell or a name of the data."""
    names = names_of(record["data"])
    return {
        "data": data_facts(record["data"]),
        "plan": {name: value for name, value in record["plan"].items() if plain(value)} | record["plan"]["refits"],
    } | {outcome["code"]: golden_check(outcome, names) for outcome in record["outcomes"]}


def data_facts(data: Mapping[str, Any]) -> dict[str, Any]:
    """Counts of rows, columns, classes and notes."""
    columns = Counter(f"{column['kind']} {column['role']}" for column in data["columns"])
    return {
        "rows": data["rows"], "shape": data["shape"], "columns": dict(columns), "task": data["task"],
        "classes": len(data["classes"] or ()), "class_counts": numbers_of(str(data["class_counts"])),
        "missing_labels": data["missing_labels"], "set_aside": len(data["set_aside"]), "notes": len(data["notes"]),
        "test_rows": data["test_rows"],
    }  # fmt: skip


def golden_check(outcome: Mapping[str, Any], names: list[str]) -> dict[str, Any]:
    """How a check ended, its findings, estimates and scores."""
    result = outcome["result"]
    return {
        "status": outcome["status"],
        "findings": [golden_finding(finding, names) for finding in result["findings"]],
        "measured": estimates(result["measured"], names),
        "scores": unique((scores["quantity"], golden_scores(scores)) for scores in result["scores"]),
    }


def golden_finding(finding: Mapping[str, Any], names: list[str]) -> dict[str, Any]:
    """A finding without its words and keys: their digests, and the numbers that stand in the words."""
    words = words_of(finding)
    return {
        "code": finding["code"], "severity": finding["severity"], "axis": finding["axis"],
        "keys": len(finding["keys"]), "keys_digest": keys_digest(finding["keys"]),
        "words": words_digest(words), "numbers": numbers_of(words),
        "measured": estimates(finding["measured"], names),
        "remedies": [
            {
                "kind": remedy["kind"], "verdict": remedy["verdict"], "keys": len(remedy["keys"]),
                "keys_digest": keys_digest(remedy["keys"]),
                "effect": remedy["effect"] and estimate(remedy["effect"]),
            }
            for remedy in finding["remedies"]
        ],
    }  # fmt: skip


def estimate(found: Mapping[str, Any]) -> dict[str, Any]:
    """An estimate's value, interval and unit."""
    return {part: found[part] for part in ("value", "low", "high", "unit")}


def estimates(found: list[Any], names: list[str]) -> dict[str, Any]:
    """Estimates by their quantity."""
    return unique((without_names(one["quantity"], names), estimate(one)) for one in found)


def golden_scores(scores: Mapping[str, Any]) -> dict[str, Any]:
    """Quantiles, mean and a few values of a score, by a hash of the key."""
    keys, values = scores["keys"]["values"], scores["values"]["values"]
    known = sorted(value for value in values if value is not None)
    sampled = sorted(zip(map(hashed, keys), values, strict=True), key=lambda pair: pair[0])[:SAMPLED]
    return {
        "unit": scores["unit"], "count": len(values), "not_known": len(values) - len(known),
        "quantiles": {repr(level): quantile(known, level) for level in QUANTILES if known},
        "mean": sum(known) / len(known) if known else None,
        "rows": {key[:8]: value for key, value in sampled},
    }  # fmt: skip


def quantile(ordered: list[float], level: float) -> float:
    """The nearest of the sorted values: a value that some row has, so that exact ties stay exact."""
    return ordered[round(level * (len(ordered) - 1))]


def words_of(finding: Mapping[str, Any]) -> str:
    """Every sentence of a finding, with single blanks."""
    actions = [remedy["action"] for remedy in finding["remedies"]]
    return " ".join(" ".join([finding["title"], finding["explanation"], finding["caveat"], *actions]).split())


NUMBER = re.compile(
    r"(?:(?<![\w.)\]])[-\u2212])?\d+(?:,\d{3})*(?:\.\d+)?(?:e[-+]?\d+)?"
)  # 3-5 are two numbers, -5 is one


def words_digest(words: str) -> str:
    """Digest of the words, whatever their numbers."""
    return digest(NUMBER.sub("#", words))


def numbers_of(words: str) -> str:
    """The numbers in a text, in their order, as printed."""
    return " ".join(found.replace(",", "").replace("\u2212", "-") for found in NUMBER.findall(words))


def keys_digest(keys: list[Any]) -> str:
    """Digest of a set of keys, whatever their order."""
    return digest("\n".join(sorted(map(as_text, keys))))


def as_text(key: Any) -> str:
    """A key as text; a compound one as JSON."""
    return key if isinstance(key, str) else json.dumps(key, sort_keys=True)


def digest(text: str) -> str:
    """First 12 hexadecimal digits of the SHA-256."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def hashed(key: Any) -> str:
    """A row's place in a draw that depends on its key alone."""
    return hashlib.sha256(f"golden {as_text(key)}".encode()).hexdigest()


def names_of(data: Mapping[str, Any]) -> list[str]:
    """Names that come from the data: columns, label, classes."""
    return [*(str(column["name"]) for column in data["columns"]), str(data["label"]), *map(str, data["classes"] or ())]


def without_names(quantity: str, names: list[str]) -> str:
    """A quantity's name, or its digest where it names a column or class of the data."""
    notes = any(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", quantity) for name in names)
    return f"digest {digest(quantity)}" if notes else quantity


def unique(pairs: Any) -> dict[str, Any]:
    """A mapping in which a second value of the same name gets a number."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        same = sum(other == name or other.startswith(f"{name} (") for other in found)
        found[f"{name} ({same + 1})" if name in found else name] = value
    return found


def plain(value: Any) -> bool:
    """Whether a value of the plan is a number or nothing."""
    return value is None or isinstance(value, bool | int | float)


def golden_path(name: str) -> Path:
    """Where the committed record of an audit lies."""
    return GOLDEN / f"{name}.json"


def golden_text(content: Any) -> str:
    """JSON with sorted keys, floats by `repr`, one entry a line: a change is a line of a diff."""
    return json.dumps(content, sort_keys=True, allow_nan=False, ensure_ascii=False, indent=1) + "\n"


# --- comparing -------------------------------------------------------------------------------------------------------


def within(tolerance: float) -> Close:
    """Numbers are the same when they differ by no more than this share of the larger one, or of FLOOR."""
    return lambda old, new: abs(old - new) <= tolerance * max(FLOOR, abs(old), abs(new))


def differences(old: Any, new: Any, close: Close, at: str = "") -> Iterator[str]:
    """A line for everything that differs between two JSON contents: where, what was expected, what was got."""
    if isinstance(old, dict) and isinstance(new, dict):
        yield from dict_differences(old, new, close, at)
    elif isinstance(old, list) and isinstance(new, list):
        listed = any(isinstance(item, dict | list) for item in old + new)
        yield from (list_differences if listed else series_differences)(old, new, close, at)
    elif not same(old, new, close):
        yield f"{at}: expected {shown(old)}, got {shown(new)}"


def dict_differences(old: dict[str, Any], new: dict[str, Any], close: Close, at: str) -> Iterator[str]:
    """Differences of entries of the same name, and names that only one side has."""
    for name in sorted(old.keys() | new.keys()):
        place = f"{at}, {name}" if at else name
        if name not in new:
            yield f"{place}: expected {shown(old[name])}, got nothing of that name"
        elif name not in old:
            yield f"{place}: expected nothing of that name, got {shown(new[name])}"
        else:
            yield from differences(old[name], new[name], close, place)


def list_differences(old: list[Any], new: list[Any], close: Close, at: str) -> Iterator[str]:
    """Differences of entries that belong together by title; as many unknown ones in one place belong together too."""
    pairing = SequenceMatcher(None, list(map(title_of, old)), list(map(title_of, new)), autojunk=False)
    for how, first, last, start, end in pairing.get_opcodes():
        if how == "equal" or last - first == end - start:
            for place in range(last - first):
                yield from differences(old[first + place], new[start + place], close, f"{at}[{first + place}]")
        else:
            yield from (f"{at}[{place}]: expected {shown(old[place])}, got none" for place in range(first, last))
            yield from (f"{at}[{place}]: expected none, got {shown(new[place])}" for place in range(start, end))


def series_differences(old: list[Any], new: list[Any], close: Close, at: str) -> Iterator[str]:
    """One line for a list of plain values: how many differ, the largest step, the first few."""
    if len(old) != len(new):
        gone, fresh = Counter(map(as_text, old)) - Counter(map(as_text, new)), Counter(map(as_text, new))
        fresh -= Counter(map(as_text, old))
        yield f"{at}: expected {len(old)} entries, got {len(new)}; gone {first_of(gone)}; new {first_of(fresh)}"
        return
    apart = [place for place, pair in enumerate(zip(old, new, strict=True)) if not same(*pair, close)]
    if apart:
        pairs_apart = ((old[place], new[place]) for place in apart)
        steps = [abs(was - now) for was, now in pairs_apart if isinstance(was, float) and isinstance(now, float)]
        largest = f", the largest step {max(steps)!r}" if steps else ""
        pairs = "; ".join(f"[{place}] expected {shown(old[place])}, got {shown(new[place])}" for place in apart[:SHOWN])
        yield f"{at}: {len(apart)} of {len(old)} entries differ{largest}: {pairs}"


def title_of(item: Any) -> str:
    """What an entry of a list is known by."""
    if not isinstance(item, dict):
        return as_text(item)
    return next((str(item[name]) for name in ("title", "words", "quantity", "name", "kind") if name in item), "")


def same(old: Any, new: Any, close: Close) -> bool:
    """Equal, or two numbers of which one has decimals and that are close."""
    if numeric(old) and numeric(new) and (isinstance(old, float) or isinstance(new, float)):
        return close(old, new)
    return type(old) is type(new) and old == new


def numeric(value: Any) -> bool:
    """Whether a value is a number; True and False are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def first_of(entries: Mapping[str, int]) -> str:
    """The first few of some entries."""
    return ", ".join([*list(entries)[:SHOWN], *(["..."] if len(entries) > SHOWN else [])]) or "none"


def shown(value: Any) -> str:
    """A value in a message; a long one is named by its start."""
    text = repr(value) if not isinstance(value, dict | list) else json.dumps(value, ensure_ascii=False)
    return text if isinstance(value, str) or len(text) <= 200 else f"{text[:200]}..."


CACHED = {"source", "fingerprint", "supplied", "test", "learner_fingerprint"}  # paths, and what caches are known by


def answers(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record without clocks, this machine, paths and the addresses of caches; checks and scores by name."""
    data = {name: part for name, part in record["data"].items() if name not in CACHED}
    plan = {name: part for name, part in record["plan"].items() if name not in CACHED}
    return {"data": data, "plan": plan} | {outcome["code"]: answered(outcome) for outcome in record["outcomes"]}


def answered(outcome: Mapping[str, Any]) -> dict[str, Any]:
    """A check's outcome with its scores and estimates by quantity."""
    parts = {name: part for name, part in outcome.items() if name not in ("seconds", "result")}
    named = {
        name: unique((item["quantity"], item) for item in outcome["result"][name]) for name in ("scores", "measured")
    }
    return parts | outcome["result"] | named


def against_committed(name: str, record: Mapping[str, Any]) -> list[str]:
    """What differs between a record and the committed one of that name; words that are new stand in full."""
    path = golden_path(name)
    if not path.exists():
        return [f"{name}: no committed record {path.name}"]
    words = map(words_of, (finding for outcome in record["outcomes"] for finding in outcome["result"]["findings"]))
    spoken = {words_digest(text): text for text in words}
    close = within(TOLERANCE_OF_PICTURES if name.startswith("demo") else TOLERANCE)
    found = differences(json.loads(path.read_text("utf-8")), golden(record), close, name)
    return [line + "".join(f"\n    {text}" for key, text in spoken.items() if f"got {key!r}" in line) for line in found]


# --- commands --------------------------------------------------------------------------------------------------------


def write_command(only: list[str]) -> int:
    """Recompute every committed record whose data are here."""
    GOLDEN.mkdir(parents=True, exist_ok=True)
    for case in cases_here(only):
        for name, record in records(case).items():
            text = golden_text(golden(record))
            golden_path(name).write_text(text, "utf-8")
            print(f"{golden_path(name).relative_to(ROOT)}: {len(text) / 1000:.0f} kB", flush=True)
    return 0


def record_command(folder: Path, only: list[str]) -> int:
    """Write whole records into a folder: one side of a comparison, in a process of its own."""
    print(f"  with {importlib.import_module('samplewise').__file__}", flush=True)
    for case in cases_here(only):
        for name, record in records(case).items():
            (folder / f"{name}.json").write_text(json.dumps(record), "utf-8")
            print(f"  {name}", flush=True)
    return 0


def compare_command(base: str, tolerance: float, only: list[str]) -> int:
    """Compare whole records of another checkout and of this one; 1 where anything differs."""
    with tempfile.TemporaryDirectory() as folder, checkout(base, Path(folder) / "tree") as tree:
        sides = [recorded(name, tree, Path(folder) / name, only) for name, tree in (("old", tree), ("new", ROOT))]
    found = [line for name in sorted(sides[0].keys() | sides[1].keys()) for line in compared(name, *sides, tolerance)]
    print("\n".join(found))
    print(
        f"{len(found)} differences from {base} in {len(sides[1])} records" if found else f"the same answers as {base}"
    )
    return int(bool(found))


def compared(name: str, old: dict[str, Any], new: dict[str, Any], tolerance: float) -> Iterator[str]:
    """Differences between two records of one name."""
    if name not in old or name not in new:
        yield f"{name}: only the {'new' if name in new else 'old'} checkout makes this record"
        return
    yield from differences(answers(old[name]), answers(new[name]), within(tolerance), name)


def recorded(side: str, tree: Path, folder: Path, only: list[str]) -> dict[str, Any]:
    """Every record as the code under `tree` makes it."""
    folder.mkdir()
    print(f"{side}: {tree}", flush=True)
    environment = os.environ | {"PYTHONPATH": str(tree / "src"), "SAMPLEWISE_DATA": str(DATA)}
    subprocess.run([sys.executable, __file__, "record", str(folder), "--only", *only], env=environment, check=True)
    return {path.stem: json.loads(path.read_text("utf-8")) for path in folder.iterdir()}


@contextmanager
def checkout(base: str, place: Path) -> Iterator[Path]:
    """The folder `base`, or a temporary work tree of the revision `base`."""
    if (Path(base) / "src").is_dir():
        yield Path(base).resolve()
        return
    git = ["git", "-C", str(ROOT), "worktree"]
    if subprocess.run([*git, "add", "--quiet", "--detach", str(place), base], check=False).returncode:
        raise SystemExit(f"{base} is neither a checkout of samplewise nor a revision of this one")
    try:
        yield place
    finally:
        subprocess.run([*git, "remove", "--force", str(place)], check=True)


def cases_here(only: list[str]) -> list[str]:
    """Cases of interest whose data are here; those without are named."""
    absent = {case: missing_data(case) for case in only}
    for case, why in absent.items():
        if why:
            print(f"{case} left out: {why}", file=sys.stderr)
    return [case for case in only if not absent[case]]


def main() -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("write", help="recompute the committed records")
    compare = commands.add_parser("compare", help="compare two checkouts on this machine")
    compare.add_argument("base", nargs="?", default="HEAD", help="revision, or path of a checkout (default: HEAD)")
    compare.add_argument("--tolerance", type=float, default=1e-12, help="numbers closer than this are the same")
    record = commands.add_parser("record", help="write whole records into a folder (one side of compare)")
    record.add_argument("folder", type=Path)
    for command in commands.choices.values():
        command.add_argument("--only", nargs="+", choices=CASES, default=list(CASES), help="cases (default: all)")
    arguments = parser.parse_args()
    if arguments.command == "write":
        return write_command(arguments.only)
    if arguments.command == "record":
        return record_command(arguments.folder, arguments.only)
    return compare_command(arguments.base, arguments.tolerance, arguments.only)


if __name__ == "__main__":
    sys.exit(main())
