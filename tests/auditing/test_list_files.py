"""Lists and tables as they come back from a spreadsheet: a decision hits the row it was made about, or is refused.

Every way is tried on a file whose rows are numbered and on one with an id column, in the latter case also with
`match="id"`; what is not refused must have dropped exactly the rows that were to be dropped.
"""

import csv
import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from samplewise.auditing.audit_call import Audit
from samplewise.auditing.audited_rows import AuditedRows, are_numbered
from samplewise.auditing.list_files import read_list
from samplewise.auditing.run_folder import COLUMNS
from samplewise.core.errors import InputError
from samplewise.core.findings import RECORD_SCHEMA, AuditRecord
from samplewise.data import read_dataset

COUNT = 24
DROPPED = (2, 5, 11)  # rows to be dropped, by number
IDS = [*(f"{place:03d}" for place in range(12)), *(str(1234567890123400 + 7 * place) for place in range(12))]


def table() -> pd.DataFrame:
    draw = np.random.default_rng(3)
    size = draw.normal(size=COUNT).round(3)
    frame = pd.DataFrame(
        {"key": IDS, "size": size, "kept": np.arange(COUNT) % 3 == 0, "kind": np.arange(COUNT) % 2 == 0}
    )
    return frame


def listed(named: bool) -> list[dict[str, str]]:
    """A list of eight rows, three of them to be dropped."""
    frame = table()
    rows = []
    for place in (*DROPPED, 0, 1, 7, 13, 20):
        given = frame["kind"][place]
        rows.append(
            {
                "id": IDS[place] if named else str(place), "given": str(given), "suggested": str(not given),
                "probability": f"{0.9 - place / 100:.2f}", "reason": f"its neighbors, {place} of them, differ",
                "decision": "drop" if place in DROPPED else "",
            }
        )  # fmt: skip
    return rows


def text_of(rows, columns=COLUMNS, delimiter=",", **options) -> str:
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, columns, extrasaction="ignore", delimiter=delimiter, lineterminator="\n", **options)
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue()


OWN = ("id", "given", "suggested", "decision", "size", "action", "note")


def with_own(rows):
    """A list with columns of the data: numbers, words that a decision may be, and gaps at the end."""
    return [row | {"size": f"0.{place}", "action": "drop" if place % 2 else "keep", "note": "x" * (place == 5)}
            for place, row in enumerate(rows)]  # fmt: skip


def changed(rows, **how):
    """Every cell of the named columns through a function."""
    return [row | {name: change(row[name]) for name, change in how.items()} for row in rows]


def number(cell):
    """What a spreadsheet makes of an id: no zeros in front, 15 digits."""
    return str(int(f"{int(cell):.15g}".partition(".")[0])) if len(cell) < 16 else cell[:15] + "0"


def power(cell):
    return f"{float(cell):.2E}" if len(cell) > 11 else str(int(cell))


