"""What the answers so far say of all other labels, and what carrying them out does to a model.

The fits of the audit lie in its run folder and are read from there; where the audit's learner was the user's own, or
it was given features or probabilities, neither can be known here, and nothing is said.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from samplewise.auditing.prepare_audit import usable_rows
from samplewise.core.arrays import Floats, Ints, fingerprint
from samplewise.core.findings import AuditRecord, Decision
from samplewise.data.dataset import Dataset
from samplewise.engine.models.default_learner import NAMES
from samplewise.engine.models.metrics import METRICS
from samplewise.engine.refits.folded_rows import FoldedRows, RemedyRule, RowEdit
from samplewise.engine.refits.preparation import Prepared, prepare
from samplewise.engine.refits.remedy_effects import Measured, measure_on_redrawn_folds
from samplewise.labels.facts import Answer, FactLabels, fact_labels, read_as_facts

Labels = Mapping[Any, Any]


@dataclass(frozen=True, eq=False)
class LiveLabels:
    """The labels of an audit, to be read again with every answer.

    Args:
        record: of the audit.   data: all rows that were given to it.   run_dir: where its fits are.
    """

    record: AuditRecord
    data: Dataset
    run_dir: Path | None

    @cached_property
    def rows(self) -> Ints:
        """Positions of the rows that were audited, among all that were given."""
        return np.flatnonzero(usable_rows(self.data, self._task)[1])

    @property
    def _task(self) -> Any:
        return self.record.data.get("task") or "auto"

    @cached_property
    def prepared(self) -> Prepared | None:
        """The audited rows as the audit's learner saw them; None where it cannot be known which that was."""
        if self.record.data.get("supplied") != fingerprint(None, None):
            return None
        plan = self.record.plan
        settings = {
            "task": self._task,
            "n_folds": int(plan["folds"]),
            "seed": int(plan["seed"]),
            "run_dir": self.run_dir,
        }
        every = (prepare(self.data.take(self.rows), name, **settings) for name in NAMES)
        return next((one for one in every if one.learner.fingerprint() == plan.get("learner_fingerprint")), None)

    @cached_property
    def facts(self) -> FactLabels | None:
        """The labels before any answer; None where they are no facts. Cost: the audit's fits, where they are gone."""
        if self.record.plan.get("labels_are") != "facts" or self.prepared is None:
            return None
        return fact_labels(self.prepared.whole)

    def after(self, wrong: Mapping[int, float], labels: Mapping[int, Any]) -> FactLabels | None:
        """The labels after answers; None where nothing can be said.

        Args:    wrong: share of the people who call a label wrong, by position among all rows.
                 labels: what they would have in its place.
        Cost:    about 5 microseconds a row.
        """
        facts = self.facts
        if facts is None or self.prepared is None or self.prepared.target.classes is None:
            return None
        codes = self.prepared.target.code_by_name
        places = {position: place for place, position in enumerate(self.rows.tolist())}
        said = {
            places[position]: Answer(share, codes.get(str(labels.get(position)), -1))
            for position, share in wrong.items()
            if position in places
        }
        return read_as_facts(facts.outcomes, facts.found, facts.keys, said)

    def probabilities(self, facts: FactLabels) -> Floats:
        """(n,) that the label of each row is wrong, of all rows that were given; NaN where nothing is known."""
        found = np.full(len(self.data), np.nan)
        found[self.rows] = facts.wrong
        return found

    def measured(self, decisions: Iterable[Decision]) -> dict[str, Measured]:
        """What relabeling and dropping as decided does to a model, on rows that had no part in it, by kind.

        Every model is trained on the training rows of a fold, as they are and after the decisions about them, and
        evaluated on the other rows, with the labels they were given.

        Cost: 2 to 4 repeats of 5 folds, with up to 9 fits each.
        """
        prepared, plan = self.prepared, self.record.plan
        if prepared is None or plan.get("metric") not in METRICS:
            return {}
        rules = decided_rules(list(decisions), prepared)
        if not rules:
            return {}
        apart = Prepared(prepared.data, prepared.target, prepared.learner, prepared.n_folds, prepared.seed)
        return measure_on_redrawn_folds(apart.whole, rules, metric=METRICS[plan["metric"]])


def decided_rules(decisions: list[Decision], prepared: Prepared) -> dict[str, RemedyRule]:
    """What was decided as rules: each does to the rows it may see what was decided about them."""
    target, codes = prepared.target, prepared.target.code_by_name
    relabeled: dict[str, Any] = {}
    for one in decisions:
        if one.kind == "relabel":
            value = float(one.value) if target.classes is None else codes.get(str(one.value))
            if value is not None:
                relabeled[str(one.id)] = value
    dropped = {str(one.id) for one in decisions if one.kind == "drop"}
    rules: dict[str, RemedyRule] = {}
    if relabeled:
        rules["relabel"] = lambda folded: _relabeled(folded, relabeled)
    if dropped:
        rules["drop"] = lambda folded: RowEdit("drop", _places(folded, dropped))
    return rules


def _relabeled(folded: FoldedRows, labels: Labels) -> RowEdit:
    rows = _places(folded, labels)
    keys = folded.data.ids[rows].tolist()
    return RowEdit("relabel", rows, np.array([labels[str(key)] for key in keys], dtype=folded.codes.dtype))


def _places(folded: FoldedRows, wanted: Any) -> Ints:
    return np.array([place for place, key in enumerate(folded.data.ids.tolist()) if str(key) in wanted], dtype=np.intp)
