"""The one reduction against an eigendecomposition."""

import numpy as np
import pytest

from samplewise.core.errors import InputError
from samplewise.engine.closed_form.tridiagonal import RidgePath


@pytest.mark.parametrize("d", [1, 2, 3, 40])
@pytest.mark.parametrize("ridge", [1e-6, 0.3, 1e4])
def test_solutions_and_traces(d, ridge):
    draw = np.random.default_rng(d)
    rows, cross = draw.normal(size=(60, d)), draw.normal(size=(d, 3))
    gram = rows.T @ rows
    path = RidgePath(gram, cross)
    values = np.linalg.eigvalsh(gram)
    np.testing.assert_allclose(path.eigenvalues, values, rtol=1e-10)
    np.testing.assert_allclose(path.solution(ridge), np.linalg.solve(gram + ridge * np.eye(d), cross), rtol=1e-9)
    assert path.trace(ridge) == pytest.approx(np.sum(values / (values + ridge)), rel=1e-12)
    rotated = path.rotated_solution(ridge)
    assert np.sum(rotated * path.rotated_cross) == pytest.approx(np.sum(path.solution(ridge) * cross), rel=1e-10)


def test_a_singular_system_is_refused():
    with pytest.raises(InputError, match=r"where: +ridge") as caught:
        RidgePath(-np.eye(4), np.ones((4, 1))).solution(0.5)
    assert caught.match("larger ridge")
