"""Names, ids, classes, cells, columns and paths that would act on whoever reads them: nothing they reach obeys them.

Sixty texts go through a whole audit. Every writer is checked by what reads it: a parser of HTML, of Markdown, of XML,
of CSV split at commas, semicolons and tabs, a shell, and a terminal, which gets no control character at all.
"""

import csv
import io
import os
import random
import shutil
import subprocess
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree as ET

import numpy as np
import pandas as pd
import pytest
from markdown_it import MarkdownIt
from typer.testing import CliRunner

import samplewise as sw
from samplewise import Dataset
from samplewise.auditing.run_folder import read_decisions
from samplewise.cli.app import app
from samplewise.cli.live import outcome_lines
from samplewise.cli.outcome import last_lines
from samplewise.core.csv_text import is_number, plain_cell
from samplewise.core.errors import InputError, unknown_name
from samplewise.core.escapes import unicode_name, visible
from samplewise.report.junit import to_junit

TEXTS = [
    # formulas
    "=1+1", "=cmd|' /C calc'!A0", "+1+1", "-1+1", "@SUM(1)", "\t=1+1", "\r=1+1", "a\r=1+1", "a\n=1+1", " =1+1",
    "\uff1d1+1", "'=1+1", "a;=1+1", 'a;"=1+1', "a\t@SUM(1)", "-5", "=HYPERLINK(\"x\")",
    # terminals
    "\x1b[2J", "\x1b]0;owned\x07", "\x1b]8;;http://evil\x1b\\click\x1b]8;;\x1b\\", "\x9b2J", "\x07", "\x08\x08", "\x7f",
    "a\rb", "a\nfix: rm -rf", "\x0b", "a\x85b",
    # what cannot be seen
    "\u202etxt.exe", "\u2066x\u2069", "\u200fx", "a\u200bb", "\ufeffx", "a\u2028b", "\x00", "a\x00b", "caf\udce9.png",
    "\ud83d", "\ufffe",
    # pages
    "<evil-tag>", "<script>evil()</script>", "</script><evil-tag>", "\"><evil-tag a=\"", "' onerror='evil()",
    "<img src=x onerror=evil()>", "&lt;evil-tag&gt;", "]]>", "<!--", "--><evil-tag>", "{{ 1 }}", "javascript:evil()",
    # Markdown
    "`evil`", "a|b|c", "[evil](http://evil)", "![x](http://evil)", "# evil", "***evil***", "~~~", "@evil #1", "1. evil",
    # shells
    "$(touch PWNED)", "`touch PWNED`", "x; touch PWNED", "x && touch PWNED", "a'b\"c", "-rf", "--out=x", "*", "~", "\\",
    # long, and from right to left
    "x" * 5000, "\u05e2\u05d1\u05e8\u05d9\u05ea \u0627\u0628",
]  # fmt: skip
IN_TABLES = [text for text in TEXTS if text == unicode_name(text)]  # no table holds bytes that are no UTF-8
IN_FILES = [text for text in IN_TABLES if "\x00" not in text]
CLASSES = ("<evil-tag>\x1b[2J", "=1+1|\u202ex")
COLUMNS = ["=a\x1b[2J", "<evil-tag>", "`touch PWNED`|", "\u202eb\nfix: x", "-rf", "a;=1+1"]
KNOWN_TAGS = {"testsuites", "testsuite", "testcase", "failure", "error", "skipped", "system-out"}


def table() -> pd.DataFrame:
    """Every text is an id, a cell and, of some, a column; each row stands twice: one finding names all."""
    draw = np.random.default_rng(0)
    ids = [*IN_TABLES, *(f"{text}/again" for text in IN_TABLES)]
    half = pd.DataFrame(draw.normal(size=(len(IN_TABLES), len(COLUMNS))), columns=COLUMNS)
    half["said"] = pd.Series(IN_TABLES, dtype=object)
    half["class"] = [CLASSES[index % 2] for index in range(len(IN_TABLES))]
    whole = pd.concat([half, half], ignore_index=True)
    whole.insert(0, "key", pd.Series(ids, dtype=object))
    return whole


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    folder = tmp_path_factory.mktemp("hostile") / "my run; touch PWNED $(x) \u202e'"
    frame = table()
    done = sw.audit(frame, label="class", id="key", checks="SW101,SW102,SW104", run_dir=folder)
    return SimpleNamespace(audit=done, record=done.record, folder=folder, frame=frame)


