"""The JSON schema of an audit record (draft 2020-12), drawn from the dataclasses and one sentence per field."""

import types
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import numpy as np

from samplewise.core.findings import RECORD_SCHEMA, AuditRecord, CheckResult, Finding, Outcome, Remedy
from samplewise.core.json_encoding import Json, unnamed
from samplewise.core.sealed_files import CHECKSUM
from samplewise.core.values import Estimate, Exhibit, Scores

NOUNS = (Outcome, CheckResult, Finding, Remedy, Estimate, Scores, Exhibit)
DESCRIPTIONS = {
    "AuditRecord": "Everything one audit found; the only thing a report, a review or a pipeline reads.",
    "AuditRecord.schema": "Version of this layout; a reader refuses one it does not know.",
    "AuditRecord.data": "What was audited: rows, columns, roles, how cells are read, classes, fingerprints, overview.",
    "AuditRecord.plan": "What was to be done: learner and why this one, folds, fits, seed, metric, checks, budget.",
    "AuditRecord.environment": "Versions, machine, start and seconds: what may differ between two runs of one plan.",
    "AuditRecord.outcomes": "One entry per check of the plan, in the order of their codes.",
    "Outcome": "How one check ended; nothing is dropped silently.",
    "Outcome.code": "Stable code of the check, such as SW201.",
    "Outcome.title": "What the check looks for.",
    "Outcome.status": "found, clean, not_applicable (no such question here), skipped (not run) or failed (it crashed).",
    "Outcome.reason": "Why it was skipped, not applicable or failed; empty otherwise.",
    "Outcome.seconds": "Wall time the check took, in seconds.",
    "Outcome.result": "What the check found.",
    "CheckResult": "Findings, scores and exhibits of one check.",
    "CheckResult.findings": "What is the matter, if anything.",
    "CheckResult.scores": "One number per row, column or segment, for every quantity the check computes.",
    "CheckResult.exhibits": "Tables a page may draw.",
    "CheckResult.measured": "Numbers that hold whether or not something was found.",
    "Finding": "One thing that is the matter, with the rows or columns concerned and what to do about it.",
    "Finding.code": "Code of the check that found it.",
    "Finding.title": "The finding in a few words.",
    "Finding.severity": "error (act before training), warning (look at it) or note (good to know).",
    "Finding.keys": "Ids of the rows, or names of the columns, segments or classes, worst first.",
    "Finding.explanation": "Why it is believed, in plain words.",
    "Finding.remedies": "What could be done, alternatives, the recommended one first.",
    "Finding.measured": "The numbers behind it.",
    "Finding.axis": "What the keys name.",
    "Finding.caveat": "When this finding is wrong.",
    "Remedy": "A proposal that a person, or a rule they chose, carries out.",
    "Remedy.kind": "What would be done with the keys.",
    "Remedy.keys": "Ids of the rows, or names of the columns, it concerns.",
    "Remedy.values": "New labels (relabel), suggested ones (review) or weights (reweight), one per key; else empty.",
    "Remedy.action": "What to do, as an imperative sentence.",
    "Remedy.effect": "Measured change of the held-out metric, more is better: in points for classes, the error saved "
    "in the label's unit for numbers; null where it was not tested.",
    "Remedy.control": "The same for a random remedy of the same kind and size.",
    "Remedy.verdict": "helps, no loss, no difference, not decided, hurts, or empty where it was not tested.",
    "Remedy.reason": "Why it was not tested, or what the test leaves open.",
    "Remedy.cost": "Price of carrying it out, in the user's own unit; null where no prices were given.",
    "Remedy.before": "Of predicted numbers: the held-out error before it, in the label's unit; else null.",
    "Remedy.beside": "Of predicted numbers: the effect in R², or on the error where R² is the metric; else null.",
    "Remedy.one_refit": "Where the effect of one refit on all rows may land; null where it was not tested.",
    "Remedy.corrected": "The effect as it would be on true labels; null where that cannot be said.",
    "Remedy.saves_rows": "Whether its aim is fewer rows, so that it is judged by what is lost.",
    "Estimate": "One number about the whole data set, with its interval or the reason why it has none.",
    "Estimate.quantity": "What is measured.",
    "Estimate.value": "The number; null where it could not be computed.",
    "Estimate.low": "Lower end of the interval; null without one.",
    "Estimate.high": "Upper end of the interval; null without one.",
    "Estimate.unit": "Unit of value, low and high; shares, probabilities and error rates run from 0 to 1.",
    "Estimate.confidence": "Confidence of the interval, between 0 and 1; null without one.",
    "Estimate.source": "Method it comes from, a key into the references.",
    "Estimate.reason": "Why there is no interval, or what the interval leaves out.",
    "Scores": "One number per row, column or segment; above 10,000 the largest 100, and all in an archive beside it.",
    "Scores.quantity": "What is scored.",
    "Scores.values": "The scores.",
    "Scores.keys": "What each score belongs to, as the user knows it.",
    "Scores.unit": "Unit of the scores; shares, probabilities and error rates run from 0 to 1.",
    "Scores.larger_means": "What a larger score means.",
    "Scores.axis": "Whether the keys name rows, columns or segments.",
    "Scores.spread": "Standard error of each score; null where there is none.",
    "Exhibit": "A small table a page draws: named columns of equal length.",
    "Exhibit.kind": "How it is best drawn.",
    "Exhibit.title": "What it shows.",
    "Exhibit.columns": "The columns, in the order they are meant to be read.",
    "Exhibit.unit": "Unit of its numbers.",
    "Exhibit.note": "What a reader must know to read it right.",
    "Exhibit.finding": "Place among the findings of its outcome, from 0, of the one whose rows it shows; or null.",
}
ARRAY = {
    "type": "object",
    "description": "Values with the numpy dtype that restores them.",
    "properties": {"dtype": {"type": "string"}, "values": {"type": "array"}},
    "required": ["dtype", "values"],
    "additionalProperties": False,
}
NAMED_ARRAY = ARRAY | {
    "description": "One named column of an exhibit.",
    "properties": {"name": {"type": "string"}, "dtype": {"type": "string"}, "values": {"type": "array"}},
    "required": ["name", "dtype", "values"],
}
STORED = {
    "type": "object",
    "description": "Where all of these scores lie: arrays NAME.values, NAME.keys, NAME.spread of FILE.",
    "properties": {
        "name": {"type": "string", "description": "NAME"},
        "file": {"type": "string", "description": "FILE, next to the record; scores.npz where it is not named."},
        "rows": {"type": "integer", "description": "How many scores there are in all."},
        "content": {
            "type": "string",
            "description": "Fingerprint of the arrays; another one belongs to another record.",
        },
    },
    "required": ["name", "rows", "content"],
    "additionalProperties": False,
}
PLAIN_TYPES: dict[Any, Json] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": ["number", "null"]},
    Any: {"description": "An id, a name or a label: text, number or a list of them."},
}


