import numpy as np
import pytest
from sklearn.datasets import load_digits

from samplewise.auditing.demo import COUNTER, ID, LABEL, LEAK, plant_faults, score_columns, score_rows
from samplewise.core.findings import RECORD_SCHEMA, AuditRecord, CheckResult, Finding, Outcome
from samplewise.core.values import Scores


@pytest.fixture(scope="module")
def planted():
    return plant_faults()


def pixels(table, ids):
    names = [name for name in table.columns if name.startswith("pixel_")]
    return table.set_index(ID).loc[list(ids), names].to_numpy()


def sides(pairs):
    return tuple(zip(*pairs, strict=True))


def test_a_tenth_of_the_labels_is_wrong_and_the_truth_knows_which(planted):
    truth = load_digits().target
    table = planted.train.set_index(ID)
    base = [key for key in table.index if key.startswith("s")]
    differs = {key for key in base if table.loc[key, LABEL] != truth[int(key[1:])]}
    assert differs == {key for key in planted.wrong if key.startswith("s")}
    assert len(differs) == pytest.approx(0.1 * len(base), abs=1)


def test_exact_duplicates_are_exact_and_ten_of_them_have_another_label(planted):
    originals, duplicates = sides(planted.exact)
    assert np.array_equal(pixels(planted.train, originals), pixels(planted.train, duplicates))
    label = planted.train.set_index(ID)[LABEL]
    assert sum(label[first] != label[second] for first, second in planted.exact) == 10 == len(planted.conflicting)


def test_near_duplicates_differ_in_one_pixel_by_one_level(planted):
    originals, duplicates = sides(planted.near)
    difference = np.abs(pixels(planted.train, originals) - pixels(planted.train, duplicates))
    assert (difference.sum(axis=1) == 1).all()


def test_shared_rows_are_in_both_tables_and_no_other_row_is(planted):
    first, second = sides(planted.shared)
    assert np.array_equal(pixels(planted.train, first), pixels(planted.test, second))
    inside = {row.tobytes() for row in pixels(planted.train, planted.train[ID])}
    assert sum(row.tobytes() in inside for row in pixels(planted.test, planted.test[ID])) == len(planted.shared)


def test_one_column_gives_the_label_away_and_one_counts(planted):
    assert (planted.train.groupby(LEAK)[LABEL].nunique() == 1).all()
    assert planted.train[COUNTER].tolist() == list(range(len(planted.train)))


def test_the_same_seed_plants_the_same_faults(planted):
    assert plant_faults(0).train.equals(planted.train)
    assert plant_faults(1).wrong != planted.wrong


# --- what was found --------------------------------------------------------------------------------------------------


def outcome(code, title, keys, axis="row", scores=()):
    return Outcome(
        code, "t", "found", result=CheckResult((Finding(code, title, "error", keys, "e", axis=axis),), scores)
    )


def test_scores_count_what_was_found_and_what_was_named_by_mistake(planted):
    wrong = sorted(planted.wrong)
    keys = planted.train[ID].to_numpy(dtype=str)
    values = np.isin(keys, wrong).astype(float)
    scores = Scores("wrong_label", values, keys, "probability", "worse")
    right = next(key for key in keys if key not in planted.wrong)
    record = AuditRecord(RECORD_SCHEMA, {}, {}, {}, (
        outcome("SW102", "20 copies", tuple(pair[1] for pair in planted.exact[:20])),
        outcome("SW103", "1 row shared", (planted.shared[0][0],)),
        outcome("SW201", "rows", (*wrong[:100], right), scores=(scores,)),
    ))  # fmt: skip
    found = {score.fault.strip(): score for score in score_rows(record, planted)}
    assert (found["exact duplicates"].found, found["exact duplicates"].unplanted) == (20, 0)
    assert found["of these, with another label"].found == 0
    assert (found["near duplicates, one pixel off"].found, found["rows shared with the test data"].found) == (0, 1)
    labels = found["wrong labels"]
    assert (labels.found, labels.unplanted, labels.average_precision) == (100, 1, 1.0)
    assert labels.recall == 100 / len(wrong)


def test_columns_count_only_when_they_are_named():
    record = AuditRecord(RECORD_SCHEMA, {}, {}, {}, (outcome("SW106", "1 column", (LEAK, "pixel_0_1"), "column"),))
    leak, counter = score_columns(record)
    assert (leak.found, leak.unplanted, counter.found) == (1, 1, 0)