def dropped(line: list[str], header: list[str]) -> list[str]:
    """A line of a list with "drop" under its decision."""
    place = header.index("decision")
    return [*line[:place], "drop", *line[place + 1 :]]


def hidden(text: str) -> list[str]:
    return [sign for sign in text if visible(sign) != sign]


def test_there_are_sixty_and_more() -> None:
    assert len(set(TEXTS)) == len(TEXTS) >= 60


def test_the_finding_names_every_text(audited: SimpleNamespace) -> None:
    keys = {key for finding in audited.record.findings() if finding.code == "SW102" for key in finding.keys}
    assert set(IN_TABLES) <= keys


class Elements(HTMLParser):
    """The elements of a page and the names of their attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [str(value) for name, value in attrs if name in ("href", "src", "action", "formaction")]


def elements(page: str) -> Elements:
    parser = Elements()
    parser.feed(page)
    return parser


def test_the_page_shows_them_and_obeys_none(audited: SimpleNamespace) -> None:
    page = (audited.folder / "report.html").read_text("utf-8")
    found = elements(page)
    assert hidden(page) == []
    assert "evil-tag" not in found.tags
    assert not [name for name in found.attributes if name.startswith("on")]
    outside = [link for link in found.links if not link.startswith("#")]  # a row of this page is named by its id
    assert not [link for link in outside if "evil" in link or link.startswith("javascript")]
    assert "&lt;evil-tag&gt;" in page
    assert elements(audited.audit._repr_html_()).tags.isdisjoint({"evil-tag", "script"})


def test_markdown_shows_them_and_obeys_none(audited: SimpleNamespace) -> None:
    text = audited.audit.to_markdown()
    assert hidden(text) == []
    found = elements(MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(text))
    assert "evil-tag" not in found.tags
    assert found.tags.isdisjoint({"a", "img", "script", "code", "pre", "s"})


def test_junit_is_xml_with_its_own_elements(audited: SimpleNamespace) -> None:
    text = to_junit(audited.record)
    assert hidden(text) == []
    assert {element.tag for element in ET.fromstring(text).iter()} <= KNOWN_TAGS


def test_the_record_can_be_loaded(audited: SimpleNamespace) -> None:
    again = sw.load_audit(audited.folder).record
    assert [finding.keys for finding in again.findings()] == [finding.keys for finding in audited.record.findings()]


def lists(audited: SimpleNamespace) -> Iterator[str]:
    for file in sorted((audited.folder / "findings").glob("*.csv")):
        yield file.read_bytes().decode("utf-8")


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_no_cell_of_a_list_starts_a_formula(audited: SimpleNamespace, separator: str) -> None:
    for text in lists(audited):
        loose = text if separator == "," else text.replace('"', "")
        for row in csv.reader(io.StringIO(loose, newline=""), delimiter=separator):
            for cell in row:
                bare = cell.strip().replace("\uff1d", "=")
                assert bare[:1] not in tuple("=+-@") or is_number(bare.partition(",")[0]), cell


def test_every_text_is_an_id_that_can_be_decided_on(audited: SimpleNamespace, tmp_path: Path) -> None:
    file = audited.folder / "findings" / "SW102.csv"
    lines = list(csv.reader(io.StringIO(file.read_bytes().decode("utf-8"), newline=""), strict=True))
    ids = {plain_cell(line[0]) for line in lines[1:]}
    assert set(IN_TABLES) <= ids
    decided = io.StringIO()
    csv.writer(decided).writerows([lines[0], *(dropped(line, lines[0]) for line in lines[1:])])
    (tmp_path / "decided.csv").write_text(decided.getvalue(), "utf-8", newline="")
    frame = audited.frame
    rows = Dataset(frame[COLUMNS[:1]].to_numpy(), frame["class"].to_numpy(), ids=frame["key"].to_numpy(dtype=object))
    decisions = read_decisions(tmp_path / "decided.csv", rows)
    assert {decision.id for decision in decisions} == ids


def test_a_terminal_gets_no_control_character(audited: SimpleNamespace) -> None:
    lines = [*last_lines(audited.record, audited.folder)]
    lines += [line for outcome in audited.record.outcomes for line in outcome_lines(outcome)]
    assert hidden("\n".join(line.plain for line in lines)) == []
    assert hidden(str(audited.audit)) == []
    assert sum("\n" in line.plain.strip() for line in lines) == 0


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: ascii(text)[:30])
def test_an_error_keeps_its_four_lines(text: str) -> None:
    for error in (InputError(text, where=text, got=text, fix=text), unknown_name("column", text, TEXTS)):
        assert hidden(str(error)) == []
        assert len(str(error).splitlines()) <= 4


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_a_shell_reads_the_suggested_command_as_it_was_meant(audited: SimpleNamespace, tmp_path: Path) -> None:
    lines = [line.plain for line in last_lines(audited.record, audited.folder)]
    command = next(line for line in lines if line.startswith("next")).removeprefix("next").strip()
    script = "samplewise() { printf '%s\\n' \"$@\"; }\n" + command
    said = subprocess.run(["bash", "-c", script], capture_output=True, check=True, cwd=tmp_path).stdout
    assert os.fsdecode(said).splitlines()[:2] == ["apply", str(audited.folder)]
    assert list(tmp_path.iterdir()) == []


def test_the_command_obeys_no_path_column_or_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path, folder = Path("-d\u202e;\x1b[2J.csv"), Path("-run\n; \x1b]0;x\x07")
    frame = table()
    frame = frame[frame["said"].isin(IN_FILES)]
    frame.to_csv(path, index=False, quoting=csv.QUOTE_ALL, lineterminator="\n")
    words = ["audit", f"./{path}", "--label", "class", "--id", "key", "--checks", "SW102", f"--out={folder}"]
    done = CliRunner().invoke(app, words)
    assert done.exit_code in (0, 1), done.output
    assert hidden(done.output) == []
    assert "next      samplewise apply $'./-run\\x0a; \\x1b]0;x\\x07'" in done.output
    assert hidden((folder / "report.html").read_text("utf-8")) == []
    text = next((folder / "findings").glob("*.csv")).read_text("utf-8")
    for bad in (["--label", "\x1b\u202e\n"], [f"--\u202e{random.Random(0).random()}"], ["--checks", "\u202e\n"]):
        refused = CliRunner().invoke(app, ["audit", f"./{path}", *bad, "--out", "other"])
        assert refused.exit_code == 2
        assert hidden(refused.output) == []
    assert hidden(CliRunner().invoke(app, ["\u202e\x1b[2J"]).output) == []
    assert hidden(CliRunner().invoke(app, ["--\u202e\x1b[2J"]).output) == []
    assert hidden(text) == []


@pytest.mark.skipif(os.name != "posix", reason="needs file names that are bytes")
def test_file_names_that_are_no_utf8_stay_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures in folders of such names: found, listed, decided on, written, and found again from what was written."""
    pillow = pytest.importorskip("PIL.Image", reason="needs Pillow")
    monkeypatch.chdir(tmp_path)
    draw = np.random.default_rng(0)
    for place, name in enumerate(("caf\udce9", "=1+1;\x1b[2J")):
        Path("pictures", name).mkdir(parents=True)
        for number in range(12):
            pixels = draw.integers(0, 100, (8, 8, 3), dtype=np.uint8) + np.uint8(100 * place)
            files = [f"\udcff-{number},=x\n.png"] + (["-same.png"] if number == 0 else [])
            for file in files:
                pillow.fromarray(pixels).save(Path("pictures", name, file))
    done = CliRunner().invoke(app, ["audit", "pictures", "--checks", "SW102", "--out", "run"])
    assert done.exit_code in (0, 1), done.output
    assert hidden(done.output + Path("run/report.html").read_text("utf-8")) == []
    lines = list(csv.reader(Path("run/findings/SW102.csv").read_text("utf-8").splitlines(keepends=True)))
    assert len(lines) > 2
    with Path("decided.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([lines[0], *(dropped(line, lines[0]) for line in lines[1:])])
    applied = CliRunner().invoke(app, ["apply", "run", "--decisions", "decided.csv", "--out", "clean.csv"])
    assert applied.exit_code == 0, applied.output
    again = sw.read_dataset("clean.csv", label="label", image="id")
    assert len(again.data) == 26 - (len(lines) - 1)


@pytest.mark.skipif(shutil.which("soffice") is None, reason="needs LibreOffice (soffice)")
def test_a_spreadsheet_evaluates_no_formula(audited: SimpleNamespace, tmp_path: Path) -> None:
    file = shutil.copy(audited.folder / "findings" / "SW102.csv", tmp_path / "list.csv")
    for separator in ("44", "59"):  # commas, and semicolons as where commas mark decimals
        target = tmp_path / separator
        options = ["--headless", f"--infilter=CSV:{separator},34,76", "--convert-to", "fods", "--outdir", str(target)]
        subprocess.run(["soffice", *options, str(file)], check=True, capture_output=True, timeout=300)
        assert "table:formula" not in (target / "list.fods").read_text("utf-8")
