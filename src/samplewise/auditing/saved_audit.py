"""A finished audit from its run folder, for another session."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from samplewise.auditing.audit_call import Audit
from samplewise.auditing.audited_rows import load_rows, recorded_roles
from samplewise.auditing.options import AuditOptions
from samplewise.auditing.prepare_audit import take_in
from samplewise.core.arguments import checked
from samplewise.core.codec import load_record
from samplewise.core.errors import InputError


@checked
def load_audit(  # noqa: PLR0913  # what says how the data was read, as in `audit`
    run_dir: str | Path, data: Any = None, y: Any = None, *, label: str | None = None, id: str | None = None,
    groups: Any = None, segments: Any = None, time: Any = None, weights: Any = None, drop_columns: Iterable[str] = (),
    image: str | None = None, text: str | None = None,
) -> Audit:  # fmt: skip
    """An audit that `audit(..., run_dir=)` or `samplewise audit` wrote: findings, scores, comparison and report.

    Args:
        run_dir: the folder, or its audit.json.
        data, y: the rows that were audited; without them everything works but `apply`, which then takes them.
        label, id, groups, segments, time, weights, drop_columns, image, text: as they were given to `audit`; of a frame
            or a path the record knows them.

    Returns:
        `Audit`, as `audit` returned it.

    Raises:
        InputError: no record in the folder, one of another version, or other rows than those that were audited.

    Cost: reads the record; with data, one pass over the rows.

    >>> import numpy as np, tempfile
    >>> from samplewise import audit
    >>> X = np.random.default_rng(0).normal(size=(60, 3))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = audit(X, X[:, 0] > 0, checks="SW105", run_dir=folder)
    ...     load_audit(folder).findings
    0 findings.
    """
    record = load_record(run_dir)
    place = Path(run_dir)
    folder = place if place.is_dir() else place.parent
    if data is None:
        beside = {
            "y": y, "label": label, "id": id, "groups": groups, "segments": segments, "time": time, "weights": weights,
            "drop_columns": tuple(drop_columns) or None, "image": image, "text": text,
        }  # fmt: skip
        unused = [name for name, given in beside.items() if given is not None]
        if unused:
            raise InputError(
                "without data there is nothing to read", where=unused[0], got=f"{', '.join(unused)} and no data",
                fix="load_audit(run_dir, data, ...), or leave the options of reading out",
            )  # fmt: skip
        return Audit(record, None, load_rows(run_dir, record.data), folder)
    given = {
        "label": label, "id": id, "groups": groups, "segments": segments, "time": time, "weights": weights,
        "drop_columns": tuple(drop_columns), "image": image, "text": text,
    }  # fmt: skip
    said = {name: value for name, value in given.items() if not (value is None or value == ())}
    options = AuditOptions(**recorded_roles(data, record.data, y) | said, task=record.data.get("task") or "auto")
    taken = take_in(data, y, options)
    if taken.facts["fingerprint"] != record.data.get("fingerprint"):
        raise InputError(
            "these are not the rows that were audited", where=str(run_dir),
            got=f"{len(taken.data):,} rows with another content, or read with other options than then",
            fix="pass the same data with the options of the audit (label=, groups=, ...), or leave data out",
        )  # fmt: skip
    return Audit(record, taken.everything, taken.rows, folder)
