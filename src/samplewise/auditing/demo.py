"""scikit-learn's digits with six kinds of planted faults, and how many of each an audit found.

A demonstration, not evidence: the kind of label flips (similar digits) and of near duplicates (one pixel, one level of
gray) were chosen, on a few seeds, so that there is something to see. How often advice helps, and is rightly refused, is
in `reproductions/`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import lazy_loader
import numpy as np

from samplewise.core.arrays import Array, Ints
from samplewise.core.findings import AuditRecord, Finding
from samplewise.core.randomness import generator, hashed_order

pd = lazy_loader.load("pandas")
sklearn = lazy_loader.load("sklearn")

TEST_ROWS = 597
SHARE_WRONG = 0.10
COPIES = 30  # exact ones; as many near ones
CONFLICTING = 10  # exact duplicates that carry another label than their original
SHARED = 25  # rows of the training data that are in the test data as well
LABEL, ID, LEAK, COUNTER = "digit", "scan", "reader_code", "scan_number"
LOOKALIKES = (6, 7, 7, 8, 9, 6, 5, 1, 3, 4)  # the digit each one is most easily mistaken for
GRAY_STEP = 15  # 16 levels of gray become bytes


@dataclass(frozen=True, slots=True, eq=False)
class Planted:
    """The data with planted faults, and where they are.

    Args:
        train: columns scan (id), scan_number (a counter), 64 pixels, reader_code (gives the label away), digit (label).
        test: the same columns, 25 rows of it copied from `train`.
        wrong: ids of rows whose digit is not the one in the picture.
        exact, near: (original id, duplicate's id) of every planted duplicate.
        conflicting: those exact duplicates whose digit differs from that of their original.
        shared: (id in train, id in test) of every row that is in both.
    """

    train: Any
    test: Any
    wrong: frozenset[str]
    exact: tuple[tuple[str, str], ...]
    near: tuple[tuple[str, str], ...]
    conflicting: tuple[tuple[str, str], ...]
    shared: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class FaultScore:
    """What was found of one kind of fault.

    Args:
        fault: in words.   planted, found: how many.   unplanted: rows or columns named for it that were not planted.
        average_precision: of the ranking by the score, where there is one; NaN elsewhere.
    """

    fault: str
    planted: int
    found: int
    unplanted: int
    average_precision: float = float("nan")

    @property
    def recall(self) -> float:
        """Share of the planted faults that was found."""
        return self.found / self.planted


def plant_faults(seed: int = 0) -> Planted:
    """Digits with 10 % wrong labels, duplicates, rows shared with the test data, a leaking column and a counter.

    Which rows get a fault is drawn by a hash of (seed, id); the same seed gives the same tables.

    >>> planted = plant_faults()
    >>> len(planted.exact), len(planted.near), len(planted.shared)
    (30, 30, 25)
    """
    pixels, truth = sklearn.datasets.load_digits(return_X_y=True)
    names = np.array([f"s{position:04d}" for position in range(len(truth))])
    order = hashed_order(seed, names, "demo test")
    test, train = order[:TEST_ROWS], np.sort(order[TEST_ROWS:])
    draw = generator(seed, "demo")
    originals = draw.permutation(train)[: 2 * COPIES + SHARED]
    exact, near, shared = originals[:COPIES], originals[COPIES : 2 * COPIES], originals[2 * COPIES :]

    rows = np.r_[train, exact, near]
    keys = np.r_[names[train], [f"t{position:04d}" for position in range(2 * COPIES)]]
    values = np.vstack([pixels[train], pixels[exact], _nudged(pixels[near], draw)])
    labels = _labels(truth, train, exact, near, draw)
    table = _frame(keys, values, labels, draw)
    test_keys = np.array([f"u{position:04d}" for position in range(TEST_ROWS + SHARED)])
    test_rows = np.r_[test, shared]
    test_table = _frame(test_keys, pixels[test_rows], truth[test_rows], draw)
    paired = list(
        zip(names[originals].tolist(), [*keys[len(train) :].tolist(), *test_keys[TEST_ROWS:].tolist()], strict=True)
    )
    given = dict(zip(keys.tolist(), labels.tolist(), strict=True))
    return Planted(
        table, test_table, frozenset(keys[labels != truth[rows]].tolist()),
        exact=tuple(paired[:COPIES]), near=tuple(paired[COPIES : 2 * COPIES]),
        conflicting=tuple(pair for pair in paired[:COPIES] if given[pair[0]] != given[pair[1]]),
        shared=tuple(paired[2 * COPIES :]),
    )  # fmt: skip


def pictures(table: Any) -> dict[str, Array]:
    """The rows of a planted table as arrays: X (n, 8, 8) bytes, and id and label by their names."""
    levels = table[[f"pixel_{position // 8}_{position % 8}" for position in range(64)]].to_numpy()
    images = (levels * GRAY_STEP).astype(np.uint8).reshape(-1, 8, 8)
    return {"X": images, ID: table[ID].to_numpy(dtype=str), LABEL: table[LABEL].to_numpy()}


def _labels(truth: Ints, train: Ints, exact: Ints, near: Ints, draw: np.random.Generator) -> Ints:
    """Labels of the train rows and their duplicates: a tenth is wrong; duplicates repeat them, but some contradict."""
    given = truth.copy()
    wrong = draw.permutation(train)[: round(SHARE_WRONG * len(train))]
    given[wrong] = _misread(given[wrong])
    copied = given[exact].copy()
    copied[:CONFLICTING] = _misread(copied[:CONFLICTING])
    return np.r_[given[train], copied, given[near]]


def _misread(labels: Ints) -> Ints:
    """The digit that looks most like each one."""
    return np.array(LOOKALIKES)[labels]


def _nudged(pixels: Array, draw: np.random.Generator) -> Array:
    """Pictures in which one inked pixel is one gray level (of 16) off: duplicates that no checksum finds."""
    nudged = pixels.copy()
    rows = np.arange(len(pixels))
    chosen = np.argmax(draw.random(pixels.shape) * (pixels > 0), axis=1)
    nudged[rows, chosen] += np.where(nudged[rows, chosen] < pixels.max(), 1, -1)
    return nudged


def _frame(keys: Array, values: Array, labels: Ints, draw: np.random.Generator) -> Any:
    """A table in shuffled order, so that a row's position says nothing about what was done to it."""
    columns = {ID: keys} | {
        f"pixel_{position // 8}_{position % 8}": values[:, position].astype(int) for position in range(64)
    }
    columns |= {LEAK: np.array(list("KTBWQFZMHD"))[labels], LABEL: labels}
    frame = pd.DataFrame(columns).iloc[draw.permutation(len(keys))].reset_index(drop=True)
    frame.insert(1, COUNTER, np.arange(len(keys)))
    return frame


# --- what was found --------------------------------------------------------------------------------------------------


def score_columns(record: AuditRecord) -> tuple[FaultScore, ...]:
    """What a first audit found of the two planted columns."""
    leaks, counters = _named(record, "SW106"), _named(record, "SW107")
    return (
        FaultScore(f"column {LEAK!r} gives the label away", 1, int(LEAK in leaks), len(leaks - {LEAK})),
        FaultScore(f"column {COUNTER!r} only counts rows", 1, int(COUNTER in counters), len(counters - {COUNTER})),
    )


def score_rows(record: AuditRecord, planted: Planted) -> tuple[FaultScore, ...]:
    """What an audit found of the planted rows; a pair is found when one of its two rows is named."""
    duplicates, overlap = _named(record, "SW102"), _named(record, "SW103")
    contradictions = {key for finding in _findings(record, "SW102") if _contradicts(finding) for key in finding.keys}
    every_duplicate = {key for pair in planted.exact + planted.near for key in pair}
    return (
        _wrong_labels(record, planted),
        _pairs("exact duplicates", planted.exact, duplicates, every_duplicate),
        _pairs("  of these, with another label", planted.conflicting, contradictions),
        _pairs("near duplicates, one pixel off", planted.near, duplicates, every_duplicate),
        _pairs("rows shared with the test data", planted.shared, overlap),
    )


def _wrong_labels(record: AuditRecord, planted: Planted) -> FaultScore:
    flagged = _named(record, "SW201")
    scores = record.scores().get("wrong_label")
    precision = float("nan")
    if scores is not None:
        truth = np.isin(scores.keys.astype(str), list(planted.wrong))
        precision = float(sklearn.metrics.average_precision_score(truth, np.nan_to_num(scores.values)))
    found = len(flagged & planted.wrong)
    return FaultScore("wrong labels", len(planted.wrong), found, len(flagged) - found, precision)


def _pairs(
    fault: str, pairs: Iterable[tuple[str, str]], named: set[Any], planted: set[str] | None = None
) -> FaultScore:
    """`planted` are the rows that may be named without being a false alarm; default: those of the pairs."""
    listed = list(pairs)
    rows = {key for pair in listed for key in pair} if planted is None else planted
    return FaultScore(fault, len(listed), sum(bool(named & set(pair)) for pair in listed), len(named - rows))


def _findings(record: AuditRecord, code: str) -> list[Finding]:
    return [finding for finding in record.findings() if finding.code == code]


def _named(record: AuditRecord, code: str) -> set[Any]:
    return {key for finding in _findings(record, code) for key in finding.keys}


def _contradicts(finding: Finding) -> bool:
    return "label" in finding.title and any(word in finding.title for word in ("conflict", "different", "contradict"))
