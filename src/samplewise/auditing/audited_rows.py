"""Which rows were audited, kept beside the record, so that nothing is done to other rows than those it speaks of.

The record holds one fingerprint of the content; `rows-CONTENT.npz` in the run folder holds a hash a row and the ids,
which say what changed where the fingerprints differ. Hashes are keyed by the data's fingerprint: equal rows of two data
sets have different ones. A hash of a row with few possible values can still be guessed, so an audit without values
(`--no-values`) keeps no hashes: other content is then refused without saying which rows are other.
"""

import io
import json
import zipfile
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from samplewise.core.arrays import Array, fingerprint
from samplewise.core.codec import write_together
from samplewise.core.errors import InputError, name_rows, unknown_name
from samplewise.core.findings import Decision
from samplewise.core.randomness import Hashes, key_hashes
from samplewise.core.texts import count_of
from samplewise.data.dataset import Dataset
from samplewise.data.inputs import as_reading
from samplewise.data.readers import Reading
from samplewise.data.roles import HOW_CELLS_ARE_READ, Roles
from samplewise.data.row_content import row_hashes
from samplewise.selection.decisions import where_decided

BESIDE = ("groups", "segments", "time", "weights")
ROWS_FILES = "rows-*.npz"
Match = Literal["content", "id"]
MATCHES: tuple[Match, ...] = ("content", "id")
Changed = frozenset[str] | None  # ids of rows that are not as they were audited; None where all may be others


@dataclass(frozen=True, slots=True, eq=False)
class AuditedRows:
    """The rows of a data set by id and content.

    Args:
        ids: (n,) as text.
        hashes: (n,) of the content.
        numbered: whether the ids are only the places of the rows, which another order gives to other rows.
    """

    ids: Array
    hashes: Hashes
    numbered: bool

    @classmethod
    def of(cls, data: Dataset, facts: Mapping[str, Any]) -> "AuditedRows":
        """The rows of a data set, as the facts of a record say that they are read. Cost: O(n d)."""
        beside = [name for name in BESIDE if name in facts["roles"]]
        ids = np.array(list(map(str, data.ids.tolist())), dtype=object)
        return cls(ids, row_hashes(data, beside, str(facts["fingerprint"])), bool(facts["numbered"]))

    def content(self) -> str:
        """A name for ids and content together, in any order; ids that are places say the order."""
        order = np.lexsort((self.hashes, key_hashes(self.ids)))
        return fingerprint(self.ids[order].tolist(), self.hashes[order])

    def save(self, folder: Path) -> Path:
        """Write the file of these rows into a run folder; raises OSError from the file system."""
        buffer = io.BytesIO()
        ids = np.frombuffer(json.dumps([] if self.numbered else self.ids.tolist()).encode("ascii"), dtype=np.uint8)
        np.savez_compressed(buffer, allow_pickle=False, hashes=self.hashes, ids=ids)
        file = folder / _name(self.content())
        write_together({file: buffer.getvalue()})
        return file

    def difference(self, now: "AuditedRows") -> "Difference":
        """What became of these rows."""
        return _of_places(self, now) if self.numbered else _of_names(self, now)


@dataclass(frozen=True, slots=True)
class Difference:
    """Rows that are not as they were, by id.

    Args:
        changed: there before and now, with another content.   moved: at these places lies another row than before.
        new: not there before.   gone: not there any more.
    """

    changed: tuple[str, ...] = ()
    moved: tuple[str, ...] = ()
    new: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()

    def text(self) -> str:
        """In words, with the ids of some."""
        parts = [
            (self.changed, "changed"), (self.moved, "where another row was before"), (self.new, "new"),
            (self.gone, "gone"),
        ]  # fmt: skip
        return "; ".join(f"{count_of(len(ids), 'row')} {word}: {name_rows(ids)}" for ids, word in parts if ids)


def load_rows(folder: str | Path, facts: Mapping[str, Any]) -> AuditedRows | None:
    """The rows of a record from its run folder; None where the file is not there or does not belong to the record."""
    place = Path(folder)
    file = (place if place.is_dir() else place.parent) / _name(str(facts.get("content")))
    try:
        with np.load(file, allow_pickle=False) as archive:
            hashes, ids = archive["hashes"], json.loads(archive["ids"].tobytes())
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    numbered = bool(facts.get("numbered"))
    named = [str(place) for place in range(len(hashes))] if numbered else ids
    if hashes.dtype != np.uint64 or len(named) != len(hashes):
        return None
    rows = AuditedRows(np.array(named, dtype=object), hashes, numbered)
    return rows if rows.content() == facts["content"] else None


def are_numbered(reading: Reading) -> bool:
    """Whether the ids of rows are nothing but their places."""
    ids = reading.data.ids
    return ids.dtype.kind in "iu" and reading.roles.id is None and np.array_equal(ids, np.arange(len(ids)))


