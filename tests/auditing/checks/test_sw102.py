import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_digits

from samplewise.auditing.checks import sw102_duplicates as sw102
from samplewise.auditing.run import missing_need
from samplewise.data import Dataset
from samplewise.engine.refits.folded_rows import outer_folds


def with_duplicates(near: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray, set[int]]:
    """Digits with 40 duplicates of rows appended: `near` is the noise on them in gray levels (of 16), 0 = exact."""
    digits, draw = load_digits(), np.random.default_rng(seed)
    rows = draw.choice(1797, 40, replace=False)
    duplicates = digits.data[rows] + near * draw.normal(size=(40, 64))
    both = {*rows.tolist(), *range(1797, 1837)}
    return np.vstack([digits.data, duplicates]), np.r_[digits.target, digits.target[rows]], both


@pytest.mark.parametrize("near", [0.0, 0.05, 0.5])
def test_fires_on_exact_and_near_duplicates_and_names_both_rows(evidence_of, near):
    X, y, both = with_duplicates(near)
    (finding,) = sw102.run(evidence_of(X, y)).findings
    assert "with the same label" in finding.title
    assert finding.severity == ("note" if near else "warning")  # near duplicates alone are never louder
    assert len(both & set(finding.keys)) >= 0.97 * len(both)
    assert len(set(finding.keys) - both) <= 4
    (drop,) = finding.remedies
    assert drop.kind == "drop"
    assert len(drop.keys) == len(finding.keys) // 2
    assert max(drop.keys[:-2]) >= 1797  # the duplicates go, the rows with the earlier ids stay


def test_duplicates_with_different_labels_are_apart_and_the_neighbors_vote(evidence_of):
    X, y, _ = with_duplicates(0.0)
    y[1797:1817] = (y[1797:1817] + 3) % 10
    evidence = evidence_of(X, y, labels_are="facts")
    result = sw102.run(evidence)
    agreeing, contradicting = result.findings
    assert (len(agreeing.keys), len(contradicting.keys)) == (40, 40)
    assert "different labels" in contradicting.title
    assert contradicting.severity == "error"
    relabel, review = contradicting.remedies
    assert review.kind == "review"
    assert len(relabel.keys) >= 19
    right = [
        key >= 1797 and value == (y[key] - 3) % 10 for key, value in zip(relabel.keys, relabel.values, strict=True)
    ]
    assert np.mean(right) > 0.9
    assert contradicting.measured[0].value == pytest.approx(20 / len(y))
    table = result.exhibits[0].to_frame()
    assert (table.groupby("set")["keep"].agg(lambda words: (words == "keep").sum()) == 1).all()
    assert table["reason"][table["keep"] == "keep"].str.startswith("kept: ").all()
    for _, rows in table.groupby("set"):
        kept = rows["id"][rows["keep"] == "keep"].item()
        assert set(rows["reason"][rows["keep"] == ""]) == {f"duplicate of {kept}"}


def test_different_labels_of_outcomes_are_expected_and_stay(evidence_of):
    X, y, _ = with_duplicates(0.0)
    y[1797:1817] = (y[1797:1817] + 3) % 10
    evidence = evidence_of(X, y)
    _, contradicting = sw102.run(evidence).findings
    assert (len(contradicting.keys), contradicting.severity) == (40, "note")
    assert "Where labels are outcomes this is expected" in contradicting.explanation
    assert [remedy.kind for remedy in contradicting.remedies] == ["review"]
    assert "decide which label" not in contradicting.remedies[0].action
    assert "wrong" not in contradicting.title + contradicting.explanation + contradicting.remedies[0].action
    assert sorted(sw102.rules(evidence)) == ["drop"]


def test_the_rules_repeat_the_remedies_and_work_inside_parts(evidence_of):
    X, y, _ = with_duplicates(0.0)
    y[1797:1817] = (y[1797:1817] + 3) % 10
    evidence = evidence_of(X, y, labels_are="facts")
    rules = sw102.rules(evidence)
    assert sorted(rules) == ["drop", "relabel"]
    agreeing, contradicting = sw102.run(evidence).findings
    assert evidence.data.ids[rules["drop"](evidence.whole).rows].tolist() == list(agreeing.remedies[0].keys)
    relabel = rules["relabel"](evidence.whole)
    assert evidence.data.ids[relabel.rows].tolist() == list(contradicting.remedies[0].keys)
    for folded in outer_folds(evidence.runner, evidence.folds[0]):
        change = rules["relabel"](folded)
        assert (folded.codes[change.rows] != change.values).all()
        assert set(folded.data.ids[change.rows].tolist()) <= set(contradicting.keys)


