"""Whether other rows come from elsewhere, and what that costs, worded and drawn: for SW602 and `samplewise shift`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from samplewise.auditing.environment import environment
from samplewise.core.arrays import Array, Floats
from samplewise.core.errors import InputError
from samplewise.core.findings import RECORD_SCHEMA, AuditRecord, CheckResult, Finding, Outcome, Remedy, Severity
from samplewise.core.rates import percent
from samplewise.core.texts import count_of, keys_text, shortened
from samplewise.core.values import Estimate, Exhibit
from samplewise.data.dataset import Dataset
from samplewise.engine.refits import Prepared
from samplewise.report.wording import estimate_text
from samplewise.shift import ErrorCertificate, ErrorChange, LabelPlan, TrainTestDrift, certify_error, plan_labels
from samplewise.shift.column_drift import SIGNIFICANT
from samplewise.shift.compared_rows import compared_rows
from samplewise.shift.error_change import MARGIN, change_between
from samplewise.shift.train_test import drift_of

CODE, TITLE = "SW602", "whether test rows come from elsewhere"
QUESTION = "will it hold elsewhere"
LISTED = 40
TO_LABEL = "Test rows to label"
MOST_NAMED = 5
UNTESTED = "needs labeled rows from there"
CAVEAT = (
    "Rows that follow one another in time are no random draws: their p is too small. A drift of the rows need not cost "
    "anything; a change of what labels mean is seen with labels only."
)


@dataclass(frozen=True, slots=True, eq=False)
class Elsewhere:
    """What was found between the rows a model is trained on and other rows: the difference, and what it costs."""

    drift: TrainTestDrift
    change: ErrorChange

    def result(self) -> CheckResult:
        """Findings, tables and numbers; no finding where neither rows nor error differ beyond chance."""
        found = self.drift.found or self.change.alarm == "above margin"
        findings = (self.finding(),) if found else ()
        return CheckResult(findings, (), self.exhibits(), self.measured())

    def measured(self) -> tuple[Estimate, ...]:
        """The numbers that are known."""
        parts = (self.change.change, self.change.covariate, self.change.concept, self.drift.auc)
        return tuple(part for part in parts if not np.isnan(part.value))

    def finding(self) -> Finding:
        """One finding: from elsewhere, told by which columns, and whether it matters."""
        alarm, telling = self.change.alarm, tuple(self.drift.telling)
        where = "Test rows come from elsewhere" if self.drift.found else "Test rows look alike"
        ends = {
            "above margin": f"and the error rises by {self._moved()}" if self.drift.found
            else f"but the error is {self._moved()} larger",
            "below margin": f"but the error rises by less than {self.change.margin_text()}",
            "not distinguishable": self._uncertain(),
            "cannot be told": "and what that costs cannot be told",
        }  # fmt: skip
        severity: Severity = "warning" if alarm == "above margin" else "note"
        remedies = (
            Remedy("collect", (), action="Collect labeled rows from where the test rows come.", reason=UNTESTED),
            *([Remedy("review", telling, action=f"Look at {self._named(telling)}.")] if telling else []),
        )
        measured = tuple(part for part in self.measured() if part.quantity != self.drift.auc.quantity)
        return Finding(
            CODE, f"{where}, {ends[alarm]}", severity, telling, self._words(), remedies, measured,
            "column" if telling else "data", CAVEAT,
        )  # fmt: skip

    def alike(self) -> Finding:
        """What is said where nothing was found, by a page that answers the question."""
        margin = self.change.margin_text()
        ends = {
            "below margin": f"and the error rises by less than {margin}",
            "not distinguishable": self._uncertain(),
            "cannot be told": "but what the error there is cannot be told",
        }
        title = f"No difference from the training rows was found, {ends[self.change.alarm]}"
        return Finding(CODE, title, "note", (), self._words(), (), self.measured(), "data", CAVEAT)

    def exhibits(self) -> tuple[Exhibit, ...]:
        """Parts of the change, columns that tell, values only the test rows have, shares of the classes."""
        found = [self._parts(), self._path(), self._columns(), self._unseen(), self._classes()]
        return tuple(exhibit for exhibit in found if exhibit is not None)

    def _words(self) -> str:
        return " ".join([*self.drift.differences(), *self.change._sentences()])

    def _uncertain(self) -> str:
        if self.change.judged.low > 0:
            return f"and the error rises by {self._moved()}"
        return f"and the error may rise by more than {self.change.margin_text()}"

    def _moved(self) -> str:
        unless = ", if equal rows keep their labels" if np.isnan(self.change.change.value) else ""
        return estimate_text(self.change.judged) + unless

    def _named(self, names: Sequence[str]) -> str:
        more = len(names) - MOST_NAMED
        shown = keys_text([shortened(name, 40) for name in names[:MOST_NAMED]])
        return shown + (f" and {count_of(more, 'more column')}" if more > 0 else "")

    def _parts(self) -> Exhibit | None:
        known = [part for part in self.change.parts[2:] if not np.isnan(part.value)]
        if not known:
            return None
        names = {
            "change_of_error": "change of the error", "covariate_part": "by other rows",
            "concept_part": "rest: other labels on equal rows", "label_part": "by other shares of the classes",
            "rest_beside_the_label_part": "rest beside that",
        }  # fmt: skip
        columns: dict[str, Array] = {
            "name": np.array([names[part.quantity] for part in known]),
            "value": np.array([part.value for part in known]),
            "low": np.array([part.low for part in known]),
            "high": np.array([part.high for part in known]),
        }
        note = (
            f"Right of the line the error is larger; from {self.change.margin_text()} on it matters. By rows and by "
            "classes are two accounts of the same change: each adds up to it."
        )
        return Exhibit("bars", "What the change of the error is made of", columns, known[0].unit, note)

    def _path(self) -> Exhibit | None:
        path = self.change.path
        if not len(path):
            return None
        columns: dict[str, Array] = {"column": path.index.to_numpy().astype(str)}
        columns |= {name: path[name].to_numpy().round(3) for name in ("moves", "together", "low", "high", "gain")}
        note = "Most telling first: what each moves the error by beyond those before; gain in nats a row."
        return Exhibit("table", "Columns that explain how the rows differ", columns, self.change.covariate.unit, note)

    def _columns(self) -> Exhibit | None:
        table = self.drift.columns
        if not len(table):
            return None
        columns: dict[str, Array] = {
            "column": table.index.to_numpy().astype(str)[:LISTED],
            "area under the curve": table["auc"].to_numpy().round(3)[:LISTED],
            "p": table["p_value"].to_numpy()[:LISTED],
            "overlap (%)": percent(table["overlap"].to_numpy()).round(1)[:LISTED],
            "moved (spreads)": table["moved"].to_numpy().round(2)[:LISTED],
        }
        note = "0.5 is chance and 1 tells every pair apart; p is corrected for the number of columns."
        return Exhibit("table", "How well each column alone tells the rows apart", columns, "", note)

    def _unseen(self) -> Exhibit | None:
        table = self.drift.unseen
        if not len(table):
            return None
        columns: dict[str, Array] = {
            "what": table["what"].to_numpy().astype(str)[:LISTED], "test rows": table["rows"].to_numpy()[:LISTED],
            "beyond chance": np.where(table["p_value"].to_numpy() < SIGNIFICANT, "yes", "no")[:LISTED],
        }  # fmt: skip
        return Exhibit("table", "Values that no training row has", columns)

    def _classes(self) -> Exhibit | None:
        table = self.drift.classes
        if table is None:
            return None
        order = np.argsort(-np.abs(table["difference"].to_numpy()), kind="stable")[:LISTED]
        columns: dict[str, Array] = {
            "class": table.index.to_numpy().astype(str)[order],
            "training rows (%)": percent(table["train"].to_numpy()).round(1)[order],
            "test rows (%)": percent(table["test"].to_numpy()).round(1)[order],
            "difference (points)": table["difference"].to_numpy().round(1)[order],
        }
        return Exhibit("table", "Shares of the classes", columns)


def elsewhere(ready: Prepared, held: Dataset, here: Floats, there: Floats, margin: float = MARGIN) -> Elsewhere:
    """Compare the rows a model is trained on with others, by its outputs (n, c) and (m, c) on rows it did not see.

    Raises: InputError: fewer than 20 rows on a side, or no columns to compare.
    Cost:   as `shift.error_change` without fits of the model.
    """
    both = compared_rows(ready.data, held, ready.seed)
    drift = drift_of(both)
    return Elsewhere(drift, change_between(both, ready.target, here, there, margin, drift))


def shift_record(
    ready: Prepared, held: Dataset, n_labels: int, margin: float, facts: Mapping[str, Any], plan: Mapping[str, Any]
) -> AuditRecord:
    """The answer to "will it hold elsewhere?" as a record, which `report` draws like any other.

    Args:    ready: training rows and learner.   held: rows from elsewhere.   n_labels: rows to label there.
             margin: points that matter.   facts: of the data.   plan: what was asked.
    Raises:  InputError as `elsewhere` and `shift.plan_labels`.
    Cost:    the fits of a cross-validation, and seconds.
    """
    fitted = ready.learner.fit(ready.data, seed=ready.seed, target=ready.target)
    outputs = ready.whole.held_out_outputs()
    there = fitted.outputs(held.X)
    found = elsewhere(ready, held, outputs, there, margin)
    findings = [found.finding() if found.result().findings else found.alike()]
    exhibits, measured = list(found.exhibits()), list(found.measured())
    if found.change.n_labels == len(held):
        findings.append(_all_labeled(found.change))
    elif ready.target.classes is not None:
        sure = ready.whole.probabilities(outputs), fitted.probabilities(held.X)
        labels = plan_labels(
            (sure[0], ready.target.codes), sure[1], n_labels=min(n_labels, len(held)), ids=held.ids, seed=ready.seed
        )
        exhibits.append(_plan_exhibit(labels, ready.target.classes))
        certificate = _certificate(labels, held, ready)
        findings.append(_label_finding(labels) if certificate is None else _certified(certificate, len(labels)))
        measured += [] if certificate is None else [certificate.error]
    outcome = Outcome(CODE, TITLE, "found", result=CheckResult(tuple(findings), (), tuple(exhibits), tuple(measured)))
    settings = {"question": QUESTION, "checks": [CODE], **plan}
    return AuditRecord(RECORD_SCHEMA, dict(facts), settings, environment(), (outcome,))


def _plan_exhibit(plan: LabelPlan, classes: Array) -> Exhibit:
    """The rows to label, with what the model says of them."""
    columns: dict[str, Array] = {
        "test_id": plan.ids, "predicted": np.asarray(classes)[plan.predicted].astype(str),
    }  # fmt: skip
    note = "Drawn at random by their ids: label all of them, whatever they look like, and run the same command again."
    return Exhibit("table", TO_LABEL, columns, "", note)


def _label_finding(plan: LabelPlan) -> Finding:
    title = f"Labels of {count_of(len(plan), 'test row')} drawn at random would give the error there an exact interval"
    words = (
        f"{' '.join(plan._sentences())} Write their labels into the label's column of the test rows, leave the others "
        "empty, and run the command again: it then states the error there with an interval that holds whatever changed."
    )
    remedy = Remedy("collect", tuple(plan.ids.tolist()), action=f"Label these {count_of(len(plan), 'test row')}.")
    return Finding(CODE, title, "note", (), words, (remedy,), (), "data")


def _all_labeled(change: ErrorChange) -> Finding:
    error = change.target_error
    title = f"From {count_of(change.n_labels, 'label')}, the error there is {estimate_text(error)}"
    words = f"On the training rows, by models that did not see them, it is {estimate_text(change.source_error)}."
    return Finding(CODE, title, "note", (), words, (), (error, change.source_error), "data")


def _certificate(plan: LabelPlan, held: Dataset, ready: Prepared) -> ErrorCertificate | None:
    """What the labels of the planned rows certify; None where one of them has none, or one of another class."""
    if held.y is None:
        return None
    places = {key: at for at, key in enumerate(held.ids.tolist())}
    rows = held.take(np.array([places[key] for key in plan.ids.tolist()]))
    if rows.unlabeled().any():
        return None
    try:
        codes = ready.target.codes_of(np.asarray(rows.y), rows.ids, "the test rows")
    except InputError:  # a class the training rows lack has no column of probabilities
        return None
    return certify_error(plan, codes)


def _certified(certificate: ErrorCertificate, count: int) -> Finding:
    title = f"From {count_of(count, 'label')} drawn at random, the error there is {estimate_text(certificate.error)}"
    words = " ".join(certificate._sentences())
    words += " The interval is exact, whatever changed: it rests on these labels alone."
    return Finding(CODE, title, "note", (), words, (), (certificate.error,), "data")
