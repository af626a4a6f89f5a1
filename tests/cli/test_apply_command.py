import gzip

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from samplewise import data as reading
from samplewise.auditing.audited_rows import AuditedRows, are_numbered
from samplewise.auditing.decision_log import DecisionLog, Entry
from samplewise.cli.app import app
from samplewise.core.codec import save_record

TABLE = ',key,size,kind\n0,007,1.50,no\n1,008,"2,5",yes\n2,009,03,no\n3,010,NA,yes\n'


@pytest.fixture
def run(tmp_path, make):
    """Write a record whose relabeling of row 1 and dropping of row 2 helps, and whose dropping of row 3 hurts."""

    def write(source, *, helps="helps", keys=((1,), (2,)), id=None, read_as=None, max_size=None, **data):
        outcomes = (
            make.found("SW201", "error", make.remedy("relabel", keys[0], ("no",) * len(keys[0]), helps), keys=keys[0]),
            make.found("SW102", "error", make.remedy("drop", keys[1], (), helps), keys=keys[1]),
            make.found("SW303", "error", make.remedy("drop", (3,), (), "hurts", -1.0), keys=(3,)),
        )
        facts = {"label": "kind"} | data
        read = reading.read_dataset(
            read_as or source, label=None if source.is_dir() else facts["label"], id=id, max_size=max_size
        )
        facts |= read.recorded() | {"numbered": are_numbered(read), "fingerprint": "f"}
        rows = AuditedRows.of(read.data, facts)
        save_record(make.record(*outcomes, source=str(source), content=rows.content(), **facts), tmp_path / "run")
        rows.save(tmp_path / "run")
        return str(tmp_path / "run")

    return write


def command(*words):
    return CliRunner().invoke(app, ["apply", *map(str, words)])


def written(tmp_path, text=TABLE, name="data.csv"):
    path = tmp_path / name
    path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    return path


def test_only_what_helps_is_carried_out_and_every_other_cell_stays_as_written(tmp_path, run):
    result = command(run(written(tmp_path)), "--out", tmp_path / "clean.csv")
    assert result.exit_code == 0, result.output
    assert (tmp_path / "clean.csv").read_text() == ',key,size,kind\n0,007,1.50,no\n1,008,"2,5",no\n3,010,NA,yes\n'
    log = pd.read_csv(tmp_path / "clean.log.csv", dtype=str, keep_default_na=False)
    assert log.to_numpy().tolist() == [
        ["1", "relabel", "yes", "no", "samplewise", ""],
        ["2", "drop", "row", "", "samplewise", ""],
    ]
    assert "1 row dropped, 1 row relabeled (remedies that were measured to help)" in result.output


def test_separator_and_compression_of_the_original_are_kept(tmp_path, run):
    source = written(tmp_path, TABLE.replace('"2,5"', "2").replace(",", ";"), "data.csv.gz")
    assert command(run(source), "--out", tmp_path / "clean.csv.gz").exit_code == 0
    assert gzip.decompress((tmp_path / "clean.csv.gz").read_bytes()).decode().splitlines()[:2] == [
        ";key;size;kind",
        "0;007;1.50;no",
    ]
    assert (tmp_path / "clean.log.csv").exists()


def test_rows_are_found_by_the_id_column(tmp_path, run):
    folder = run(written(tmp_path), keys=(("008",), ("009",)), id="key")
    assert command(folder, "--out", tmp_path / "clean.csv").exit_code == 0
    assert pd.read_csv(tmp_path / "clean.csv", dtype=str)["key"].tolist() == ["007", "008", "010"]


def test_parquet_keeps_its_types(tmp_path, run):
    frame = pd.DataFrame({"size": np.array([1, 2, 3, 4], dtype=np.int16), "kind": ["no", "yes", "no", "yes"]})
    frame.to_parquet(tmp_path / "data.parquet")
    assert command(run(tmp_path / "data.parquet"), "--out", tmp_path / "clean.parquet").exit_code == 0
    clean = pd.read_parquet(tmp_path / "clean.parquet")
    assert clean["size"].dtype == np.int16
    assert clean["kind"].tolist() == ["no", "no", "yes"]


