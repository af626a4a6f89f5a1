"""Similarity of kernels: closed forms, what it does not see, and what is refused."""

import numpy as np
import pytest

from samplewise.core.errors import InputError
from samplewise.generalization import kernel_similarity

DRAW = np.random.default_rng(0)
X = DRAW.normal(size=(25, 4))


def test_it_is_the_cosine_and_centered_the_linear_cka():
    draw = np.random.default_rng(1)
    A, B = draw.normal(size=(25, 3)), draw.normal(size=(25, 5))
    plain = kernel_similarity(None, kernel=A @ A.T, other=B @ B.T, centered=False).value
    expected = np.square(A.T @ B).sum() / np.linalg.norm(A.T @ A) / np.linalg.norm(B.T @ B)
    assert plain == pytest.approx(expected)
    A, B = A - A.mean(axis=0), B - B.mean(axis=0)
    cka = np.square(A.T @ B).sum() / np.linalg.norm(A.T @ A) / np.linalg.norm(B.T @ B)
    assert kernel_similarity(None, kernel=A + 7.0, other=B - 2.0).value == pytest.approx(cka)


def test_scale_and_rotation_change_nothing():
    turned = 5 * X @ np.linalg.qr(np.random.default_rng(2).normal(size=(4, 4)))[0]
    assert kernel_similarity(None, kernel=X, other=turned).value == pytest.approx(1.0)


def test_networks_of_one_shape_are_more_alike_than_noise():
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    one, two = (torch.nn.Sequential(torch.nn.Linear(4, 50), torch.nn.ReLU(), torch.nn.Linear(50, 3)).eval()
                for _ in range(2))  # fmt: skip
    noise = np.random.default_rng(3).normal(size=(25, 25))
    alike = kernel_similarity((X, None), kernel=one, other=two).value
    assert alike > 0.8 > kernel_similarity((X, None), kernel=one, other=noise @ noise.T).value
    assert kernel_similarity((X, None), kernel=one, other=one, form="full").value == pytest.approx(1.0)
    assert 0.5 < kernel_similarity((X, None), kernel=one, other=two, form="full").value < 1.0


@pytest.mark.parametrize(
    ("kernel", "other", "text"),
    [(np.eye(25), np.eye(24), "same rows"), (np.ones((25, 25)), np.eye(25), "centered=False")],
)
def test_kernels_that_cannot_be_compared_are_refused(kernel, other, text):
    with pytest.raises(InputError) as caught:
        kernel_similarity(None, kernel=kernel, other=other)
    assert text in caught.value.fix
