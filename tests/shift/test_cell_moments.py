"""Moments within class and segment."""

import numpy as np
import pytest

from samplewise.core.errors import InputError
from samplewise.shift.cell_moments import CellMoments, require_cells


def test_moments_are_those_of_the_cells():
    draw = np.random.default_rng(0)
    X, y, a = draw.normal(size=(60, 3)), np.arange(60) % 2, np.arange(60) // 2 % 2
    found = CellMoments.of(X, y, a, (2, 2), 0)
    cells = [X[(y == one) & (a == other)] for one in (0, 1) for other in (0, 1)]
    np.testing.assert_allclose(found.means.reshape(4, 3), [cell.mean(axis=0) for cell in cells])
    np.testing.assert_allclose(found.within, np.mean([np.cov(cell.T) for cell in cells], axis=0))
    np.testing.assert_allclose(found.by_segment.mean(axis=2)[0], found.means.mean(axis=1))  # cells of equal size


def test_pairs_without_rows_are_refused():
    with pytest.raises(InputError, match="a and c: 0"):
        require_cells(np.array([[9, 0], [9, 9]]), np.array(["a", "b"]), np.array(["d", "c"]))
