"""How real tables are read: kinds and roles of columns, the task, planted defects, beside an expert's reading.

    python benchmarks/reading.py            # about a minute on one core

The tables, the expert's reading of them and the script that compares the two stand beside the shared data, in a folder
named `tables` (SAMPLEWISE_DATA names its sibling `data`); without it nothing is measured, and the reason is printed.
The script reads every table through `samplewise.audit` and counts a mistake as harmful where a useful column is
dropped, an id, a group or a leak is used without a word, the task is wrong, or a sentinel, a spelling or a stray word
goes unreported.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results" / "reading"
PEERS = RESULTS.with_name("reading_peers.json")  # written by reading_peers.py
TABLES = Path(os.environ.get("SAMPLEWISE_DATA", "../shared/data")).resolve().parent / "tables"
SCRIPT = TABLES / "score_reading.py"
PRINTED = ("columns reported though nothing is there",)  # what the script prints and does not write
MOST_LISTED = 100


def measured() -> dict[str, Any]:
    """What the script writes, with the false reports it prints."""
    with tempfile.TemporaryDirectory() as folder:
        written = Path(folder) / "reading.json"
        command = [sys.executable, str(SCRIPT), str(TABLES), "--json", str(written)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        found: dict[str, Any] = json.loads(written.read_text(encoding="utf-8"))
    line = next(line for line in done.stdout.splitlines() if line.startswith(PRINTED))
    counts = line.removeprefix(PRINTED[0]).split("=")[0].strip().split("/")
    return found | {"false_reports": [int(count) for count in counts]}


def summary(found: dict[str, Any]) -> dict[str, Any]:
    """The figures, and every entry that fails."""
    real, planted = found["real"], found["planted"]
    return {
        "samplewise": version("samplewise"),
        "tables": real["tables"],
        "task_right": real["task_right"],
        "column_kinds_right": real["kinds_right"],
        "tables_with_a_harmful_misreading": [real["hurt_tables"], real["tables"]],
        "planted_right": [planted["passed"], planted["variants"]],
        "columns_reported_though_nothing_is_there": found["false_reports"],
        "harmful_misreadings": real["harms"],
        "failing": {
            "harmful": [[str(part) for part in row] for row in real["harm_rows"]],
            "kinds": [[str(part) for part in row] for row in real["kind_rows"]],
            "planted": planted["failing"],
        },
    }


def page(figures: dict[str, Any], seconds: float) -> str:
    """The figures as a table, and the failing entries below it."""
    lines = [f"{figures['tables']} real tables and their variants with one defect each, in {seconds:.0f} s.", ""]
    lines += ["| measured | count | share |", "|-|-|-|"]
    names = ("task_right", "column_kinds_right", "tables_with_a_harmful_misreading", "planted_right",
             "columns_reported_though_nothing_is_there")  # fmt: skip
    for name in names:
        count, total = figures[name]
        lines.append(f"| {name.replace('_', ' ')} | {count} of {total} | {100 * count / max(total, 1):.1f} % |")
    lines += ["", "Harmful misreadings:", ""]
    lines += [f"- {kind}: {count}" for kind, count in sorted(figures["harmful_misreadings"].items())]
    failing = figures["failing"]
    lines += ["", "Failing entries (table, column, mistake, expected, read):", ""]
    lines += [f"- {', '.join(part.strip()[:80] for part in row)}" for row in failing["harmful"][:MOST_LISTED]]
    lines += ["", "Wrong kinds (table, column, expected, read, role):", ""]
    lines += [f"- {', '.join(part.strip() for part in row)}" for row in failing["kinds"][:MOST_LISTED]]
    lines += ["", "Planted defects that are not read right:", ""]
    lines += [f"- {name}: {'; '.join(wrong)[:200]}" for name, wrong in failing["planted"].items()] or ["None."]
    return "\n".join(lines) + "\n" + beside_peers()


def beside_peers() -> str:
    """The same planted defects through other tools, as `reading_peers.py` left them."""
    if not PEERS.exists():
        return ""
    head = (
        "", "The planted defects through other tools (`make bench-reading-peers`). One rule for all, stated in",
        "`benchmarks/reading_peers.py`: a defect is found where the tool says something of the column, or of half of",
        "the changed rows, that it does not say of the table without it, or takes the column for what it is; false is",
        "what it newly says of anything else.", "",
    )  # fmt: skip
    return "\n".join(head) + "\n" + peers_table(json.loads(PEERS.read_text(encoding="utf-8")))


def peers_table(found: dict[str, Any]) -> str:
    """Found, missed and false by tool, and the defects each missed."""
    lines = ["| tool | found | missed | false |", "|-|-|-|-|"]
    missed = []
    for tool, by_variant in found.items():
        if "not_run" in by_variant:
            lines.append(f"| {tool} | did not run: {by_variant['not_run']} | | |")
            continue
        absent = [name + (f" ({one['why'][:60]})" if one["why"] else "")
                  for name, one in by_variant.items() if not one["found"]]  # fmt: skip
        false = sum(one["false"] for one in by_variant.values())
        lines.append(f"| {tool} | {len(by_variant) - len(absent)} | {len(absent)} | {false} |")
        missed.append(f"- missed by {tool}: {', '.join(absent) or 'none'}")
    return "\n".join([*lines, "", *missed]) + "\n"


def main() -> None:
    """Measure, print and write the figures; without the tables print why not."""
    if not SCRIPT.exists():
        print(f"skipped: no tables at {TABLES}; SAMPLEWISE_DATA names the folder beside which they lie")
        return
    start = time.time()
    figures = summary(measured())
    text = page(figures, time.time() - start)
    RESULTS.with_suffix(".json").write_text(json.dumps(figures, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    RESULTS.with_suffix(".md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
