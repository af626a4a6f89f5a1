"""Lists of rows stay what people made of them, whatever the next audit finds."""

import csv
from pathlib import Path

import pytest

from samplewise.auditing.placed_lists import Known, edited_lists, place_lists
from samplewise.auditing.row_lists import list_text
from samplewise.auditing.run_folder import COLUMNS, read_decisions
from samplewise.core.errors import InputError


def text_of(*ids: str) -> str:
    return list_text(COLUMNS, [{"id": key, "reason": "odd"} for key in ids])


class Folder:
    """A run folder that remembers what was written, as `run.json` does."""

    def __init__(self, path: Path) -> None:
        self.path, self.known = path, Known()

    def place(self, **texts: str) -> tuple[str, ...]:
        def remember(known: Known) -> None:
            self.known = known

        return place_lists({f"{name}.csv": text for name, text in texts.items()}, self.path, self.known, remember)

    def file(self, name: str) -> Path:
        return self.path / "findings" / name

    def names(self) -> list[str]:
        return sorted(file.name for file in (self.path / "findings").iterdir())

    def rows(self, name: str) -> list[dict[str, str]]:
        with self.file(name).open(newline="") as stream:
            return list(csv.DictReader(stream))

    def fill(self, name: str, words: dict[str, str], **more: str) -> bytes:
        """Write decisions and further columns as an annotator would; returns what the file then holds."""
        rows = self.rows(name)
        with self.file(name).open("w", newline="") as stream:
            writer = csv.DictWriter(stream, [*rows[0], *more])
            writer.writeheader()
            writer.writerows({**row, **more, "decision": words.get(row["id"], "")} for row in rows)
        return self.file(name).read_bytes()


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path)


def test_what_nobody_edited_is_replaced_and_goes_when_nothing_is_found_any_more(folder):
    assert folder.place(SW102=text_of("a", "b"), SW201=text_of("c")) == ()
    assert folder.place(SW102=text_of("a")) == ()
    assert folder.names() == ["SW102.csv"]
    assert [row["id"] for row in folder.rows("SW102.csv")] == ["a"]
    folder.place()
    assert folder.names() == []


def test_an_edited_list_stays_byte_by_byte_where_the_same_is_found_again(folder):
    folder.place(SW102=text_of("a", "b"))
    edited = folder.fill("SW102.csv", {"a": "drop"}, comment="asked Maria")
    for _ in range(2):
        assert folder.place(SW102=text_of("a", "b")) == ()
        assert folder.file("SW102.csv").read_bytes() == edited
        assert folder.names() == ["SW102.csv"]
    assert folder.place() == ()
    assert folder.file("SW102.csv").read_bytes() == edited
    assert edited_lists(folder.path, folder.known) == [folder.file("SW102.csv")]


def test_what_is_found_now_goes_beside_it_with_decisions_comments_and_rows_that_are_gone(folder):
    folder.place(SW102=text_of("a", "b"))
    edited = folder.fill("SW102.csv", {"a": "drop", "b": "keep"}, comment="=asked Maria")
    (note,) = folder.place(SW102=text_of("b", "c"))
    assert "SW102.csv was edited and is left as it is" in note
    assert "findings/SW102.2.csv" in note
    assert folder.file("SW102.csv").read_bytes() == edited
    assert [(row["id"], row["decision"], row["comment"]) for row in folder.rows("SW102.2.csv")] == [
        ("b", "keep", "'=asked Maria"), ("c", "", ""), ("a", "drop", "'=asked Maria"),
    ]  # fmt: skip
    assert "not found any more" in folder.rows("SW102.2.csv")[2]["reason"]
    assert folder.place(SW102=text_of("b", "c")) == ()  # and there it stays
    assert {one.id: one.kind for one in read_decisions(folder.path)} == {"a": "drop", "b": "keep"}


def test_a_second_edited_list_stays_as_well(folder):
    folder.place(SW102=text_of("a", "b"))
    first = folder.fill("SW102.csv", {"a": "drop"})
    folder.place(SW102=text_of("b", "c"))
    second = folder.fill("SW102.2.csv", {"c": "keep"})
    folder.place(SW102=text_of("c", "d"))
    assert (folder.file("SW102.csv").read_bytes(), folder.file("SW102.2.csv").read_bytes()) == (first, second)
    assert {row["id"]: row["decision"] for row in folder.rows("SW102.3.csv")} == {"c": "keep", "d": "", "a": "drop"}