def test_archives_are_cut_array_by_array_and_labels_stay_codes(tmp_path, run):
    arrays = {
        "X": np.eye(4, dtype=np.float32),
        "y": np.array([0, 1, 0, 1]),
        "class_names": np.array(["no", "yes"]),
        "scale": np.array(3),
    }
    np.savez(tmp_path / "data.npz", **arrays)
    assert command(run(tmp_path / "data.npz", label="y"), "--out", tmp_path / "clean.npz").exit_code == 0
    with np.load(tmp_path / "clean.npz") as clean:
        assert clean["X"].dtype == np.float32
        assert clean["X"].shape == (3, 4)
        assert clean["y"].tolist() == [0, 0, 1]
        assert clean["class_names"].tolist() == ["no", "yes"]
        assert clean["scale"] == 3


def test_images_become_a_table_of_paths_and_labels(tmp_path, run):
    image = pytest.importorskip("PIL.Image", reason="reading images needs pillow")
    for index, kind in enumerate(["no", "no", "yes", "yes"]):
        (tmp_path / "photos" / kind).mkdir(parents=True, exist_ok=True)
        image.new("L", (4, 4), 60 * index).save(tmp_path / "photos" / kind / f"{index}.png")
    folder = run(tmp_path / "photos", keys=(("yes/2.png",), ("no/1.png",)), label="folder")
    result = command(folder, "--out", tmp_path / "clean.csv")
    assert result.exit_code == 0, result.output
    assert (tmp_path / "clean.csv").read_text() == "id,label\nno/0.png,no\nyes/2.png,no\nyes/3.png,yes\n"


def test_decisions_of_a_person_replace_the_advice(tmp_path, run):
    folder = run(written(tmp_path))
    decisions = tmp_path / "decided.csv"
    decisions.write_text(
        "id,given,suggested,decision\n0,no,yes,relabel\n1,yes,no,keep\n3,yes,no,weight:0.5\n2,no,,drop\n"
    )
    result = command(folder, "--decisions", decisions, "--out", tmp_path / "clean.csv")
    assert result.exit_code == 0, result.output
    assert pd.read_csv(tmp_path / "clean.csv")["kind"].tolist() == ["yes", "yes", "yes"]
    assert (tmp_path / "clean.weights.csv").read_text() == "id,weight\n3,0.5\n"
    assert "1 row dropped, 1 row relabeled, 1 row reweighted (as decided)" in result.output


def test_what_was_decided_in_a_review_is_done_and_no_remedy(tmp_path, run):
    folder = run(written(tmp_path))
    log = DecisionLog(tmp_path / "run", "f")
    log.append(Entry(3, "SW201", "relabel", "no", "r1", given="yes"))
    log.append(Entry(2, "SW201", "keep", reviewer="r1", given="no"))
    log.append(Entry(1, "SW201", "unsure", reviewer="r1", given="yes"))
    result = command(folder, "--out", tmp_path / "clean.csv")
    assert result.exit_code == 0, result.output
    assert pd.read_csv(tmp_path / "clean.csv")["kind"].tolist() == ["no", "yes", "no", "no"]
    assert "From the review: 2 decisions, and no remedy" in result.output
    assert "1 row relabeled (as decided)" in result.output
    assert "nobody was sure" in " ".join(result.output.split())
    named = command(folder, "--do", "SW102", "--out", tmp_path / "named.csv")
    assert "From the review" not in named.output
    assert len(pd.read_csv(tmp_path / "named.csv")) == 3


def test_several_labels_and_single_cells_of_a_review_are_written_into_the_file(tmp_path, run):
    lines = [f"{place},{place + 0.5},{kind}" for place, kind in enumerate(["a; b", "b", "a; c", "c"] * 5)]
    text = "key,size,kind\n" + "\n".join(lines) + "\n"
    folder = run(written(tmp_path, text), keys=((1,), (2,)))
    log = DecisionLog(tmp_path / "run", "f")
    log.append(Entry(0, "SW201", "relabel", "a; b; c", "r1", given="a; b"))  # a set that no row has
    log.append(Entry(3, "SW108", "relabel", None, "r1", given="3.5", column="size"))
    log.append(Entry(3, "SW108", "relabel", 30, "r1", given="3", column="key"))
    log.append(Entry(4, "SW108", "keep", reviewer="r1", given="4.5", column="size"))
    result = command(folder, "--out", tmp_path / "clean.csv")
    assert result.exit_code == 0, result.output
    new = (tmp_path / "clean.csv").read_text().splitlines()
    assert new[1] == "0,0.5,a; b; c"
    assert new[4] == "30,,c"
    assert [line for place, line in enumerate(new[1:]) if place not in (0, 3)] == [
        line for place, line in enumerate(lines) if place not in (0, 3)
    ]  # fmt: skip