def changed_rows(
    facts: Mapping[str, Any], audited: AuditedRows | None, reading: Reading, match: Match, where: str
) -> Changed:
    """The rows on which nothing may be done by the record alone, as they are not those it speaks of, by id.

    Args:
        facts: of the record.
        audited: the rows it speaks of; None where only their fingerprint is known.
        reading: the rows at hand.
        match: "content" refuses any other content; "id" goes by the names of rows and returns those that changed.
        where: what the caller calls the rows at hand.

    Returns:
        ids, as text, of rows that changed, are new or are gone; None where all may have changed.

    Raises:
        InputError: another content, a record of a version that kept none, or rows without names to go by.
    """
    require_match(match)
    now = AuditedRows.of(reading.data, facts)
    if now.content() == facts["content"]:
        return frozenset()
    difference = None if audited is None else audited.difference(now)
    if match == "id" and not facts["numbered"]:
        return None if difference is None else frozenset((*difference.changed, *difference.new, *difference.gone))
    told = "which rows cannot be told: the run folder does not hold their fingerprints" if difference is None else ""
    raise InputError(
        "these are not the data that were audited", where=where,
        got=told or (difference.text() if difference else "") or "the same rows, read in another way",
        fix="audit them again" + (
            "; with --id COL (id=) rows have names that stay theirs when others move" if facts["numbered"]
            else "; or go by ids, and leave rows that changed as they are: --match id (match='id')"
        ),
    )  # fmt: skip


def require_match(match: Match) -> None:
    """Refuse another way to match rows than those there are."""
    if match not in MATCHES:
        raise unknown_name("way to match rows", match, MATCHES)


def read_again(source: Any, facts: Mapping[str, Any], y: Any = None) -> Reading:
    """Rows read as those of a record were: columns have their roles by the names the record holds.

    Args:
        source: a path, a frame, a `Dataset`, or features.
        facts: of the record.
        y: (n,) labels where they are no column of `source`.

    Raises:
        InputError: a record that does not say how its data were read, or rows that cannot be read like them.
    """
    if not {"content", "roles", "reading", "numbered"} <= set(facts):
        raise InputError(
            "the record does not say how the audited data were read", got="a record of an earlier version",
            fix="audit the data again",
        )  # fmt: skip
    return as_reading(source, y, Roles(**recorded_roles(source, facts, y)))


def recorded_roles(source: Any, facts: Mapping[str, Any], y: Any = None) -> dict[str, Any]:
    """The roles of columns and the way cells are read that a record holds, as far as `source` may be given them.

    Args:    as in `read_again`; a `Dataset` has its roles, (X, y) its label.
    """
    if isinstance(source, Dataset):
        return {}
    how = {name: held for name in HOW_CELLS_ARE_READ if (held := facts.get("reading", {}).get(name)) is not None}
    named = {} if isinstance(source, tuple) else dict(facts.get("roles", {}))
    if y is not None:
        named.pop("label", None)
    return {name: tuple(value) if isinstance(value, list) else value for name, value in named.items()} | how


def require_given(decisions: Iterable[Decision], changed: Changed) -> None:
    """Refuse decisions about rows that changed since the audit and that do not say which label they were made about.

    Those that do are compared with the label the row has now, where they are carried out.
    """
    blind = [
        decision for decision in decisions if not decision.given and (changed is None or str(decision.id) in changed)
    ]
    if blind:
        raise InputError(
            "a decision is about a row that is not as it was audited, and does not say which label it had",
            where=where_decided(blind[0]), got=f"{count_of(len(blind), 'such decision')}",
            fix="audit the data as they are now, or keep the column `given` in the list",
        )  # fmt: skip


def _name(content: str) -> str:
    return ROWS_FILES.replace("*", content[:16])


def _of_names(before: AuditedRows, now: AuditedRows) -> Difference:
    was = dict(zip(before.ids.tolist(), before.hashes.tolist(), strict=True))
    held = dict(zip(now.ids.tolist(), now.hashes.tolist(), strict=True))
    return Difference(
        changed=tuple(key for key, content in held.items() if key in was and was[key] != content),
        new=tuple(key for key in held if key not in was),
        gone=tuple(key for key in was if key not in held),
    )


def _of_places(before: AuditedRows, now: AuditedRows) -> Difference:
    """By content: what lies at another place has moved, what was nowhere before has changed or is new."""
    was, held = before.hashes.tolist(), now.hashes.tolist()
    all_before, all_now = Counter(was), Counter(held)
    found: dict[str, list[str]] = {"changed": [], "moved": [], "new": [], "gone": []}
    for place, content in enumerate(held):
        if place < len(was) and was[place] == content:
            continue
        if content in all_before:
            found["moved"].append(str(place))
        elif place < len(was) and was[place] not in all_now:
            found["changed"].append(str(place))
        else:
            found["new"].append(str(place))
    lost = (str(place) for place, content in enumerate(was) if not all_now[content])
    changed = set(found["changed"])
    found["gone"] = [place for place in lost if place not in changed]
    return Difference(**{name: tuple(rows) for name, rows in found.items()})
