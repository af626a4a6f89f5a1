"""The remedies of a record in the order a reader needs them: tested by effect, then untested with the reason."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from samplewise.core.findings import AuditRecord, Finding, Remedy
from samplewise.core.texts import count_of
from samplewise.core.units import LABEL_UNIT, LOWER_ERROR
from samplewise.core.values import Estimate
from samplewise.report.basis import proven_leaks, stands
from samplewise.report.finding_rows import anchors_of
from samplewise.report.wording import estimate_text

NOT_TESTED = "not tested"
NOT_TESTED_YET = "not tested yet"  # of an audit that is still under way
KIND_VERBS = {
    "relabel": "Relabel", "drop": "Drop", "reweight": "Reweight", "clean": "Clean", "collect": "Collect",
    "review": "Review",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Advice:
    """One remedy with the finding it belongs to."""

    code: str
    title: str
    remedy: Remedy
    action: str
    axis: str
    anchor: str = ""  # of the finding on the page

    @property
    def tested(self) -> bool:
        """Whether its effect was measured."""
        return bool(self.remedy.verdict) and self.remedy.effect is not None and math.isfinite(self.remedy.effect.value)


def effect_text(effect: Estimate | None, interval: bool = True) -> str:
    """An effect with its sign: `+1.31 points of accuracy [+0.76, +1.86]`, `error lower by 0.07 [...]`.

    Of an error a word and not the sign says whether it falls or rises.
    """
    if effect is None:
        return ""
    if effect.unit != LOWER_ERROR:
        return estimate_text(effect, interval, signed=True)
    word, size = "lower", replace(effect, unit=LABEL_UNIT)
    if effect.value < 0.0:
        word, size = "higher", replace(size, value=-effect.value, low=-effect.high, high=-effect.low)
    return f"error {word} by {estimate_text(size, interval)}"


def bare_effect_text(effect: Estimate | None) -> str:
    """The number and its interval without the unit, for where that is written above or next to them."""
    return estimate_text(replace(effect, unit=""), signed=True) if effect else ""


def change_text(remedy: Remedy) -> str:
    """What a remedy was measured to do: `error 2.310 → 2.240 in the label's unit (lower by 0.07 [...]), R² ...`.

    For classes the effect alone, in points.
    """
    effect, beside = remedy.effect, remedy.beside
    if effect is None or beside is None or remedy.before is None:
        return effect_text(effect)
    saved, explained = (effect, beside) if effect.unit == LOWER_ERROR else (beside, effect)
    width = (saved.high - saved.low) / 10.0  # one digit more than the change, so that they agree
    before, after = (
        estimate_text(Estimate("", value, value - width / 2, value + width / 2), interval=False)
        for value in (remedy.before.value, remedy.before.value - saved.value)
    )
    change = effect_text(saved).removeprefix("error ").removesuffix(f" {LABEL_UNIT}")
    return f"error {before} → {after} {LABEL_UNIT} ({change}), R² {bare_effect_text(explained)}"


def advice_of(record: AuditRecord) -> tuple[list[Advice], list[Advice]]:
    """Tested remedies, largest effect first, and untested ones in the order of their findings.

    What rests on a model that learned nothing is no advice, and after a proven leak neither is a remedy without any
    effect: such a model answers the same whatever is done to the rows. Both stay in the record with their findings.
    """
    findings = list(record.findings())
    every = [
        as_advice(finding, remedy, anchor)
        for finding, anchor in zip(findings, anchors_of(findings), strict=True)
        if stands(record, finding.code)
        for remedy in finding.remedies
    ]
    if proven_leaks(record):
        every = [item for item in every if not (item.tested and _without_effect(item.remedy.effect))]
    tested = sorted((item for item in every if item.tested), key=lambda item: (-_effect(item), item.code))
    return tested, [item for item in every if not item.tested]


def helping(tested: Sequence[Advice]) -> list[Advice]:
    """Those that were measured to help, best first."""
    return [item for item in tested if item.remedy.verdict == "helps"]


def mending(tested: Sequence[Advice]) -> list[Advice]:
    """Those that are to mend something; a remedy whose aim is fewer rows is none of them."""
    return [item for item in tested if not item.remedy.saves_rows]


def refuted(finding: Finding) -> bool:
    """Whether ways of mending were tested and none of them is shown to help: acting on the finding is no advice."""
    verdicts = [remedy.verdict for remedy in finding.remedies if remedy.verdict and not remedy.saves_rows]
    return bool(verdicts) and "helps" not in verdicts


def as_advice(finding: Finding, remedy: Remedy, anchor: str = "") -> Advice:
    """A remedy with the finding it belongs to."""
    action = remedy.action or _default_action(finding, remedy)
    return Advice(finding.code, finding.title, remedy, action, finding.axis, anchor)


def _default_action(finding: Finding, remedy: Remedy) -> str:
    what = "row" if finding.axis == "data" else finding.axis
    plural = {"class": "classes"}.get(what, what + "s")
    return f"{KIND_VERBS[remedy.kind]} {count_of(len(remedy.keys), what, plural)}"


def _without_effect(effect: Estimate | None) -> bool:
    """Whether no held-out row was predicted otherwise after the remedy."""
    return effect is not None and effect.value == effect.low == effect.high == 0.0


def _effect(item: Advice) -> float:
    return item.remedy.effect.value if item.remedy.effect else -math.inf
