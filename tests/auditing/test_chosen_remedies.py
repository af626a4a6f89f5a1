"""What is carried out: nothing that hurts, and nothing large that was not named."""

import numpy as np
import pandas as pd
import pytest

from samplewise.auditing.chosen_remedies import choose_remedies
from samplewise.core.errors import InputError
from samplewise.core.findings import RECORD_SCHEMA, AuditRecord, CheckResult, Finding, Outcome, Remedy
from samplewise.core.values import Estimate
from samplewise.data.dataset import Dataset

ROWS = Dataset(np.arange(200.0)[:, None], np.repeat(["a", "b"], 100))
PAIRED = tuple(number for pair in range(50) for number in (pair, 100 + pair))  # as many rows of either class


def remedy(kind, keys, verdict="helps", values=(), **more):
    effect = Estimate("effect", 1.0 if verdict == "helps" else -1.0, -2.0, 2.0, "points") if verdict else None
    return Remedy(kind, keys, values, f"{kind} {len(keys)}", effect, verdict=verdict, **more)


def found(code, *remedies, axis="row", title="something"):
    return Finding(code, title, "warning", remedies[0].keys if remedies else (), "why", remedies, axis=axis)


def record_of(*findings):
    outcomes = tuple(Outcome(f.code, "t", "found", result=CheckResult((f,))) for f in findings)
    return AuditRecord(RECORD_SCHEMA, {"task": "classification"}, {}, {}, outcomes)


def chosen(*findings, **words):
    return choose_remedies(record_of(*findings), ROWS, **words)


def ids(choice):
    return [entry.id for entry in choice.applied().log]


def test_by_default_what_helps_is_done_and_of_one_finding_only_the_best():
    choice = chosen(
        found("SW102", remedy("drop", PAIRED[:4])),
        found("SW201", remedy("drop", (7, 107)), remedy("relabel", (8,), values=("b",))),
        found("SW303", remedy("drop", (9,), "not decided")),
    )
    assert sorted(ids(choice)) == [0, 1, 7, 100, 101, 107]
    assert choice.left_out == []
    assert next(choice.sentences()) == "SW102: drop 4 (4 rows; helps: +1.0 points [\u22122.0, +2.0])"


@pytest.mark.parametrize(
    ("keys", "kind", "words"),
    [
        (PAIRED[:22], "drop", "removes 11 % of the rows"),
        ((0, 1, 2, 3, 4, 5), "drop", "moves the share of class 'a' by 1.55 points"),
        ((0, 1, 2), "relabel", "moves the share of class 'a' by 1.5 points"),
    ],
)
def test_what_changes_much_waits_until_it_is_named(keys, kind, words):
    values = ("b",) * len(keys) if kind == "relabel" else ()
    large = found("SW201", remedy(kind, keys, values=values))
    choice = chosen(large)
    assert ids(choice) == []
    assert choice.left_out == [
        f'SW201: {kind} {len(keys)}: not done, for it {words}; do="SW201:{kind}" (--do SW201:{kind}) carries it out'
    ]
    assert choice.applied().left_out == tuple(choice.left_out)
    assert ids(chosen(large, kinds=[kind])) == []
    assert sorted(ids(chosen(large, do="SW201"))) == sorted(keys)


def test_many_small_remedies_together_change_no_more_than_one_may():
    parts = [found(f"SW10{n}", remedy("drop", PAIRED[8 * n : 8 * n + 8])) for n in range(4)]
    choice = chosen(*parts)
    assert len(ids(choice)) == 16  # a third would make it 24 of 200 rows
    assert len(choice.left_out) == 2


def test_of_a_few_rows_one_may_go():
    data = Dataset(np.arange(4.0)[:, None], ["a", "a", "b", "b"])
    choice = choose_remedies(record_of(found("SW102", remedy("drop", (1,)))), data)
    assert ids(choice) == [1]


def test_what_hurts_is_done_only_if_that_is_said():
    bad = found("SW303", remedy("drop", (1, 101), "hurts"))
    choice = chosen(bad, kinds=["drop"])
    assert ids(choice) == []
    assert choice.left_out == ["SW303: drop 2: not done, for it was measured to hurt"]
    assert ids(chosen(bad, kinds=["drop"], even_hurting=True)) == [1, 101]
    with pytest.raises(InputError, match="measured to hurt") as caught:
        chosen(bad, do="SW303")
    assert "--even-hurting" in caught.value.fix
    assert ids(chosen(bad, do="SW303", even_hurting=True)) == [1, 101]
    with pytest.raises(InputError, match="only where it is named"):
        chosen(bad, even_hurting=True)


def test_a_named_finding_is_all_that_is_done_by_its_first_remedy_or_the_one_named():
    other = found("SW102", remedy("drop", (5,)))
    two = found("SW201", remedy("relabel", (1,), "", ("b",)), remedy("drop", (1, 2), ""), remedy("review", (3,), ""))
    assert [(e.id, e.kind) for e in chosen(other, two, do="SW201").applied().log] == [(1, "relabel")]
    assert [(e.id, e.kind) for e in chosen(other, two, do=["SW201:drop"]).applied().log] == [(1, "drop"), (2, "drop")]
    assert list(chosen(two, do="SW201").sentences()) == ["SW201: relabel 1 (1 row; not tested)"]
    assert ids(chosen(other, two, do=("SW102", "SW201"))) == [1, 5]