def test_two_decisions_for_a_row_are_reported_and_neither_is_taken(folder):
    folder.place(SW102=text_of("a", "b"))
    folder.fill("SW102.csv", {"a": "drop", "b": "drop"})
    with folder.file("SW102.csv").open("a", newline="") as stream:
        stream.write("a,,,,twice,keep\n")
    notes = folder.place(SW102=text_of("a", "b", "c"))
    assert "rows id a: decided in two ways" in notes[1]
    assert [row["decision"] for row in folder.rows("SW102.2.csv")] == ["", "drop", ""]
    with pytest.raises(InputError, match="two different decisions"):
        read_decisions(folder.path)


@pytest.mark.parametrize("content", [b"my notes \xff", b"id\tverdict\na\tdrop\n", b""])
def test_what_cannot_be_read_stays_under_its_name_and_is_said(folder, content):
    folder.place(SW102=text_of("a"))
    folder.file("SW102.csv").write_bytes(content)
    notes = folder.place(SW102=text_of("a", "b"))
    assert folder.file("SW102.csv").read_bytes() == content
    assert any("its decisions are not in the new list" in note for note in notes)
    assert [row["id"] for row in folder.rows("SW102.2.csv")] == ["a", "b"]


def test_a_list_that_is_what_would_be_written_is_nobodys(folder):
    folder.place(SW102=text_of("a"))
    folder.known = {}  # what was remembered is lost
    assert folder.place(SW102=text_of("a")) == ()
    assert folder.names() == ["SW102.csv"]
    assert folder.place(SW102=text_of("b")) == ()
    assert [row["id"] for row in folder.rows("SW102.csv")] == ["b"]


def test_a_list_is_remembered_before_it_is_written(folder, monkeypatch):
    """A kill between the two must not make the audit's own list look like a person's."""
    folder.place(SW102=text_of("a"))

    def killed(path: Path, text: str) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("samplewise.auditing.placed_lists.write_text", killed)
        with pytest.raises(KeyboardInterrupt):
            folder.place(SW102=text_of("b"))
    assert folder.place(SW102=text_of("c")) == ()
    assert [row["id"] for row in folder.rows("SW102.csv")] == ["c"]
    assert folder.names() == ["SW102.csv"]


def own_text(*ids: str) -> str:
    return list_text(["id", "decision", "Size", "=a"], [{"id": key, "Size": f"{key} wide", "=a": "=1"} for key in ids])


def test_the_rows_own_columns_come_from_the_new_list_and_comments_from_the_old(folder):
    folder.place(SW104=own_text("a", "b"))
    edited = folder.fill("SW104.csv", {"a": "drop"}, comment="seen").replace(b"wide", b"changed")
    folder.file("SW104.csv").write_bytes(edited)
    folder.place(SW104=own_text("b", "c"))
    rows = folder.rows("SW104.2.csv")
    assert list(rows[0]) == ["id", "reason", "decision", "Size", "'=a", "comment"]
    assert [(row["id"], row["decision"], row["Size"], row["comment"]) for row in rows] == [
        ("b", "", "b wide", "seen"), ("c", "", "c wide", ""), ("a", "drop", "a changed", "seen"),
    ]  # fmt: skip
    assert rows[2]["'=a"] == "'=1"
    assert rows[2]["reason"].startswith("not found any more")


def test_a_text_beside_a_list_is_replaced_or_kept_as_lists_are(folder):
    def place(text: str) -> tuple[str, ...]:
        def remember(known: Known) -> None:
            folder.known = known

        return place_lists({"SW104.txt": text}, folder.path, folder.known, remember)

    place("one")
    assert place("two") == ()
    assert folder.file("SW104.txt").read_text() == "two"
    folder.file("SW104.txt").write_text("my notes")
    (note,) = place("three")
    assert "SW104.txt was edited and is left as it is" in note
    assert folder.file("SW104.txt").read_text() == "my notes"
    assert folder.file("SW104.2.txt").read_text() == "three"
    assert place("three") == ()
    assert folder.names() == ["SW104.2.txt", "SW104.txt"]
