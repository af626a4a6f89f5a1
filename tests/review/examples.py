"""A small record of every list that asks for decisions, and the rows it is about."""

import numpy as np

from samplewise.core.findings import RECORD_SCHEMA, AuditRecord, CheckResult, Finding, Outcome, Remedy
from samplewise.core.values import Exhibit, Scores
from samplewise.data import Dataset

KEYS = tuple(f"r{number}" for number in range(12))
GIVEN = ["cat", "dog"] * 6
CHANCES = {"r0": 0.5, "r1": 0.9, "r2": 0.8, "r3": 0.3, "r4": 0.1}


def rows(count: int = len(KEYS)) -> Dataset:
    """As many rows, with columns a and b."""
    X = np.arange(2.0 * count).reshape(count, 2)
    return Dataset(X, [GIVEN[place % 12] for place in range(count)], ids=[f"r{number}" for number in range(count)])


def labels_outcome(chances: dict[str, float], count: int = len(KEYS)) -> Outcome:
    """A list of labels with these probabilities, in this order; the other class is suggested."""
    keys = tuple(chances)
    others = tuple("dog" if GIVEN[int(key[1:]) % 12] == "cat" else "cat" for key in keys)
    finding = Finding("SW201", "labels", "warning", keys, "why", (Remedy("review", keys, others),))
    every = [f"r{number}" for number in range(count)]
    values = np.array([chances.get(key, 0.01) for key in every])
    scores = Scores("wrong_label", values, np.array(every), "probability", "more likely wrong")
    return Outcome("SW201", "labels the model disputes", "found", result=CheckResult((finding,), (scores,)))


def duplicates_outcome(*sets: tuple[str, ...]) -> Outcome:
    """Sets of duplicates, the first row of each to be kept."""
    keys = tuple(key for each in sets for key in each)
    columns = {
        "set": np.array([number for number, each in enumerate(sets) for _ in each]),
        "id": np.array(keys),
        "keep": np.array(["keep" if place == 0 else "" for each in sets for place, _ in enumerate(each)]),
        "reason": np.array([f"duplicate of {each[0]}" for each in sets for _ in each]),
    }
    finding = Finding("SW102", "duplicates", "warning", keys, "equal", (Remedy("drop", keys),))
    result = CheckResult((finding,), exhibits=(Exhibit("table", "duplicates, set by set", columns),))
    return Outcome("SW102", "duplicates", "found", result=result)


def outliers_outcome(*keys: str) -> Outcome:
    """Rows far from everything."""
    finding = Finding("SW104", "far", "note", keys, "far away", (Remedy("review", keys),))
    return Outcome("SW104", "outliers", "found", result=CheckResult((finding,)))


def record(*outcomes: Outcome, labels_are: str = "outcomes") -> AuditRecord:
    """What an audit would leave behind."""
    return AuditRecord(RECORD_SCHEMA, {"fingerprint": "abc1", "task": "auto"}, {"labels_are": labels_are}, {}, outcomes)
