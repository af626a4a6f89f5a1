"""What answers tell beyond the rows they are about: whether probabilities hold, and how far people agree."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from samplewise.auditing.decision_log import Answers, Entry, Key
from samplewise.core.errors import InputError
from samplewise.core.rates import percent, percent_text
from samplewise.core.texts import count_of, shortened
from samplewise.core.values import Estimate
from samplewise.engine.refits.remedy_effects import Measured
from samplewise.engine.statistics.agreement import cohen_kappa
from samplewise.engine.statistics.intervals import wilson_interval
from samplewise.labels.annotators import Annotators, dawid_skene

EVERY = 25  # answers after which figures are made anew
FEWEST_SHARED = 10  # rows of two people, below which their agreement says nothing
Fact = dict[str, str]


@dataclass(frozen=True, slots=True)
class Calibration:
    """What was promised of the answered labels and what was found.

    Args:
        answers: rows that were answered and had a probability.   promised: its mean.
        found: share of them whose label was wrong, with Wilson's limits `low` and `high`.
    """

    answers: int
    promised: float
    found: float
    low: float
    high: float

    @property
    def holds(self) -> bool:
        """Whether what was promised lies within the limits of what was found."""
        return self.low <= self.promised <= self.high

    def __str__(self) -> str:
        """In a few words."""
        return f"promised {self.promised:.2f}, found {self.found:.2f} [{self.low:.2f}, {self.high:.2f}]"


def calibration(promised: Sequence[float], wrong: Sequence[bool]) -> Calibration | None:
    """How the labels that were answered turned out, beside what was promised of them; None without any.

    Args:    promised: (k,) probabilities that the label is wrong.   wrong: (k,) whether it was.
    """
    count = len(promised)
    if not count:
        return None
    hits = sum(map(bool, wrong))
    return Calibration(count, float(np.mean(promised)), hits / count, *wilson_interval(hits, count))


def is_wrong(said: Iterable[Entry]) -> bool | None:
    """Whether most people call the label wrong (another one, or none, is right); None where that cannot be told."""
    share = share_wrong(said)
    return None if share in (None, 0.5) else share > 0.5


def share_wrong(said: Iterable[Entry]) -> float | None:
    """Share of the people who were sure and call the label wrong; None where nobody was."""
    words = [not _agrees(entry) for entry in said if entry.decision in ("keep", "relabel", "drop")]
    return sum(words) / len(words) if words else None


def _agrees(entry: Entry) -> bool:
    same = entry.decision == "relabel" and not entry.column and str(entry.value) == str(entry.given)
    return entry.decision == "keep" or same


# ---- several people -------------------------------------------------------------------------------------------------


def differs(said: Mapping[str, Entry]) -> bool:
    """Whether people who were sure want different things of a row."""
    return len({entry.wish for entry in said.values() if entry.decision != "unsure"}) > 1


def agreement(answers: Answers, names: Sequence[str]) -> list[str]:
    """How far every two people agree on the rows both decided, in sentences."""
    told = []
    for one, other in combinations(names, 2):
        pairs = [
            (said[one].wish, said[other].wish)
            for said in answers.values()
            if one in said and other in said and "unsure" not in (said[one].decision, said[other].decision)
        ]
        if not pairs:
            continue
        same = sum(first == second for first, second in pairs)
        who = f"{shortened(one, 40)} and {shortened(other, 40)}"
        text = f"{who} agree on {same:,} of {count_of(len(pairs), 'row')} that both decided"
        codes: dict[str, int] = {}
        first, second = (
            np.array([codes.setdefault(pair[side], len(codes)) for pair in pairs], dtype=np.intp) for side in (0, 1)
        )
        low, value, high = cohen_kappa(first, second)
        if len(pairs) < FEWEST_SHARED:
            told.append(f"{text}; too few to say how far that is beyond chance.")
        elif math.isnan(value):
            told.append(f"{text}; beyond chance cannot be told, for both always say the same thing.")
        else:
            told.append(f"{text}: Cohen's kappa {value:.2f} [{low:.2f}, {high:.2f}].")
    return told


def votes(answers: Answers, names: Sequence[str]) -> tuple[list[Key], Any]:
    """The labels that people gave, as `labels.dawid_skene` takes them: rows, and one column a person.

    Rows are those about labels that at least one person gave a label; None where a person gave none (did not answer,
    was unsure, or would drop the row).
    """
    rows = [(key, said) for key, said in answers.items() if not key[2] and any(map(_label, said.values()))]
    table = [[_label(said[name]) if name in said else None for name in names] for _, said in rows]
    return [key for key, _ in rows], np.array(table, dtype=object).reshape(len(rows), len(names))


def _label(entry: Entry) -> str | None:
    value = entry.given if entry.decision == "keep" else entry.value if entry.decision == "relabel" else None
    return None if value is None else str(value)


def skills(answers: Answers, names: Sequence[str]) -> Annotators | None:
    """How often each person is right, from the rows that several of them labeled; None where there are too few."""
    rows, table = votes(answers, names)
    shared = int((np.sum(table != None, axis=1) > 1).sum()) if len(rows) else 0  # noqa: E711  # entry by entry
    if shared < FEWEST_SHARED:
        return None
    try:
        return dawid_skene(table, ids=np.arange(len(rows)), names=list(names))
    except InputError:  # all say the same
        return None


# ---- in words -------------------------------------------------------------------------------------------------------


def fact(label: str, text: str, detail: str = "") -> Fact:
    """A figure as the page shows it."""
    return {"label": label, "text": text, "detail": detail}


def calibration_fact(found: Calibration) -> Fact:
    """Share of wrong labels among those answered, beside what was promised."""
    text = f"{percent_text(found.found, '.0f')} [{percent(found.low):.0f}, {percent(found.high):.0f}]"
    held = "" if found.holds else "; the probabilities do not hold here"
    promised = f"promised {percent_text(found.promised, '.0f')}"
    return fact("Wrong among the labels answered", text, f"{promised}, {count_of(found.answers, 'answer')}{held}")


def rate_fact(rate: Estimate, answers: int) -> Fact:
    """Share of all labels that are wrong, after the answers."""
    return fact(
        "Wrong among all labels", str(rate.without_reason()), f"estimated anew after {count_of(answers, 'answer')}"
    )


def measured_facts(measured: Mapping[str, Measured], answers: int) -> list[Fact]:
    """What the decisions so far do to a model, on rows that had no part in it."""
    return [
        fact(
            f"{kind.capitalize()} as decided so far", f"{found.effect.without_reason()} ({found.verdict})",
            f"on held-out rows with the labels they were given; {count_of(answers, 'answer')}",
        )
        for kind, found in measured.items()
    ]  # fmt: skip


def skill_facts(found: Annotators) -> list[Fact]:
    """How often each person is right."""
    keys, values = found.quality.keys.tolist(), found.quality.values.tolist()
    return [
        fact(f"{shortened(name, 40)} is right", percent_text(value, ".0f"), f"estimated from {len(found.label):,} rows")
        for name, value in zip(keys, values, strict=True)
    ]  # fmt: skip
