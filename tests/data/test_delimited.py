"""Delimited text is read right or refused with the line at fault."""

import bz2
import gzip
import io
import zipfile

import numpy as np
import pandas as pd
import pytest

from samplewise.core.errors import InputError
from samplewise.data.delimited import read_cells, read_delimited, separator_of

TABLE = "age,name,label\n31,Ann,yes\n40,Bo,no\n"


@pytest.fixture
def written(tmp_path):
    def write(content, name="table.csv"):
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (TABLE, "table.csv"),
        (TABLE.replace("\n", "\r\n"), "table.csv"),
        (TABLE.replace("\n", "\r"), "table.csv"),
        ("\ufeff" + TABLE, "table.csv"),
        (TABLE.replace(",", ", "), "table.csv"),
        (TABLE.replace("Ann", '"Ann"'), "table.csv"),
        (TABLE.rstrip("\n"), "table.csv"),
        (TABLE.replace("\n40", "\n\n40"), "table.csv"),
        (gzip.compress(TABLE.encode(), mtime=0), "table.csv.gz"),
        (TABLE.replace(",", "\t"), "table.tsv"),
        (TABLE.replace(",", ";"), "table.csv"),
        (TABLE.replace(",", "|"), "table.csv"),
        (TABLE.replace(",", "\t"), "table.csv"),
        (bz2.compress(TABLE.encode()), "table.csv.bz2"),
        ("sep=;\r\n" + TABLE.replace(",", ";").replace("\n", "\r\n"), "table.csv"),
        ('"sep=,"\n' + TABLE, "table.csv"),
        ("# export of 3 April\n\n# source: office, 2nd floor\n" + TABLE, "table.csv"),
        (TABLE.replace("\n", ",\n"), "table.csv"),
        (TABLE.replace("\n", ",\r\n").replace("label,", "label"), "table.csv"),
        (TABLE + "Total,,\n", "table.csv"),
        (TABLE + "71,Sum:,\n", "table.csv"),
    ],
)
def test_every_way_to_write_the_table_reads_the_same(written, content, name):
    frame, _ = read_delimited(written(content, name))
    pd.testing.assert_frame_equal(frame, pd.DataFrame({"age": [31, 40], "name": ["Ann", "Bo"], "label": ["yes", "no"]}))


def test_another_separator_is_said(written):
    _, notes = read_delimited(written(TABLE.replace(",", ";")))
    assert "columns are separated by semicolons, not commas" in notes


def test_what_is_left_out_around_the_table_is_said(written):
    path = written("# by office\n# April\n" + TABLE.replace("\n", ",\n") + "Total,,,\n")
    frame, notes = read_delimited(path)
    assert len(frame) == 2
    assert notes[0] == "2 comment lines above the names are left out: # by office"
    assert "every line ends in a separator: the empty last cells are left out" in notes
    assert "age: the last line ('Total') adds up the others and is set aside" in notes
    assert "row r is line r + 4 of table.csv" in notes
    assert read_cells(path).shape == (2, 3)
    assert separator_of(written("sep=|\na|b\n1|2\n")) == "|"


@pytest.mark.parametrize(
    ("content", "rows", "columns"),
    [
        ("#id,b\n1,2\n", 1, ["#id", "b"]),  # names may begin with a hash
        ("# by office\n#id,b\n1,2\n", 1, ["#id", "b"]),
        ("a,b\nTotal,1\nx,2\nTotal,3\n", 3, ["a", "b"]),  # a value like others
        ("a,b\nx,y\nTotal,z\n", 2, ["a", "b"]),  # words beside it: no sum
        ("a,b\n1,\n2,\n", 2, ["a", "b"]),  # an empty column with a name
        ("a,b\n1,2\n#3,4\n", 2, ["a", "b"]),
    ],
)
def test_what_belongs_to_the_table_stays(written, content, rows, columns):
    frame, _ = read_delimited(written(content))
    assert (len(frame), list(frame.columns)) == (rows, columns)


def test_faults_below_comment_lines_are_reported_with_their_line(written):
    with pytest.raises(InputError, match="line 4"):
        read_delimited(written("# by office\na,b\n1,2\n1,2,3\n"))


