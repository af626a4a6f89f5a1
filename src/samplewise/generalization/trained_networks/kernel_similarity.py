"""Whether rows are similar in the same way to two models: the cosine between their kernels."""

from typing import Any

import numpy as np

from samplewise.core.arguments import checked
from samplewise.core.arrays import Floats
from samplewise.core.errors import InputError
from samplewise.core.values import Estimate
from samplewise.data.inputs import as_given
from samplewise.generalization.trained_networks.row_kernels import Form, RowKernel, open_kernel


@checked
def kernel_similarity(
    data: Any = None, *, kernel: Any, other: Any, centered: bool = True, form: Form = "shared", seed: int = 0
) -> Estimate:
    """How alike two models' kernels between the same rows are, as a cosine from 0 to 1.

    <K, L> / (|K| |L|), entries as one long vector; `centered` takes the mean row off both first, which makes it the
    linear CKA of the networks' gradients. Kernels that are constant alike, as every network's is in part, count as
    similar without.

    Args:
        data: rows, best such as neither model was trained on; (X, y) or a `Dataset`; None for two matrices.
        kernel, other: as `supervision_complexity` takes them, for example a student and a teacher.
        centered: see above.   form: of the kernel of more than two outputs.   seed: of random sums and bandwidths.

    Returns:
        Estimate "kernel_similarity", 1 where both kernels are the same up to scale; there is no interval:
        other rows would differ.

    Raises:
        InputError: as `supervision_complexity`; kernels of different rows or forms; one that is constant.

    Cost: two kernels and O(n^3).
    Not for: whether the models agree (compare their predictions); a student may learn well from a distant teacher.
    Source: harutyunyan2023; kornblith2019 for the centered form.

    >>> print(kernel_similarity(kernel=np.eye(3), other=np.diag([1.0, 1.0, 0.0]), centered=False))
    0.816 (no interval: exact for these rows)
    """
    given = data if data is None else as_given(data)
    one, two = (_entries(open_kernel(given, each, form, None, seed), centered) for each in (kernel, other))
    if one.shape != two.shape:
        raise InputError(
            "the two kernels are of different rows or outputs", got=f"{len(one)} and {len(two)} entries",
            fix='use form="shared", and the same rows',
        )  # fmt: skip
    sizes = float(np.linalg.norm(one)) * float(np.linalg.norm(two))
    if not sizes > 0:
        raise InputError("one of the kernels is the same for all rows", got="nothing left", fix="centered=False")
    cosine = float((one * two).sum()) / sizes
    return Estimate("kernel_similarity", cosine, source="harutyunyan2023", reason="exact for these rows")


def _entries(rows: RowKernel, centered: bool) -> Floats:
    """(N, N) kernel, or what is left of it about its mean."""
    vectors = rows.spectrum.vectors(slice(None)).reshape(-1, len(rows.spectrum.values))
    kernel = (vectors * rows.spectrum.values) @ vectors.T
    if not centered:
        return kernel
    left = kernel - kernel.mean(axis=0) - kernel.mean(axis=1)[:, np.newaxis] + kernel.mean()
    return np.where(np.abs(left) > 1e-12 * np.abs(kernel).max(), left, 0.0)