def test_labels_outside_a_part_never_reach_its_change(evidence_of):
    X, y, _ = with_duplicates(0.0)
    y[1797:1817] = (y[1797:1817] + 3) % 10
    evidence = evidence_of(X, y, labels_are="facts")
    folded = outer_folds(evidence.runner, evidence.folds[0])[0]
    poisoned = y.copy()
    outside = np.setdiff1d(np.arange(len(y)), folded.positions)
    poisoned[outside] = (poisoned[outside] + 1) % 10
    other = evidence_of(X, poisoned, labels_are="facts")
    same = type(folded)(other.runner, folded.positions, folded.all_folds, left_out=folded.left_out)
    for kind, rule in sw102.rules(evidence).items():
        one, two = rule(folded), sw102.rules(other)[kind](same)
        assert one.rows.tolist() == two.rows.tolist()
        assert kind == "drop" or one.values.tolist() == two.values.tolist()


def test_row_order_changes_nothing(evidence_of):
    X, y, _ = with_duplicates(0.5)
    y[1797:1807] = (y[1797:1807] + 3) % 10
    data = Dataset(X, y)
    turned = data.take(np.random.default_rng(5).permutation(len(y)))
    one, two = (sw102.run(evidence_of(rows)).findings for rows in (data, turned))
    assert [finding.keys for finding in one] == [finding.keys for finding in two]
    assert [set(finding.remedies[0].keys) for finding in one] == [set(finding.remedies[0].keys) for finding in two]


def test_raw_categories_count_and_ids_do_not(evidence_of):
    draw = np.random.default_rng(0)
    frame = pd.DataFrame({"row_id": [f"r{k:03d}" for k in range(300)], "size": draw.normal(size=300)})
    frame["town"] = draw.choice([f"t{k}" for k in range(90)], 300)
    frame.loc[280:, ["size", "town"]] = frame.loc[:19, ["size", "town"]].to_numpy()
    frame["size"] = frame["size"].astype(float)
    frame.loc[290:, "town"] = "elsewhere"
    (finding,) = sw102.run(evidence_of(frame, np.resize(["u", "v"], 300))).findings
    assert sorted(finding.keys) == sorted([*range(10), *range(280, 290)])


def test_numbers_rounded_in_a_mixed_table_are_near_duplicates(evidence_of):
    draw = np.random.default_rng(3)
    numbers = draw.normal(size=(400, 6))
    frame = pd.DataFrame(np.vstack([numbers, numbers[:12].round(4)]), columns=list("abcdef"))
    frame["town"] = [*draw.choice(["x", "y"], 400), *[""] * 12]
    frame.loc[400:, "town"] = frame.loc[:11, "town"].to_numpy()
    frame.loc[411, "town"] = "y" if frame.loc[11, "town"] == "x" else "x"
    (finding,) = sw102.run(evidence_of(frame, np.r_[np.arange(400) % 2, np.arange(12) % 2])).findings
    assert {*range(11), *range(400, 411)} <= set(finding.keys)
    assert not {11, 411} & set(finding.keys)


def test_repeats_of_a_coarse_table_are_explained_by_chance(evidence_of):
    draw = np.random.default_rng(0)
    X = draw.integers(0, 4, size=(600, 6)).astype(float)
    evidence = evidence_of(X, draw.integers(0, 2, 600))
    findings = sw102.run(evidence).findings
    assert findings
    assert {finding.severity for finding in findings} == {"note"}
    equal = findings[:2]
    assert all("not far more than coincidence explains" in finding.explanation for finding in equal)
    assert all("by coincidence" in finding.title for finding in equal)
    assert {remedy.kind for finding in findings for remedy in finding.remedies} == {"review"}
    assert sw102.rules(evidence) == {}


def passengers(rows=600):
    """People of few classes and ages with a name each; labels by chance."""
    draw = np.random.default_rng(7)
    frame = pd.DataFrame({"grade": draw.integers(1, 4, rows), "age": draw.integers(20, 30, rows)})
    frame["sex"] = draw.choice(["f", "m"], rows)
    frame["name"] = [f"{draw.integers(1e6):x} {row:x} Smith" for row in range(rows)]
    frame["lived"] = draw.choice(["no", "yes"], rows)
    return frame


OF_PASSENGERS = {"label": "lived", "drop_columns": ["name"]}