def test_every_finding_of_a_named_code_is_done():
    pairs = (found("SW102", remedy("drop", (1,))), found("SW102", remedy("drop", (2,)), title="another"))
    assert ids(chosen(*pairs, do="SW102")) == [1, 2]


def test_what_cannot_be_done_is_refused_with_what_a_person_does():
    review = found("SW105", Remedy("collect", ("a",), action="Collect rows of class a."), axis="class")
    with pytest.raises(InputError, match="SW105 has no remedy that can be carried out on rows or cells") as caught:
        chosen(review, do="SW105")
    assert caught.value.got == "collect, about class"
    assert caught.value.fix == "a person does it: Collect rows of class a"
    with pytest.raises(InputError, match="no finding of this audit named 'SW201'"):
        chosen(review, do="SW201")
    with pytest.raises(InputError, match="of kind 'relabel'") as caught:
        chosen(found("SW102", remedy("drop", (1,))), do="SW102:relabel")
    assert caught.value.fix == "its kinds: drop"
    with pytest.raises(InputError, match="not both"):
        chosen(review, do="SW105", kinds=["drop"])


def test_what_a_model_that_learned_nothing_advises_is_not_done_by_default():
    void = Finding("SW501", "The model does no better than guessing", "error", (), "why", axis="data")
    assert ids(chosen(void, found("SW201", remedy("drop", (1, 101))))) == []


def test_fewer_rows_are_never_left_out_by_default():
    fewer = found("SW301", remedy("drop", (1, 101), "no loss", saves_rows=True))
    assert ids(chosen(fewer)) == []
    assert ids(chosen(fewer, do="SW301")) == [1, 101]


def weighed(rows=120, codes=6):
    """Weights of people, some of them 999, and towns in two spellings."""
    draw = np.random.default_rng(0)
    frame = pd.DataFrame({"weight": draw.normal(70, 9, rows).round(1), "town": draw.choice(["Ulm", "Kiel"], rows)})
    frame.loc[frame.index[:codes], "weight"] = 999.0
    frame.loc[frame.index[10:14], "town"] = "ULM"
    return Dataset(frame, np.repeat(["a", "b"], rows // 2))


def cleaning(column, do, verdict="helps"):
    return found("SW108", remedy("clean", (column,), verdict, (do,)), axis="column", title=f"cells of {column}")


def test_cleanings_that_help_are_done_cell_by_cell():
    choice = choose_remedies(record_of(cleaning("weight", "set to missing")), weighed())
    assert [(e.id, e.column, e.before, e.after) for e in choice.applied().log] == [
        (row, "weight", 999, None) for row in range(6)
    ]
    assert next(choice.sentences()).startswith("SW108: clean 1 (6 cells; helps")


def test_cleanings_that_were_not_tested_wait_until_they_are_named():
    record = record_of(cleaning("weight", "set to missing", ""), cleaning("town", "merge", ""))
    applied = choose_remedies(record, weighed()).applied()
    assert applied.log == ()
    assert applied.left_out[0].startswith("no remedy was measured to help")
    for words in ({"do": "SW108"}, {"kinds": ["clean"]}):
        log = choose_remedies(record, weighed(), **words).applied().log
        assert {entry.column for entry in log} == {"weight", "town"}
        assert len(log) == 6 + 4


def test_a_cleaning_of_many_cells_waits_until_it_is_named():
    data = weighed(codes=20)
    choice = choose_remedies(record_of(cleaning("weight", "set to missing")), data)
    assert choice.applied().left_out == (
        "SW108: clean 1: not done, for it changes 17 % of the cells of weight; "
        'do="SW108:clean" (--do SW108:clean) carries it out',
    )
    assert len(choose_remedies(record_of(cleaning("weight", "set to missing")), data, do="SW108").applied().log) == 20


def test_cells_of_rows_that_changed_are_left_alone():
    record = record_of(cleaning("weight", "set to missing"))
    choice = choose_remedies(record, weighed(), changed=frozenset(["0"]))
    assert [entry.id for entry in choice.applied().log] == [1, 2, 3, 4, 5]
    assert "not done for rows id 0, which are not as they were audited" in choice.left_out[0]


def test_a_cleaning_without_cells_says_so():
    choice = choose_remedies(record_of(cleaning("weight", "divide")), weighed())
    assert choice.applied().left_out == ("SW108: clean 1: not done, for the rows hold no such cells",)


def test_findings_of_a_named_code_that_a_person_decides_are_said():
    other = found("SW108", Remedy("review", ("town",), action="Look up"), axis="column", title="cells to look up")
    choice = choose_remedies(record_of(cleaning("weight", "set to missing"), other), weighed(), do="SW108")
    assert len(choice.applied().log) == 6
    assert choice.left_out == ["SW108: cells to look up: not done, for a person decides it"]