def test_a_review_that_decided_nothing_changes_nothing(tmp_path, run):
    folder = run(written(tmp_path))
    DecisionLog(tmp_path / "run", "f").append(Entry(1, "SW201", "unsure", reviewer="r1", given="yes"))
    result = command(folder, "--out", tmp_path / "clean.csv")
    assert result.exit_code == 0, result.output
    assert (tmp_path / "clean.csv").read_text() == TABLE
    assert "0 decisions" in result.output


def test_a_decision_of_a_review_about_another_label_is_refused(tmp_path, run):
    folder = run(written(tmp_path))
    DecisionLog(tmp_path / "run", "f").append(Entry(1, "SW201", "drop", reviewer="r1", given="no"))
    result = command(folder, "--out", tmp_path / "clean.csv")
    assert result.exit_code == 2
    assert not (tmp_path / "clean.csv").exists()


def test_a_named_finding_is_said_first_and_is_all_that_is_done(tmp_path, run):
    result = command(run(written(tmp_path)), "--do", "SW102", "--out", tmp_path / "clean.csv")
    assert result.exit_code == 0, result.output
    assert (tmp_path / "clean.csv").read_text() == ',key,size,kind\n0,007,1.50,no\n1,008,"2,5",yes\n3,010,NA,yes\n'
    said = result.output.splitlines()
    assert said[0].startswith("SW102: drop 1 rows (1 row; helps: +1.25 points")
    assert said[1] == "1 row dropped (as named)"


def test_what_hurts_needs_a_word_of_its_own(tmp_path, run):
    folder, target = run(written(tmp_path)), tmp_path / "clean.csv"
    refused = command(folder, "--do", "SW303", "--out", target)
    assert refused.exit_code == 2
    assert "measured to hurt" in refused.output
    assert "--even-hurting" in refused.output
    assert not target.exists()
    assert command(folder, "--do", "SW303", "--do", "SW102", "--even-hurting", "--out", target).exit_code == 0
    assert pd.read_csv(target, index_col=0).index.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--do", "SW999"), "no finding of this audit named 'SW999'"),
        (("--do", "SW102:relabel"), "no remedy of kind 'relabel'"),
        (("--do", "SW102", "--decisions", "x.csv"), "not both"),
        (("--even-hurting",), "only where it is named"),
    ],
)
def test_what_cannot_be_named_is_refused_and_nothing_is_written(tmp_path, run, words, said):
    result = command(run(written(tmp_path)), *words, "--out", tmp_path / "clean.csv")
    assert result.exit_code == 2
    assert said in result.output
    assert not (tmp_path / "clean.csv").exists()


def test_what_removes_many_rows_is_left_to_be_named(tmp_path, run):
    source = written(tmp_path, ",kind\n" + "".join(f"{n},{'no' if n % 2 else 'yes'}\n" for n in range(40)))
    folder = run(source, keys=((1,), tuple(range(10))), rows=40)
    result = command(folder, "--out", tmp_path / "clean.csv")
    assert result.exit_code == 0, result.output
    assert "SW102: drop 10 rows: not done, for it removes 25 % of the rows" in result.output
    assert len(pd.read_csv(tmp_path / "clean.csv")) == 40
    assert command(folder, "--do", "SW102", "--out", tmp_path / "less.csv").exit_code == 0
    assert len(pd.read_csv(tmp_path / "less.csv")) == 30


def test_without_help_nothing_changes_and_it_says_so(tmp_path, run):
    result = command(run(written(tmp_path), helps="not decided"), "--out", tmp_path / "clean.csv")
    assert result.exit_code == 0
    assert "Nothing was changed: no remedy was measured to help" in result.output
    assert (tmp_path / "clean.csv").read_text() == TABLE


def test_a_moved_file_is_named_with_data(tmp_path, run):
    folder = run(tmp_path / "gone.csv", read_as=written(tmp_path))
    refused = command(folder, "--out", tmp_path / "clean.csv")
    assert refused.exit_code == 2
    assert "not where it was" in refused.output
    assert "--data PATH" in refused.output
    assert command(folder, "--data", written(tmp_path), "--out", tmp_path / "clean.csv").exit_code == 0