def test_people_of_other_names_are_no_duplicates_though_no_model_tells_them_apart(evidence_of):
    evidence = evidence_of(passengers(), **OF_PASSENGERS)
    (finding,) = sw102.run(evidence).findings
    assert finding.severity == "note"
    assert "equal in all that models see, with different labels" in finding.title
    assert [remedy.kind for remedy in finding.remedies] == ["review"]
    (floor,) = finding.measured
    assert 0.2 < floor.low < floor.value < floor.high < 0.6
    assert str(floor) in finding.explanation
    assert sw102.rules(evidence) == {}


@pytest.mark.parametrize("other_label", [False, True])
def test_copies_with_their_names_are_loud_among_such_people(evidence_of, other_label):
    frame = passengers()
    copies = frame.iloc[:15].copy()
    if other_label:
        copies["lived"] = np.where(copies["lived"] == "no", "yes", "no")
    rows = pd.concat([frame, copies], ignore_index=True)
    findings = sw102.run(evidence_of(rows, labels_are="facts", **OF_PASSENGERS)).findings
    loud = [finding for finding in findings if finding.severity != "note"]
    assert [finding.severity for finding in loud] == ["error" if other_label else "warning"]
    assert set(loud[0].keys) == {*range(15), *range(600, 615)}


def test_copies_with_names_of_their_own_are_a_note_where_rows_are_fine(evidence_of):
    draw = np.random.default_rng(8)
    frame = pd.DataFrame(draw.normal(size=(200, 4)), columns=list("abcd"))
    frame.loc[190:] = frame.loc[:9].to_numpy()
    frame["name"] = [f"{row:x} {draw.integers(1e6):x} Smith" for row in range(200)]
    frame["y"] = ["u", "v", "v", "u", "u", "v", "v", "u", "v", "u"] * 20
    (finding,) = sw102.run(evidence_of(frame, label="y", drop_columns=["name"])).findings
    assert finding.severity == "note"
    assert "differ only in columns that models do not see" in finding.title
    assert set(finding.keys) == {*range(10), *range(190, 200)}


def test_a_number_of_the_row_is_said_and_allows_no_error(evidence_of):
    frame = passengers()
    copies = frame.iloc[:15].assign(lived=np.where(frame["lived"].iloc[:15] == "no", "yes", "no"))
    frame = pd.concat([frame, copies], ignore_index=True).assign(number=np.arange(1, 616))
    told = {"label": "lived", "labels_are": "facts", "drop_columns": ["name", "number"]}
    finding = sw102.run(evidence_of(frame, **told)).findings[0]
    assert finding.severity == "warning"
    assert "'number' only numbers the rows, and was not compared" in finding.explanation


def test_two_pairs_are_a_note_and_three_a_warning(evidence_of):
    X = np.random.default_rng(9).normal(size=(200, 4))
    for count, severity in ((2, "note"), (3, "warning")):
        copied = np.vstack([X, X[:count]])
        (finding,) = sw102.run(evidence_of(copied, np.r_[np.arange(200) % 2, np.arange(count) % 2])).findings
        assert finding.severity == severity
        assert finding.remedies[0].kind == "drop"
        assert {*range(200, 200 + count)} <= set(finding.remedies[0].keys)


def test_one_column_repeats_itself(evidence_of):
    draw = np.random.default_rng(10)
    X = draw.integers(0, 60, (300, 1)).astype(float)
    findings = sw102.run(evidence_of(X, draw.integers(0, 2, 300))).findings
    assert {finding.severity for finding in findings} == {"note"}
    assert all(remedy.kind == "review" for finding in findings for remedy in finding.remedies)


def test_four_rows_fifty_times_are_a_finding_with_the_floor(evidence_of):
    X = np.tile([[0.0, 0], [0, 1], [1, 0], [1, 1]], (50, 1))
    y = (np.arange(200) % 10 < 4).astype(int)
    findings = sw102.run(evidence_of(X, y)).findings
    floors = [one for finding in findings for one in finding.measured if "can undercut" in one.quantity]
    assert floors
    assert floors[0].value == pytest.approx(0.4)
    assert floors[0].low > 0.2
    assert any(f"cannot fall below {floors[0]}" in finding.explanation for finding in findings)
    assert {finding.severity for finding in findings} == {"note"}


def test_numbers_have_a_floor_in_their_own_unit(evidence_of):
    frame = passengers().assign(paid=np.arange(600.0) % 7)
    (finding,) = sw102.run(evidence_of(frame.drop(columns="lived"), label="paid", drop_columns=["name"],
                                          task="regression")).findings  # fmt: skip
    assert finding.measured[0].unit == "in the label's unit"
    assert 1.0 < finding.measured[0].value < 2.0


