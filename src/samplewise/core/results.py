"""Results that print: a few sentences and a short table; `to_frame` has all of it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

import lazy_loader
import numpy as np

from samplewise.core.arrays import Array
from samplewise.core.json_encoding import as_column
from samplewise.core.rates import shown
from samplewise.core.texts import column_texts, html_table, is_numeric, paragraph, text_table

pd = lazy_loader.load("pandas")

MOST_ROWS = 8  # of a printed table
MOST_TEXT = 40  # characters of a printed cell
WIDTH = 100  # characters of a printed line


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """The rows behind a result: named columns of equal length, their numbers in the units of the API.

    Args:
        columns: by name.
        units: by name of the column; shares are printed in percent.
        index: the column that names the rows.
        first: positions of the rows to print, in that order; None for all in their own order.
        texts: what is printed instead of a column, by its name.
        hidden: columns that are not printed.
    """

    columns: Mapping[str, Any]
    units: Mapping[str, str] = field(default_factory=dict)
    index: str = ""
    first: Sequence[int] | Array | None = None
    texts: Mapping[str, Sequence[str]] = field(default_factory=dict)
    hidden: Collection[str] = ()

    def __len__(self) -> int:
        """How many rows it has."""
        return len(next(iter(self.columns.values()), ()))

    def to_frame(self) -> Any:
        """All rows as a pandas frame, indexed by `index`."""
        columns = {name: values for name, values in self.columns.items() if name != self.index}
        if not self.index:
            return pd.DataFrame(columns)
        names = as_column(self.columns[self.index])
        return pd.DataFrame(columns, index=pd.Index(names, name=self.index, tupleize_cols=False))

    def printed(self) -> tuple[list[str], list[list[str]], list[bool]]:
        """Heads, columns of texts and whether each holds numbers, for the rows to print."""
        chosen = np.arange(len(self)) if self.first is None else np.asarray(self.first, dtype=np.intp)
        heads, texts, numeric = [], [], []
        for name, values in self.columns.items():
            if name in self.hidden:
                continue
            title, unit = name.replace("_", " "), self.units.get(name, "")
            if name in self.texts:
                cells = as_column(self.texts[name])[chosen[:MOST_ROWS]]
            else:
                cells, unit = shown(as_column(values)[chosen[:MOST_ROWS]], unit)
            heads.append(f"{title} ({unit})" if unit and unit != title else title)
            texts.append(column_texts(cells, MOST_TEXT))
            numeric.append(is_numeric(cells))
        return heads, texts, numeric

    @property
    def left_out(self) -> str:
        """What the printed table lacks, in words."""
        count = min(MOST_ROWS, len(self) if self.first is None else len(self.first))
        return f"{count} of {len(self):,} rows; to_frame() has all." if count < len(self) else ""


class Result:
    """What a public function returns: prints as a few sentences and a short table; `to_frame` has all of it."""

    __slots__ = ()

    def __init_subclass__(cls, **options: Any) -> None:
        """Dataclasses keep a `__repr__` that is defined in the class itself, so it is set there."""
        super().__init_subclass__(**options)
        if "__repr__" not in vars(cls):
            cls.__repr__ = Result.__repr__  # type: ignore[method-assign]

    def _sentences(self) -> Iterable[str]:
        """What was found, as sentences: the number, its unit, how sure it is, what it means."""
        raise NotImplementedError

    def _table(self) -> Table:
        """The rows behind the sentences."""
        raise NotImplementedError

    def to_frame(self) -> Any:
        """The numbers behind the sentences as a pandas frame, all rows."""
        return self._table().to_frame()

    def __str__(self) -> str:
        """The sentences, and the first rows of the table."""
        table = self._table()
        parts = [paragraph(self._sentences(), WIDTH)]
        if len(table):
            parts += [text_table(*table.printed(), WIDTH), table.left_out]
        return "\n".join(filter(None, parts))

    def __repr__(self) -> str:
        """As `str`: arrays of many rows say nothing to a reader."""
        return str(self)

    def _repr_html_(self) -> str:
        """The same for a notebook."""
        table = self._table()
        said = f"<p>{escape(paragraph(self._sentences(), WIDTH))}</p>"
        if not len(table):
            return said
        heads, columns, _ = table.printed()
        note = f"<p>{escape(table.left_out)}</p>" if table.left_out else ""
        return said + html_table(heads, zip(*columns, strict=True)) + note
