"""`samplewise apply RUN --out clean.csv`: the user's own file after the decisions, and a log of them."""

from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from samplewise import auditing, selection
from samplewise.auditing.audited_rows import changed_rows, load_rows, read_again, require_given
from samplewise.auditing.decided import Decided, decided_in
from samplewise.cli.console import out
from samplewise.cli.write_back import contents, require_new, require_same_kind, write_all
from samplewise.core.arrays import positions_of
from samplewise.core.codec import load_record
from samplewise.core.csv_text import frame_csv
from samplewise.core.errors import InputError
from samplewise.core.escapes import one_line
from samplewise.core.findings import AuditRecord
from samplewise.core.texts import count_of, printable
from samplewise.data.delimited import COMPRESSED
from samplewise.data.readers import Reading
from samplewise.report.remedy_order import advice_of, helping
from samplewise.selection.decisions import Applied

Run = Annotated[Path, typer.Argument(metavar="RUN", help="A folder that `samplewise audit --out` wrote.")]
Decisions = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="A list of RUN/findings, or that folder, with its decision column filled in.",
        show_default=False,
    ),
]
Target = Annotated[Path, typer.Option("--out", metavar="FILE", help="The cleaned data; the log is written next to it.")]
Source = Annotated[
    Path | None,
    typer.Option("--data", metavar="PATH", help="The audited file, where it has moved.", show_default=False),
]
Do = Annotated[
    list[str] | None,
    typer.Option(
        metavar="CODE",
        help="Carry out this finding and no other: SW102, or SW201:drop. Repeat it for more.",
        show_default=False,
    ),
]


class Match(StrEnum):
    """What must be as it was audited for anything to be done."""

    content = "content"
    id = "id"


Matching = Annotated[
    Match,
    typer.Option(
        "--match",
        help="content: only the data that were audited. id: data that changed since; rows are found by their ids, and "
        "those that changed are left alone, but where a list gives the label they still have.",
    ),
]
EvenHurting = Annotated[bool, typer.Option("--even-hurting", help="Also what was measured to hurt, if --do names it.")]
EXAMPLES = """Examples:
  samplewise apply run/ --out clean.csv
  samplewise apply run/ --do SW102 --out clean.csv
  samplewise apply run/ --decisions run/findings/SW201.csv --out clean.csv

Exit codes: 0 written, 2 not possible; then no file was changed."""

REVIEWED = "From the review: {}, and no remedy (name some with --do, or a list with --decisions)"
HELPFUL = "remedies that were measured to help"
UNCHANGED = {
    HELPFUL: "no remedy was measured to help and changes little (choose with --do or --decisions)",
    "as decided": "the decisions change no row",
    "as named": "what was named changes no row",
}


def apply_command(
    run: Run, target: Target, do: Do = None, decisions: Decisions = None, source: Source = None,
    match: Matching = Match.content, even_hurting: EvenHurting = False,
) -> None:  # fmt: skip
    """Write the audited data again after the advice: same kind of file, same columns, same order.

    Where people decided in `samplewise review`, exactly that is carried out and no remedy, unless --do or --decisions
    say otherwise. Without any of these only remedies that were measured to help are carried out, and none that removes
    more than a tenth of the rows, moves a class share by more than a point or changes more than a tenth of the cells of
    a column. Nothing is written over, and the log next to the result lists every row and cell that changed: id, kind,
    before, after, by, column. A file that is not as it was audited is refused, as is a decision of a list about a row
    with another label than the list gives it.
    """
    require_one_choice(do, decisions, even_hurting)
    record = load_record(run, partial=True)
    reading = reread(record, source)
    files = outputs(target)
    require_same_kind(reading.file or Path(), target)
    require_new(files.values(), run)
    changed = changed_rows(record.data, load_rows(run, record.data), reading, match.value, str(reading.file))
    reviewed = Decided() if do or decisions else decided_in(run, reading.data.ids.tolist(), record)
    if reviewed.decisions or reviewed.left_out:
        out().print(Text(REVIEWED.format(count_of(len(reviewed.decisions), "decision"))))
        require_given(reviewed.decisions, changed)
        applied = selection.apply(reading.data, reviewed.decisions, task=record.data.get("task") or "auto")
        applied = replace(applied, left_out=reviewed.left_out)
    elif decisions is None:
        chosen = auditing.chosen_remedies.choose_remedies(
            record, reading.data, do=do or None, even_hurting=even_hurting, changed=changed
        )
        for line in chosen.sentences():
            out().print(Text(line))
        applied = chosen.applied()
    else:
        decided = auditing.run_folder.read_decisions(decisions, reading.data)
        require_given(decided, changed)
        applied = selection.apply(reading.data, decided, task=record.data.get("task") or "auto")
    written = cleaned_files(reading, applied, target)
    write_all(written)
    said = decisions or reviewed.decisions or reviewed.left_out
    _report(record, applied, written, why="as decided" if said else "as named" if do else HELPFUL)