def test_texts_that_come_again_with_other_cells_are_noted_by_column(evidence_of):
    draw = np.random.default_rng(11)
    words = [f"word{number}" for number in range(300)]
    frame = pd.DataFrame(
        {"review": [" ".join(draw.choice(words, 12)) for _ in range(200)], "stars": draw.normal(size=200)}
    )
    frame.loc[190:, "review"] = frame.loc[:9, "review"].str.upper().to_numpy()
    frame.loc[190:, "stars"] = frame.loc[:9, "stars"].to_numpy() + 1
    (finding,) = sw102.run(evidence_of(frame, np.arange(200) % 2)).findings
    assert finding.severity == "note"
    assert "rows repeat the text of another in 'review'" in finding.title
    assert set(finding.keys) == {*range(10), *range(190, 200)}


def test_the_copies_dropped_leave_one_of_each_set_and_never_join_groups(evidence_of):
    X = np.random.default_rng(12).normal(size=(120, 4))
    X[100:] = np.tile(X[:5], (4, 1))
    groups = np.r_[np.arange(100) // 5, np.repeat([0, 0, 50, 51], 5)]
    (finding,) = [one for one in sw102.run(evidence_of(X, np.arange(120) % 5 % 2, groups=groups)).findings
                  if "same label" in one.title]  # fmt: skip
    assert set(finding.keys) == {*range(5), *range(100, 110)}
    assert set(finding.remedies[0].keys) == set(range(100, 110))


def test_duplicates_of_a_number_disagree_when_far_apart(evidence_of):
    draw = np.random.default_rng(1)
    X = draw.normal(size=(300, 4))
    y = X.sum(axis=1) + 0.1 * draw.normal(size=300)
    X[290:], y[290:295], y[295:] = X[:10], y[:5], y[5:10] + 5
    evidence = evidence_of(X, y, task="regression")
    agreeing, contradicting = sw102.run(evidence).findings
    assert set(agreeing.keys) == {*range(5), *range(290, 295)}
    assert set(contradicting.keys) == {*range(5, 10), *range(295, 300)}
    assert contradicting.severity == "note"
    assert [remedy.kind for remedy in contradicting.remedies] == ["review"]
    assert list(sw102.rules(evidence)) == ["drop"]


def test_stays_silent_on_independent_rows(evidence_of):
    rows = 0
    for seed in range(12):
        draw = np.random.default_rng(seed)
        X = draw.normal(size=(500, (2, 8, 40)[seed % 3]))
        result = sw102.run(evidence_of(X, (X[:, 0] > 0).astype(int)))
        assert all(finding.severity == "note" for finding in result.findings)
        rows += sum(len(finding.keys) for finding in result.findings)
    assert rows <= 0.02 * 12 * 500


def test_is_not_applicable_where_no_column_varies(evidence_of):
    evidence = evidence_of(pd.DataFrame({"same": np.ones(40), "empty": np.nan}), np.arange(40) % 2)
    assert missing_need(sw102, evidence) == "no column is left to learn from"


@pytest.mark.parametrize("bits", [0.0, 1e-7], ids=["pictures", "with features of a network"])
def test_duplicates_of_pictures_share_a_fold_and_are_found(evidence_of, bits):
    digits, draw = load_digits(), np.random.default_rng(0)
    pixels = (digits.images[:300] * 15).astype(np.uint8)
    pixels[200:220], labels = pixels[:20], digits.target[:300].copy()
    labels[200:220] = labels[:20]
    given = pixels.reshape(300, -1) / 255 + bits * draw.normal(size=(300, 64))  # in batches: a last bit apart
    evidence = evidence_of(pixels, labels, **({"embeddings": given} if bits else {}))
    assert np.array_equal(evidence.split_groups[200:220], evidence.split_groups[:20])
    assert np.array_equal(evidence.folds[0][200:220], evidence.folds[0][:20])
    assert sw102.sets_of(evidence).exact.sum() == 40


def test_towns_that_mostly_come_again_are_categories_and_no_repeated_texts(evidence_of):
    draw = np.random.default_rng(13)
    towns = np.array([f"Town {number} Hill, {number % 7} County" for number in range(70)])
    chosen = towns[draw.integers(0, 70, 200)]
    frame = pd.DataFrame({"home": chosen, "size": draw.normal(size=200)})
    evidence = evidence_of(frame, np.arange(200) % 2, columns={"home": "text"})
    assert sw102.run(evidence).findings == ()
    frame["home"] = [f"{town} is where this person has lived for all of a long life" for town in chosen]
    evidence = evidence_of(frame, np.arange(200) % 2, columns={"home": "text"})
    (finding,) = sw102.run(evidence).findings
    assert "repeat the text of another in 'home'" in finding.title
