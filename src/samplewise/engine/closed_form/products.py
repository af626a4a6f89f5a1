"""Inner products of all rows with each other, where the matrix may fill the memory."""

import numpy as np

from samplewise.core.arrays import Array, Floats

ROWS_AT_ONCE = 4096


def inner_products(rows: Array) -> Floats:
    """(n, n) products of every row with every row, in double precision.

    Block by block: written as rows @ rows.T, numpy passes the whole to a routine for symmetric products that crashes on
    some 20,000 rows with several threads (seen with OpenBLAS 0.3.30, as in `cholesky`).

    Args:    rows: (n, d).
    Cost:    O(n^2 d), memory of the result.   Source: exact; no publication.

    >>> inner_products(np.array([[1.0, 2.0], [0.0, 1.0]]))
    array([[5., 2.],
           [2., 1.]])
    """
    held = np.asarray(rows, dtype=np.float64)
    found = np.empty((len(held), len(held)))
    for start in range(0, len(held), ROWS_AT_ONCE):
        part = slice(start, start + ROWS_AT_ONCE)
        np.matmul(held[part].copy(), held.T, out=found[part])
    return found