def test_an_archive_of_several_files_is_refused(written):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("one.csv", TABLE)
        archive.writestr("two.csv", TABLE)
    with pytest.raises(InputError, match=r"(?s)must hold one file.*one\.csv, two\.csv.*unzip"):
        read_delimited(written(buffer.getvalue(), "table.zip"))
    with pytest.raises(InputError, match="not whole zip"):
        read_delimited(written(b"PK", "table.zip"))
    with pytest.raises(InputError, match="not whole bzip2"):
        read_delimited(written(b"BZ", "table.csv.bz2"))


def test_decimal_commas_with_semicolons_are_numbers(written):
    frame, _ = read_delimited(written("a;b\n1,5;x\n2,25;y\n"))
    assert frame["a"].tolist() == [1.5, 2.25]


def test_commas_inside_semicolon_free_headers_do_not_mislead(written):
    frame, _ = read_delimited(written("text\na;b\nc\n"))
    assert frame["text"].tolist() == ["a;b", "c"]


def test_quoted_cells_hold_separators_quotes_and_lines(written):
    frame, notes = read_delimited(written('a,b\n"x, y","say ""hi"""\n"two\nlines",z\n'))
    assert frame["a"].tolist() == ["x, y", "two\nlines"]
    assert frame["b"].tolist() == ["say \"hi\"", "z"]  # fmt: skip
    assert any("cells that span lines" in note for note in notes)


def test_row_numbers_are_tied_to_lines(written):
    assert "row r is line r + 2 of table.csv" in read_delimited(written(TABLE))[1]


def test_missing_words_are_missing_and_counted_and_none_is_a_value(written):
    frame, notes = read_delimited(written("a,b\n1,?\nNA,None\n?,x\n,y\n"))
    assert frame["a"].isna().tolist() == [False, True, True, True]
    assert frame["b"].tolist()[1:] == ["None", "x", "y"]
    assert "read as missing: ? (2 cells), NA (1 cells)" in notes


def test_cells_with_markup_are_kept_verbatim(written):
    frame, _ = read_delimited(written("<script>x</script>,b\n<b>1</b>,<script>alert('&')</script>\n"))
    assert frame.columns[0] == "<script>x</script>"
    assert frame["b"].tolist() == ["<script>alert('&')</script>"]


def test_chosen_columns_stay_as_written(written):
    frame, _ = read_delimited(written("id,x\n007,1\n010,2\n"), ("id",))
    assert frame["id"].tolist() == ["007", "010"]


def test_a_first_line_of_numbers_is_mentioned(written):
    assert any("first line holds only numbers" in note for note in read_delimited(written("1,2\n3,4\n"))[1])


def test_ten_thousand_columns(written):
    header = ",".join(f"c{column}" for column in range(10_000))
    frame, _ = read_delimited(written(f"{header}\n" + ",".join(["1"] * 10_000) + "\n"))
    assert frame.shape == (1, 10_000)


def test_cells_come_back_as_written(written):
    cells = read_cells(written("a,b,c\n007,1.50,NA\n x,,true\n"))
    assert cells.values.tolist() == [["007", "1.50", "NA"], [" x", "", "true"]]
    assert read_cells(written('a, b\n1, "x, y"\n')).values.tolist() == [["1", "x, y"]]


@pytest.mark.parametrize(
    ("content", "what", "fix"),
    [
        ("", "the file is empty.*0 bytes", "a file with rows"),
        (" \n\n", "the file is empty", "a file with rows"),
        ("a,b\n", "column names and no rows.*0 rows", "below the first line"),
        ("a,b\n1,caf\xe9\n".encode("latin1"), "not UTF-8.*byte 0xe9 at byte 9, line 2", "iconv -f latin1"),
        ("a,b\n1,2\n".encode("utf-16"), "not UTF-8.*byte-order mark", "iconv -f utf-16"),
        (b"a,b\n1,2\n3,\x00\x00\n", "NUL bytes.*line 3, byte 10.*2 NUL", "UTF-8 text"),
        ("a,b\n1,2\n1,2,3\n4\n5,6\n", "more or fewer cells.*line 3, 4.*3 cells in line 3, 2 columns", "quote cells"),
        ('a,b\n"x\ny",2\n1,2,3\n', "more or fewer cells.*line 4", "quote cells"),
        ('a,b\n5" pipe,2\n1\n', "more or fewer cells.*line 3", "quote cells"),
        ("a,b\n" + "1\n" * 9, r"line 2, 3, 4, 5, 6 \(9 in all\)", "complete short rows"),
        ("a,b,a\n1,2,3\n", "column names repeat.*line 1: 'a'.*3 columns", "rename or remove"),
    ],
)
def test_damaged_text_is_refused_with_its_place(written, content, what, fix):
    with pytest.raises(InputError, match=rf"(?s){what}.*fix: .*{fix}"):
        read_delimited(written(content))