def require_one_choice(do: list[str] | None, decisions: Path | None, even_hurting: bool) -> None:
    """Refuse options that contradict each other, before anything is read."""
    if decisions is not None and (do or even_hurting):
        raise InputError(
            "findings are named, or decisions are read from lists, not both",
            got=f"{'--do' if do else '--even-hurting'} and --decisions", fix="leave one of them out",
        )  # fmt: skip
    if even_hurting and not do:
        raise InputError(
            "what was measured to hurt is carried out only where it is named", got="--even-hurting without --do",
            fix="name the finding: --do SW201",
        )  # fmt: skip


def reread(record: AuditRecord, moved_to: Path | None = None) -> Reading:
    """The data as the audit read it, by the roles and options of the record; raises `InputError` where it is gone."""
    path = Path(moved_to or str(record.data.get("source") or ""))
    if not path.exists() or path == Path():
        raise InputError(
            "the audited file is not where it was",
            where=str(path),
            got="no such file",
            fix="say where it is: --data PATH",
        )
    return read_again(path, record.data)


def outputs(target: Path) -> dict[str, Path]:
    """The files that may be written, by what they hold: "data", "log" and "weights"; no two of one name.

    >>> sorted(file.name for file in outputs(Path("a/clean.v1.csv.gz")).values())
    ['clean.v1.csv.gz', 'clean.v1.log.csv', 'clean.v1.weights.csv']
    """
    name = target.name
    for ending in (*COMPRESSED, target.with_suffix("").suffix if target.suffix in COMPRESSED else target.suffix):
        name = name.removesuffix(ending) or name
    return {"data": target} | {part: target.with_name(f"{name}.{part}.csv") for part in ("log", "weights")}


def cleaned_files(reading: Reading, applied: Applied, target: Path) -> dict[Path, bytes]:
    """The data, its log, and the weights where a decision gave any: weights have no column in the original."""
    ids, files = reading.data.ids, outputs(target)
    relabeled = {entry.id: entry.after for entry in applied.log if entry.kind == "relabel"}
    changed = positions_of(list(relabeled), ids).tolist()
    labels = dict(zip(changed, relabeled.values(), strict=True))
    cleaned = [entry for entry in applied.log if entry.kind == "clean"]
    places = positions_of([entry.id for entry in cleaned], ids).tolist()
    cells: dict[str, dict[int, Any]] = {}
    for entry, place in zip(cleaned, places, strict=True):
        cells.setdefault(entry.column, {})[place] = entry.after
    written = {target: contents(reading, positions_of(applied.data.ids, ids), labels, target, cells)}
    written[files["log"]] = frame_csv(applied.to_frame()).encode()
    weighted = {entry.id: entry.after for entry in applied.log if entry.kind == "reweight"}
    if weighted:
        weights = applied.to_frame().query("kind == 'reweight'")[["id", "after"]].rename(columns={"after": "weight"})
        written[files["weights"]] = frame_csv(weights).encode()
    return written


def _report(record: AuditRecord, applied: Applied, files: dict[Path, bytes], why: str) -> None:
    kinds = [entry.kind for entry in applied.log]
    words = {"drop": "dropped", "relabel": "relabeled", "reweight": "reweighted", "clean": "changed"}
    counted = {kind: count_of(kinds.count(kind), "cell" if kind == "clean" else "row") for kind in words}
    done = ", ".join(f"{counted[kind]} {word}" for kind, word in words.items() if kind in kinds)
    out().print(Text(f"{done} ({why})" if done else f"Nothing was changed: {UNCHANGED[why]}"))
    for line in applied.left_out:
        if line != auditing.chosen_remedies.NOTHING_HELPS:
            out().print(Text(line))
    for item in helping(advice_of(record)[0]):
        if item.axis != "row" and item.remedy.kind != "clean" and why == HELPFUL:
            out().print(Text(f"Left to you, columns stay as they are: {printable(item.action)}"))
    for path in files:
        out().print(Text(f"  {one_line(path)}"))