TRUE = {"True": "WAHR", "False": "FALSCH", "": ""}
FRENCH = {"True": "VRAI", "False": "FAUX", "": ""}
# name: (how the list comes back, what must become of it: "understood", "refused", or "either" where only safety counts)
WAYS = {
    "as it was written": (text_of, "understood"),
    "semicolons": (lambda rows: text_of(rows, delimiter=";"), "understood"),
    "tabs": (lambda rows: text_of(rows, delimiter="\t"), "understood"),
    "bars": (lambda rows: text_of(rows, delimiter="|"), "understood"),
    "sep=; above": (lambda rows: "sep=;\n" + text_of(rows, delimiter=";"), "understood"),
    "quoted sep=, above": (lambda rows: '"sep=,"\r\n' + text_of(rows), "understood"),
    "byte-order mark": (lambda rows: "\ufeff" + text_of(rows), "understood"),
    "UTF-16 and tabs": (lambda rows: text_of(rows, delimiter="\t").encode("utf-16"), "understood"),
    "Latin-1 with an umlaut in a comment": (
        lambda rows: text_of([row | {"reason": "Tür"} for row in rows]).encode("latin-1"), "understood",
    ),
    "Latin-1 with an umlaut in a decision": (
        lambda rows: text_of([*rows, rows[3] | {"decision": "relabel:tür"}]).encode("latin-1"), "refused",
    ),
    "every cell in quotes": (lambda rows: text_of(rows, quoting=csv.QUOTE_ALL), "understood"),
    "Windows lines": (lambda rows: text_of(rows).replace("\n", "\r\n"), "understood"),
    "old Mac lines": (lambda rows: text_of(rows).replace("\n", "\r"), "understood"),
    "blank lines": (lambda rows: text_of(rows).replace("\n", "\n\n"), "understood"),
    "lines of empty cells at the end": (lambda rows: text_of(rows) + ",,,,,\n" * 3, "understood"),
    "rows in another order": (lambda rows: text_of(rows[::-1]), "understood"),
    "rows filtered": (lambda rows: text_of(rows[:3]), "understood"),
    "columns in another order": (lambda rows: text_of(rows, COLUMNS[::-1]), "understood"),
    "own columns behind the decision": (lambda rows: text_of(with_own(rows), OWN), "understood"),
    "own columns, semicolons": (lambda rows: text_of(with_own(rows), OWN, delimiter=";"), "understood"),
    "own columns, empty cells at the end left out": (
        lambda rows: "\n".join(line.rstrip(",") for line in text_of(with_own(rows), OWN).split("\n")), "understood",
    ),
    "own columns, sorted by one of them": (
        lambda rows: text_of(sorted(with_own(rows), key=lambda row: row["size"]), OWN), "understood",
    ),
    "own columns, and a cell before the decision lost": (
        lambda rows: text_of(with_own(rows), OWN).replace(f"{rows[3]['id']},{rows[3]['given']},", f"{rows[3]['id']},"),
        "refused",
    ),
    "own columns, and a cell before a decision lost": (
        lambda rows: text_of(with_own(rows), OWN).replace(f"{rows[0]['id']},{rows[0]['given']},", f"{rows[0]['id']},"),
        "refused",
    ),
    "only id and decision": (lambda rows: text_of(rows, ("id", "decision")), "understood"),
    "further columns": (
        lambda rows: text_of([row | {"who": "Ann", "": ""} for row in rows], ("who", *COLUMNS, "")), "understood",
    ),
    "header in capitals with blanks": (
        lambda rows: text_of(rows).replace("id,given", "ID , Given").replace("decision\n", "DECISION \n"), "understood",
    ),
    "a separator more on every line": (lambda rows: text_of(rows).replace("\n", ",\n"), "understood"),
    "a separator more on every line but the first": (
        lambda rows: text_of(rows).replace("\n", ",\n").replace("decision,", "decision"), "understood",
    ),
    "empty cells at the end of lines left out": (
        lambda rows: "\n".join(line.rstrip(",") for line in text_of(rows).split("\n")), "understood",
    ),
    "words in capitals": (lambda rows: text_of(changed(rows, decision=str.upper)), "understood"),
    "blanks around words": (lambda rows: text_of(changed(rows, decision=lambda cell: f" {cell} ")), "understood"),
    "blanks around ids": (lambda rows: text_of(changed(rows, id=lambda cell: f" {cell} ")), "understood"),
    "TRUE in capitals": (lambda rows: text_of(changed(rows, given=str.upper, suggested=str.upper)), "understood"),
    "WAHR for True": (lambda rows: text_of(changed(rows, given=TRUE.get, suggested=TRUE.get)), "understood"),
    "VRAI for True": (lambda rows: text_of(changed(rows, given=FRENCH.get), delimiter=";"), "understood"),
    "decimal commas": (
        lambda rows: text_of(changed(rows, probability=lambda cell: cell.replace(".", ",")), delimiter=";"),
        "understood",
    ),
    "an answered list read twice": (lambda rows: text_of([*rows, *rows]), "understood"),
    "ids as fractions": (
        lambda rows: text_of(changed(rows, id=lambda cell: f"{int(cell)}.0" if len(cell) < 9 else cell)), "understood",
    ),
    "ids as fractions with commas": (
        lambda rows: text_of(changed(rows, id=lambda cell: f"{int(cell)},0" if len(cell) < 9 else cell)), "understood",
    ),
    "ids as numbers": (lambda rows: text_of(changed(rows, id=number)), "either"),
    "ids as powers of ten": (lambda rows: text_of(changed(rows, id=power)), "either"),
    "a second column called decision": (
        lambda rows: text_of(rows).replace("reason,decision", "decision,decision"), "refused",
    ),
    "a second column called id": (lambda rows: text_of(rows).replace("id,given", "id,id"), "refused"),
    "no column id": (lambda rows: text_of(rows, COLUMNS[1:]), "refused"),
    "no column decision": (lambda rows: text_of(rows, COLUMNS[:-1]), "refused"),
    "no header": (lambda rows: text_of(rows).partition("\n")[2], "refused"),
    "a comma in a cell that is not quoted": (
        lambda rows: text_of(rows).replace('"its neighbors, 5 of them, differ"', "its neighbors, 5"), "refused",
    ),
    "a cell too many": (lambda rows: text_of(rows).replace("drop\n", "drop,\n", 1), "refused"),
    "a cell too few, and a decision": (lambda rows: text_of(rows) + f"{rows[3]['id']},drop\n", "refused"),
    "a decision without id": (lambda rows: text_of(changed(rows, id=lambda cell: "")), "refused"),
    "an id that is in no row": (lambda rows: text_of([*rows, rows[0] | {"id": "99999"}]), "refused"),
    "ids as dates": (lambda rows: text_of(changed(rows, id=lambda cell: "02.01.2026")), "refused"),
    "two decisions for a row": (lambda rows: text_of([*rows, rows[0] | {"decision": "keep"}]), "refused"),
    "a word that is none": (lambda rows: text_of([*rows, rows[3] | {"decision": "remove"}]), "refused"),
    "another label than the row has": (
        lambda rows: text_of(changed(rows, given={"True": "False", "False": "True"}.get)), "refused",
    ),
    "ids moved by a line": (
        lambda rows: text_of([row | {"id": other["id"]} for row, other in zip(rows, rows[1:] + rows[:1], strict=True)]),
        "refused",
    ),
    "an open quote": (lambda rows: text_of(rows).replace('"its neighbors, 2 of them, differ"', '"its'), "refused"),
    "a workbook": (lambda rows: b"PK\x03\x04" + text_of(rows).encode(), "refused"),
    "nothing": (lambda rows: "", "refused"),
}  # fmt: skip
# And ways in which the table itself may come back: (change of the frame, understood where rows have names)
TABLES = {
    "as it was": (lambda frame: frame, True),
    "sorted": (lambda frame: frame.sort_values("size"), True),
    "columns moved": (lambda frame: frame[["kind", "size", "kept", "key"]], True),
    "a column more": (lambda frame: frame.assign(more=1.5), False),
    "a column less": (lambda frame: frame.drop(columns="kept"), False),
    "a row less": (lambda frame: frame.drop(index=1), False),
    "a row more": (lambda frame: pd.concat([frame, frame.iloc[:1].assign(key="999")]), False),
    "a label flipped": (lambda frame: frame.assign(kind=frame["kind"] ^ (frame.index == 5)), False),
    "labels flipped throughout": (lambda frame: frame.assign(kind=~frame["kind"]), False),
    "a cell changed": (lambda frame: frame.assign(size=frame["size"] + 0.5 * (frame.index == 5)), False),
    "ids moved by a row": (lambda frame: frame.assign(key=np.roll(frame["key"], 1)), False),
}