def test_a_damaged_archive_is_refused(written):
    whole = gzip.compress(TABLE.encode() * 50)
    for content in (TABLE.encode(), whole[: len(whole) // 2]):
        with pytest.raises(InputError, match=r"(?s)not whole gzip.*table\.csv\.gz.*write it again"):
            read_delimited(written(content, "table.csv.gz"))


def test_an_unreadable_file_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"(?s)cannot be read.*may be read"):
        read_delimited(tmp_path / "gone.csv")


def test_even_and_odd_rows_are_distinguished_as_the_csv_module_does(written):
    """The fast count and the slow one agree on tables of random cells with quotes, separators and line breaks."""
    random = np.random.default_rng(0)
    pieces = np.array(["a", "", '"x,y"', '"p\nq"', '"say ""hi"""', "7"])
    for _ in range(40):
        rows = [",".join(random.choice(pieces, 3)) for _ in range(4)]
        odd = bool(random.integers(2))
        rows[2] += ",extra" * odd
        path = written("h1,h2,h3\n" + "\n".join(rows) + "\nz,z,z\n")
        if odd:
            with pytest.raises(InputError, match="more or fewer cells"):
                read_delimited(path)
        else:
            assert read_delimited(path)[0].shape == (5, 3)


def test_codes_keep_their_leading_zeros(written):
    frame, _ = read_delimited(written("zip,size,mixed\n01067,10,007\n10115,20,7b\nNA,30,8\n"))
    assert frame["zip"].tolist()[:2] == ["01067", "10115"]
    assert frame["zip"].isna().tolist() == [False, False, True]
    assert frame["size"].tolist() == [10, 20, 30]


def test_points_before_three_digits_are_thousands_where_semicolons_separate(written):
    cells = "price;name\n8.442;a\n85;b\n1.666;c\n"
    frame, _ = read_delimited(written(cells))
    assert frame.attrs == {"decimal": ",", "delimiter": ";", "first_line": 2}
    assert frame["price"].tolist() == ["8.442", "85", "1.666"]
    frame, _ = read_delimited(written(cells), decimal=".")
    assert frame["price"].tolist() == [8.442, 85, 1.666]
    for other in ("1.5;d\n", "1666;d\n", "0.125;d\n"):
        frame, _ = read_delimited(written(cells + other))
        assert frame["price"].dtype == np.float64


ROWS = b"a,b,y\n" + b"".join(b"%d,t%d,%d\n" % (row, row, row % 2) for row in range(9))


@pytest.mark.parametrize(
    ("text", "words", "line"),
    [
        (ROWS + b"9,hello\rworld,1\n10,t,0\n", "carriage return", 11),
        (ROWS.replace(b"3,t3,1\n", b"3,t3,1\r"), "carriage return", 5),
        (ROWS.replace(b"t3", b'"t3').replace(b"t7", b'"t7'), "not closed", 5),
    ],
)
def test_what_swallows_or_splits_rows_is_refused_with_its_line(tmp_path, text, words, line):
    path = tmp_path / "rows.csv"
    path.write_bytes(text)
    with pytest.raises(InputError, match=words) as refusal:
        read_delimited(path)
    assert refusal.value.where.endswith(f"line {line}")


@pytest.mark.parametrize(
    "text",
    [
        ROWS.replace(b"\n", b"\r"),
        ROWS.replace(b"\n", b"\r\n"),
        ROWS.replace(b"t3", b'"t\r3"'),
        ROWS.replace(b"t3", b'"said ""no""\nand, left"'),
        ROWS.replace(b"t3", b'5" pipe').replace(b"t7", b'6" pipe'),
    ],
)
def test_line_ends_of_every_kind_and_quoted_ones_are_read(tmp_path, text):
    path = tmp_path / "rows.csv"
    path.write_bytes(text)
    assert len(read_delimited(path)[0]) == 9