@pytest.mark.parametrize(
    ("name", "words"),
    [("clean.parquet", ("same kind of file", "clean.csv")), ("there.csv", ("nothing is written over", "there.csv"))],
)
def test_a_target_that_cannot_be_is_refused(tmp_path, run, name, words):
    (tmp_path / "there.csv").write_text("mine")
    result = command(run(written(tmp_path)), "--out", tmp_path / name)
    assert result.exit_code == 2
    assert all(word in result.output for word in words)
    assert (tmp_path / "there.csv").read_text() == "mine"


def test_a_file_that_changed_since_is_refused(tmp_path, run):
    folder = run(written(tmp_path))
    written(tmp_path, TABLE + "4,011,5,no\n")
    result = command(folder, "--out", tmp_path / "clean.csv")
    assert result.exit_code == 2
    assert "1 row new: rows id 4" in result.output
    assert "audit them again" in result.output
    assert not (tmp_path / "clean.csv").exists()


@pytest.mark.parametrize(
    ("words", "fix"),
    [
        (("--do", "SW102", "--decisions", "x.csv"), "leave one of them out"),
        (("--even-hurting", "--decisions", "x.csv"), "leave one of them out"),
        (("--even-hurting",), "--do SW201"),
    ],
)
def test_options_that_contradict_each_other_are_refused_before_anything_is_read(tmp_path, words, fix):
    result = command(tmp_path / "no such run", *words, "--out", tmp_path / "clean.csv")
    assert result.exit_code == 2
    assert fix in result.output


def test_a_table_that_only_the_users_limit_allows_is_read_again_by_it(tmp_path, run, monkeypatch):
    folder = run(written(tmp_path), max_size="1GB")
    monkeypatch.setattr("samplewise.data.file_sizes.memory", lambda: 8)
    result = command(folder, "--out", tmp_path / "clean.csv")
    assert result.exit_code == 0, result.output


def test_a_folder_without_a_record_is_refused(tmp_path):
    result = command(tmp_path, "--out", tmp_path / "clean.csv")
    assert result.exit_code == 2
    assert "no audit record here" in result.output


ROWS = 'patient\'s "no",size,kind\n9,1.5,no\n8,2.5,yes\n7,3.5,no\n6,4.5,yes\n'


@pytest.fixture
def named(tmp_path, run):
    """A run of a table with an id column of a difficult name."""
    return run(written(tmp_path, ROWS), keys=((8,), (7,)), id='patient\'s "no"')


def test_a_file_sorted_since_loses_no_other_row(tmp_path, run, named):
    decided = tmp_path / "decided.csv"
    decided.write_text("id,decision\n6,drop\n")
    head, *rows = ROWS.splitlines()
    written(tmp_path, "\n".join([head, *rows[::-1]]) + "\n")
    result = command(named, "--decisions", decided, "--out", tmp_path / "clean.csv")
    assert result.exit_code == 0, result.output
    assert [line[0] for line in (tmp_path / "clean.csv").read_text().splitlines()[1:]] == ["7", "8", "9"]
    plain = run(written(tmp_path))
    head, *rows = TABLE.splitlines()
    written(tmp_path, "\n".join([head, *rows[::-1]]) + "\n")
    decided.write_text("id,decision\n2,drop\n")
    result = command(plain, "--decisions", decided, "--out", tmp_path / "other.csv")
    assert result.exit_code == 2
    assert "4 rows where another row was before: rows id 0, 1, 2, 3" in result.output
    assert not (tmp_path / "other.csv").exists()


def test_rows_that_changed_are_left_alone_where_names_are_gone_by(tmp_path, named):
    written(tmp_path, ROWS.replace("2.5,yes", "2.75,yes"))
    refused = command(named, "--out", tmp_path / "clean.csv")
    assert refused.exit_code == 2
    assert "1 row changed: rows id 8" in refused.output
    result = command(named, "--match", "id", "--out", tmp_path / "clean.csv")
    assert result.exit_code == 0, result.output
    assert "not done for rows id 8, which are not as they were audited" in " ".join(result.output.split())
    assert (tmp_path / "clean.csv").read_text().count("\n") == 4