@pytest.fixture(scope="module", params=["numbered", "named"])
def audited(request, tmp_path_factory):
    """An audit of the table, as `audit` leaves it in memory, and whether its rows have names."""
    named = request.param == "named"
    return named, audit_of(tmp_path_factory.mktemp("data"), table(), "key" if named else None)


def audit_of(folder: Path, frame: pd.DataFrame, id: str | None) -> Audit:
    file = folder / "data.csv"
    frame.to_csv(file, index=False)
    reading = read_dataset(file, label="kind", id=id, drop_columns=[] if id else ["key"])
    facts = {"fingerprint": "f", "task": "classification", "numbered": are_numbered(reading), **reading.recorded()}
    rows = AuditedRows.of(reading.data, facts)
    record = AuditRecord(RECORD_SCHEMA, facts | {"content": rows.content()}, {}, {}, ())
    return Audit(record, reading.data, rows)


def dropped(audit: Audit, applied) -> set[str]:
    return set(map(str, audit.data.ids.tolist())) - set(map(str, applied.data.ids.tolist()))


def carried_out(act) -> tuple[object, InputError | None]:
    """What an action gives, or how it is refused."""
    try:
        return act(), None
    except InputError as error:
        return None, error


@pytest.mark.parametrize("way", WAYS)
def test_no_list_drops_another_row(audited, way, tmp_path):
    named, audit = audited
    change, wanted = WAYS[way]
    content = change(listed(named))
    file = tmp_path / "SW201.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    applied, error = carried_out(lambda: audit.apply(decisions=file))
    if error is not None:
        assert wanted != "understood", error
        assert "SW201.csv" in str(error)
        assert error.fix
    else:
        assert wanted != "refused"
        assert dropped(audit, applied) == {IDS[place] if named else str(place) for place in DROPPED}


@pytest.mark.parametrize("match", ["content", "id"])
@pytest.mark.parametrize("way", TABLES)
def test_no_table_loses_another_row(audited, way, match, tmp_path):
    named, audit = audited
    change, kept = TABLES[way]
    file, back = tmp_path / "SW201.csv", tmp_path / "back.csv"
    file.write_text(text_of(listed(named)))
    frame = change(table())
    frame.to_csv(back, index=False)
    same = (kept and (named or way != "sorted")) or (not named and way == "ids moved by a row")
    applied, error = carried_out(lambda: audit.apply(str(back), decisions=file, match=match))
    if error is not None:
        assert not same, error
        assert error.fix
        return
    assert same or (named and match == "id")
    gone = set(frame["key"]) - set(applied.data.ids) if named else dropped(audit, applied)
    assert gone == {IDS[place] if named else str(place) for place in DROPPED}
    assert not named or way != "ids moved by a row"


def test_the_line_is_named(audited, tmp_path):
    named, audit = audited
    file = tmp_path / "SW201.csv"
    rows = listed(named)
    file.write_text(text_of([*rows[:2], rows[2] | {"id": "nobody"}, *rows[3:]]))
    with pytest.raises(InputError, match=r"SW201\.csv, line 4, row id nobody"):
        audit.apply(decisions=file)


def test_cells_and_lines_of_a_list(tmp_path):
    file = tmp_path / "list.csv"
    file.write_text('sep=;\nDecision;note;ID\n\ndrop;"two\nlines";7\nkeep;;8\n')
    assert read_list(file, ("id", "given", "decision")) == [
        (4, {"id": "7", "given": "", "decision": "drop"}),
        (6, {"id": "8", "given": "", "decision": "keep"}),
    ]


def test_there_are_sixty_ways():
    assert len(WAYS) + len(TABLES) >= 60
