"""Single cells that are unusual in their column: numbers far out, rare words, gaps where there are hardly any."""

import lazy_loader
import numpy as np

from samplewise.core.arrays import Array, Floats

pd = lazy_loader.load("pandas")

FAR = 3.5  # robust deviations from the median at which a number is far out
RARE = 0.01  # share of the rows up to which what is as far out, or as rare, is unusual
TO_DEVIATION = 1.35  # quartile range of a normal in standard deviations


class UsualCells:
    """What is usual in a column, told from some of its rows.

    Args:    values: (m,) numbers with NaN for gaps, or texts as objects.
    Cost:    O(m log m).

    >>> usual = UsualCells(np.r_[np.linspace(3.7, 9.0, 200), 0.0])
    >>> usual.surprise(np.array([5.0, 0.0])) > 0
    array([False, False])
    >>> UsualCells(np.r_[np.random.default_rng(0).normal(5.7, 1.1, 200), 0.0]).surprise(np.array([5.0, 0.0])) > 0
    array([False,  True])
    """

    def __init__(self, values: Array) -> None:
        self._most = max(1, int(RARE * len(values)))
        self._is_number = values.dtype.kind == "f"
        if self._is_number:
            known = np.sort(values[~np.isnan(values)])
            self._gaps, self._known = len(values) - len(known), known
            low, middle, high = np.quantile(known, [0.25, 0.5, 0.75]) if len(known) else (np.nan,) * 3
            self._middle = float(middle)
            self._width = float(high - low) / TO_DEVIATION or float(np.std(known) if len(known) else 0.0) / 4
        else:
            counts = pd.Series(values).value_counts()
            self._counts = counts.to_dict()
            self._held = np.sort(
                np.repeat(counts.to_numpy(), counts.to_numpy())
            )  # (m,) how often a row's value is held
        self._total = len(values)

    def surprise(self, cells: Array) -> Floats:
        """How unusual cells (k,) are, in nats; 0 for usual ones.

        A number is unusual where it lies 3.5 robust deviations from the median and hardly any row (1 %, or one) lies
        as far on its side: half its squared distance. A text is where hardly any row holds one as rare, a gap where
        hardly any row has one: minus the logarithm of their share.
        """
        if not self._is_number:
            counts = np.array([self._counts.get(cell, 0) for cell in cells.tolist()])
            return self._of_share(np.searchsorted(self._held, counts, side="right"))
        gaps = np.where(np.isnan(cells), self._of_share(np.full(len(cells), self._gaps)), 0.0)
        if not self._width > 0:
            return gaps
        apart = np.where(np.isnan(cells), 0.0, (cells - self._middle) / self._width)
        as_far = np.where(
            apart > 0,
            len(self._known) - np.searchsorted(self._known, cells),
            np.searchsorted(self._known, cells, "right"),
        )
        return np.asarray(gaps + np.where((np.abs(apart) >= FAR) & (as_far <= self._most), 0.5 * apart**2, 0.0))

    def _of_share(self, rows: Array) -> Floats:
        """Surprise of what so many of the rows (k,) show as well."""
        share = np.maximum(rows, 1) / self._total
        return np.where(rows <= self._most, -np.log(share), 0.0)
