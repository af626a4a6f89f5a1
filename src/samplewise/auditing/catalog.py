"""The catalog of checks: the list of them, in the order they run."""

from collections.abc import Mapping
from typing import Protocol, cast

from samplewise.auditing.accepted import codes_named
from samplewise.auditing.checks import (
    sw101_missing_or_constant,
    sw102_duplicates,
    sw103_test_overlap,
    sw104_outliers,
    sw105_rare_classes,
    sw106_label_given_away,
    sw107_id_or_date,
    sw108_cells,
    sw109_label,
    sw201_disputed_labels,
    sw202_ambiguous_classes,
    sw203_label_coding,
    sw301_redundant_rows,
    sw302_unusual_information,
    sw303_harmful_rows,
    sw401_learning_curve,
    sw501_error,
    sw502_gap_and_memorization,
    sw503_calibration,
    sw504_test_chose,
    sw505_other_splits,
    sw601_worst_segment,
    sw602_elsewhere,
    sw603_leans_on_segment,
    sw605_error_there,
)
from samplewise.auditing.evidence import Evidence
from samplewise.core.errors import InputError
from samplewise.core.findings import CheckResult
from samplewise.engine.refits.folded_rows import RemedyRule


class Check(Protocol):
    """A module with a stable code: what it needs, what it does, and the rules behind its remedies."""

    CODE: str
    TITLE: str
    NEEDS: frozenset[str]  # keys of `run.MET`: without one of them the check is not applicable
    SLOW: bool  # whether it needs many fits
    __doc__: str | None

    def run(self, evidence: Evidence) -> CheckResult:
        """Carry it out, or raise `NotApplicable(reason)`."""
        ...

    def rules(self, evidence: Evidence) -> Mapping[str, RemedyRule]:
        """The rule behind each kind of remedy it proposes; may close over label-free evidence only."""
        ...


# Cheap first: what needs no model or neighbors shows at once, label findings next, whatever needs many fits last.
MODULES = (
    sw101_missing_or_constant,
    sw109_label,
    sw105_rare_classes,
    sw106_label_given_away,
    sw107_id_or_date,
    sw108_cells,
    sw102_duplicates,
    sw103_test_overlap,
    sw104_outliers,
    sw201_disputed_labels,
    sw202_ambiguous_classes,
    sw203_label_coding,
    sw501_error,
    sw504_test_chose,
    sw505_other_splits,
    sw503_calibration,
    sw601_worst_segment,
    sw602_elsewhere,
    sw603_leans_on_segment,
    sw302_unusual_information,
    sw303_harmful_rows,
    sw401_learning_curve,
    sw502_gap_and_memorization,
    sw301_redundant_rows,
    sw605_error_there,
)
CHECKS = tuple(cast("Check", module) for module in MODULES)


def catalog() -> dict[str, Check]:
    """Every check by its code, in the order they run."""
    return {check.CODE: check for check in CHECKS}


def choose_checks(wanted: str | list[str] | tuple[str, ...]) -> tuple[str, ...]:
    """Codes to run: "default" all, "fast" those without many fits, else codes or their beginnings ("SW101,SW2")."""
    checks = catalog()
    if wanted == "default":
        return tuple(checks)
    if wanted == "fast":
        return tuple(code for code, check in checks.items() if not check.SLOW)
    words = wanted.split(",") if isinstance(wanted, str) else wanted
    if not isinstance(words, list | tuple) or not words:
        raise InputError(
            "checks are named by their codes", where="checks", got=f"checks={wanted!r}"[:80],
            fix='use checks="default", "fast", or codes such as "SW101,SW2"',
        )  # fmt: skip
    named = {code for word in words for code in codes_named(word, checks, "checks")}
    return tuple(code for code in checks if code in named)