@pytest.mark.parametrize(
    ("given", "said"),
    [("no", "given as 'no', the data hold 'yes'"), ("", "does not say which label it had"), ("yes", "")],
)
def test_a_decision_about_another_label_is_refused_with_its_line(tmp_path, named, given, said):
    written(tmp_path, ROWS.replace("2.5,yes", "2.75,yes"))
    decided, target = tmp_path / "decided.csv", tmp_path / "clean.csv"
    decided.write_text(f"id,given,decision\n9,no,keep\n8,{given},drop\n")
    result = command(named, "--decisions", decided, "--match", "id", "--out", target)
    assert result.exit_code == (2 if said else 0), result.output
    assert said in result.output
    assert target.exists() == (not said)
    if said:
        assert "line 3, row id 8" in result.output


@pytest.mark.parametrize("name", ["clean.log.csv", "k.weights.csv", "c.v1.csv"])
def test_no_output_takes_the_place_of_another(tmp_path, run, name):
    decided = tmp_path / "decided.csv"
    decided.write_text("id,decision\n2,drop\n3,weight:0.5\n")
    folder = run(written(tmp_path))
    assert command(folder, "--decisions", decided, "--out", tmp_path / name).exit_code == 0
    stem = name.removesuffix(".csv")
    assert (tmp_path / name).read_text().splitlines()[0] == ",key,size,kind"
    assert (tmp_path / f"{stem}.log.csv").read_text().splitlines()[0] == "id,kind,before,after,by,column"
    assert (tmp_path / f"{stem}.weights.csv").read_text().splitlines()[0] == "id,weight"


@pytest.mark.parametrize("there", ["clean.csv", "clean.log.csv", "clean.weights.csv"])
def test_nothing_that_is_there_is_written_over(tmp_path, run, there):
    folder = run(written(tmp_path))
    (tmp_path / there).write_text("precious")
    result = command(folder, "--out", tmp_path / "clean.csv")
    assert result.exit_code == 2
    assert "nothing is written over" in result.output
    assert [file.name for file in tmp_path.glob("clean*")] == [there]
    assert (tmp_path / there).read_text() == "precious"


def test_neither_the_input_nor_the_run_folder_is_written_to(tmp_path, run):
    source = written(tmp_path)
    folder = run(source)
    (tmp_path / "run" / "findings").mkdir()
    for target in (source, tmp_path / "run" / "clean.csv", tmp_path / "run" / "findings" / "SW102.csv"):
        assert command(folder, "--out", target).exit_code == 2
    assert source.read_text() == TABLE
    assert not list((tmp_path / "run").rglob("*.csv"))


def test_neither_log_nor_weights_start_a_formula(tmp_path, run):
    rows = "key,size,kind\n" + "".join(f"=1+{row},{row}.5,{kind}\n" for row, kind in enumerate(["=2*3", "no"] * 2))
    decided = tmp_path / "decided.csv"
    decided.write_text("id,decision\n'=1+0,no\n'=1+1,'=2*3\n'=1+3,weight:0.5\n")
    folder = run(written(tmp_path, rows), keys=(("=1+1",), ("=1+2",)), id="key")
    result = command(folder, "--decisions", decided, "--out", tmp_path / "clean.csv")
    assert result.exit_code == 0, result.output
    assert (tmp_path / "clean.log.csv").read_text().splitlines()[1:] == [
        "'=1+0,relabel,'=2*3,no,decided.csv,",
        "'=1+1,relabel,no,'=2*3,decided.csv,",
        "'=1+3,reweight,1.0,0.5,decided.csv,",
    ]
    assert (tmp_path / "clean.weights.csv").read_text().splitlines() == ["id,weight", "'=1+3,0.5"]
    assert (tmp_path / "clean.csv").read_text().splitlines()[1:3] == ["=1+0,0.5,no", "=1+1,1.5,=2*3"]


ODD_CELLS = "id;height;age;town;note;kind\n"


def people(tmp_path, rows=60):
    """Heights with decimal commas, six of them in inches; ages of which five are 999; a town in two spellings."""
    draw, lines = np.random.default_rng(0), []
    for row in range(rows):
        height = draw.normal(170, 6) / (2.54 if row % 7 == 3 else 1)
        age = 999 if row % 12 == 5 else draw.integers(18, 70)
        town = ("Ulm", "Kiel", "Graz")[row % 3] if row != 9 else "ULM"
        lines.append(f"{row:03d};{height:.1f};{age};{town};a  b;{'no' if row % 2 else 'yes'}\n".replace(".", ","))
    path = tmp_path / "people.csv"
    path.write_text(ODD_CELLS + "".join(lines))
    return path


def audited(path, tmp_path, *options):
    words = ["audit", path, "--label", "kind", "--id", "id", "--checks", "SW108", "--out", tmp_path / "run", *options]
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code in (0, 1), result.output