def _schema_of_noun(noun: type) -> Json:
    hints = get_type_hints(noun)
    listed: tuple[Field[Any], ...] = fields(noun)
    properties = {
        field.name: _schema_of(hints[field.name]) | {"description": DESCRIPTIONS[f"{noun.__name__}.{field.name}"]}
        for field in listed
    }
    required = [field.name for field in listed if field.default is MISSING and field.default_factory is MISSING]
    return {
        "type": "object",
        "description": DESCRIPTIONS[noun.__name__],
        "properties": properties | ({"stored": STORED} if noun is Scores else {}),
        "required": required,
        "additionalProperties": False,
    }


def _schema_of(hint: Any) -> Json:
    """The schema of one type hint; mirrors `core.json_encoding`."""
    hint = unnamed(hint)
    origin, arguments = get_origin(hint), get_args(hint)
    if hint in PLAIN_TYPES:
        return dict(PLAIN_TYPES[hint])
    if origin in (Union, types.UnionType):
        return {"anyOf": [_schema_of(arguments[0]), {"type": "null"}]}
    if origin is np.ndarray:
        return {"$ref": "#/$defs/Array"}
    if origin is Literal:
        return {"enum": list(arguments)}
    if origin is tuple:
        return {"type": "array", "items": _schema_of(arguments[0])}
    if isinstance(hint, type) and is_dataclass(hint):
        return {"$ref": f"#/$defs/{hint.__name__}"}
    if isinstance(origin, type) and issubclass(origin, Mapping) and get_origin(unnamed(arguments[1])) is np.ndarray:
        return {"type": "array", "items": {"$ref": "#/$defs/NamedArray"}}
    return {"type": "object"}


JSON_SCHEMA: Json = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "samplewise audit record",
    **_schema_of_noun(AuditRecord),
    "$defs": {noun.__name__: _schema_of_noun(noun) for noun in NOUNS} | {"Array": ARRAY, "NamedArray": NAMED_ARRAY},
}
JSON_SCHEMA["properties"]["schema"] |= {"const": RECORD_SCHEMA}
JSON_SCHEMA["properties"][CHECKSUM] = {
    "type": "string",
    "description": "Of the file's name and all other entries; a file that does not fit it was damaged. Absent in a "
    "record that was passed on.",
}