def test_cells_are_set_to_missing_divided_and_merged_and_no_other_changes(tmp_path):
    source = people(tmp_path)
    audited(source, tmp_path)
    result = command(tmp_path / "run", "--do", "SW108", "--out", tmp_path / "clean.csv")
    assert result.exit_code == 0, result.output
    before, after = (
        pd.read_csv(file, sep=";", dtype=str, keep_default_na=False) for file in (source, tmp_path / "clean.csv")
    )
    ages, heights = before["age"] == "999", np.arange(60) % 7 == 3
    assert after.loc[ages, "age"].tolist() == [""] * 5
    assert after.loc[9, "town"] == "Ulm"
    inches = after.loc[heights, "height"].str.replace(",", ".").astype(float)
    assert inches.between(60, 75).all() or inches.between(150, 190).all()
    assert "." not in "".join(after["height"])
    changed = (before != after).to_numpy()
    log = pd.read_csv(tmp_path / "clean.log.csv", dtype=str, keep_default_na=False)
    assert changed.sum() == len(log)
    assert log.columns.tolist() == ["id", "kind", "before", "after", "by", "column"]
    assert set(log["kind"]) == {"clean"}
    assert {(one.id, one.column) for one in log.itertuples()} == {
        (before["id"][row], before.columns[place]) for row, place in zip(*np.nonzero(changed), strict=True)
    }
    assert log.loc[log["column"] == "town"].iloc[0].tolist() == ["009", "clean", "ULM", "Ulm", "samplewise", "town"]
    assert f"{len(log)} cells changed (as named)" in result.output


def test_cleanings_that_were_not_tested_are_not_done_without_a_name(tmp_path):
    source = people(tmp_path)
    audited(source, tmp_path)
    result = command(tmp_path / "run", "--out", tmp_path / "clean.csv")
    assert "Nothing was changed: no remedy was measured to help and changes little" in result.output
    assert (tmp_path / "clean.csv").read_text() == source.read_text()


def test_cells_are_cleaned_also_where_the_record_holds_no_values(tmp_path):
    audited(people(tmp_path), tmp_path, "--no-values")
    assert "ULM" not in (tmp_path / "run" / "audit.json").read_text()
    assert command(tmp_path / "run", "--do", "SW108", "--out", tmp_path / "clean.csv").exit_code == 0
    log = pd.read_csv(tmp_path / "clean.log.csv", dtype=str, keep_default_na=False)
    assert (log["before"] == "999").sum() == 5


def test_cells_of_parquet_keep_their_types(tmp_path):
    frame = pd.read_csv(people(tmp_path), sep=";", decimal=",", dtype={"id": str, "town": "category"})
    frame.to_parquet(tmp_path / "people.parquet")
    audited(tmp_path / "people.parquet", tmp_path)
    assert command(tmp_path / "run", "--do", "SW108", "--out", tmp_path / "clean.parquet").exit_code == 0
    clean = pd.read_parquet(tmp_path / "clean.parquet")
    assert str(clean["age"].dtype) == "Int64"
    assert clean["age"].isna().sum() == 5
    assert clean["age"].dropna().tolist() == frame["age"][frame["age"] != 999].tolist()
    assert sorted(clean["town"].cat.categories) == ["Graz", "Kiel", "Ulm"]
    assert clean["note"].tolist() == frame["note"].tolist()


def test_marks_of_numbers_are_understood_and_written_without_them(tmp_path):
    draw = np.random.default_rng(1)
    values = [f"{draw.uniform(1000, 9000):,.2f}" if row % 9 else "999,999.00" for row in range(60)]
    lines = [f'"{value}",{"no" if row % 2 else "yes"}' for row, value in enumerate(values)]
    (tmp_path / "money.csv").write_text("\n".join(["income,kind", *lines]) + "\n")
    words = ["audit", tmp_path / "money.csv", "--label", "kind", "--checks", "SW108", "--out", tmp_path / "run"]
    CliRunner().invoke(app, [str(word) for word in words])
    result = command(tmp_path / "run", "--do", "SW108", "--out", tmp_path / "clean.csv")
    assert result.exit_code == 0, result.output
    after = pd.read_csv(tmp_path / "clean.csv", dtype=str, keep_default_na=False)["income"].tolist()
    assert after == ["" if value == "999,999.00" else value for value in values]
