"""Parameters no layer explains: the way each is differentiated, and that every way gives autograd's gradients."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from gradient_cases import case, named_loss, written_out  # noqa: E402 (needs torch)
from torch import nn  # noqa: E402

from samplewise.core.errors import InputError  # noqa: E402
from samplewise.engine.gradients import row_gradients  # noqa: E402
from samplewise.engine.gradients.torch_batches import row_batches_of  # noqa: E402
from samplewise.engine.gradients.torch_rows import Engine  # noqa: E402

X, Y = torch.randn(20, 4, 6, generator=torch.Generator().manual_seed(0), dtype=torch.float64), torch.arange(20) % 3


class Tokens(nn.Module):
    """Class token, positions, a scale of the last axis, a temperature, and a matrix used by hand."""

    def __init__(self):
        super().__init__()
        self.first, self.positions = nn.Parameter(torch.randn(1, 1, 6)), nn.Parameter(torch.randn(5, 6))
        self.scale, self.temperature = nn.Parameter(torch.rand(6)), nn.Parameter(torch.tensor(0.7))
        self.mix, self.head = nn.Parameter(torch.randn(6, 6)), nn.Linear(6, 3)

    def forward(self, rows):
        seen = torch.cat([self.first.expand(len(rows), -1, -1), rows], dim=1) + self.positions
        seen = torch.tanh((seen * self.scale) @ self.mix)
        return self.head(seen[:, 0] + seen.mean(dim=1)) * self.temperature.exp()


class Branching(nn.Module):
    """A branch that depends on the numbers of a row, which torch cannot vectorize."""

    def __init__(self):
        super().__init__()
        self.scale, self.head = nn.Parameter(torch.rand(6)), nn.Linear(6, 3)

    def forward(self, rows):
        seen = [row.mean(dim=0) * self.scale * (2.0 if row.sum().item() > 0 else 1.0) for row in rows]
        return self.head(torch.stack(seen))


class Partly(nn.Module):
    """An expert for rows that are marked, and two submodules that nothing calls."""

    def __init__(self):
        super().__init__()
        self.head, self.expert = nn.Linear(6, 3), nn.Linear(6, 3)
        self.idle, self.unused = nn.Linear(50, 50), nn.Parameter(torch.zeros(7))

    def forward(self, rows):
        seen = self.head(rows.mean(dim=1))
        marked = rows[:, 0, 0] > 100
        return seen + self.expert(rows.mean(dim=1)) * marked[:, None] if marked.any() else seen


def made(kind):
    torch.manual_seed(0)
    return kind().double()


def settled(module, chunk="auto"):
    engine = Engine.of(module, "cross_entropy", None, None, None)
    for _ in engine.batches(row_batches_of((X, Y)), chunk):
        pass
    return engine.alone


@pytest.mark.parametrize("chunk", ["auto", 4, 1])
@pytest.mark.parametrize("kind", [Tokens, Branching])
def test_gradients_are_those_of_autograd(kind, chunk):
    module = made(kind)
    dense = written_out(module, X, named_loss("cross_entropy", Y))
    np.testing.assert_allclose(row_gradients(module, (X, Y), chunk=chunk).gram(), dense @ dense.T, atol=1e-11)


def test_what_is_broadcast_is_copied_for_every_row():
    alone = settled(made(Tokens))
    assert alone.copied == {"first": -1, "positions": 0, "scale": 1, "temperature": 1, "mix": 0}
    assert not alone.vectorized
    assert not alone.looped


def test_what_torch_cannot_vectorize_is_looped():
    assert settled(made(Branching)).looped == ["scale"]


def test_what_no_copy_fits_is_vectorized():
    module, rows, y = case("custom")
    engine = Engine.of(module, "cross_entropy", None, None, None)
    next(engine.batches(row_batches_of((rows, y))))
    assert set(engine.alone.vectorized) == {"inner.weight", "moved.weight"}
    assert not engine.alone.looped


def test_unused_parameters_are_noted_and_take_no_memory():
    module = made(Partly)
    rows = row_gradients(module, (X, Y))
    assert [layer.name for layer in rows.layers] == ["head"]
    assert rows.skipped == {"expert.weight": 18, "expert.bias": 3, "idle.weight": 2500, "idle.bias": 50, "unused": 7}
    assert "unused is used by no row: its gradient is zero" in rows.notes


def test_parameters_only_later_batches_use_are_refused():
    marked = X.clone()
    marked[18, 0, 0] = 200.0
    with pytest.raises(
        InputError, match=r"first one does not[\s\S]*'expert\.weight'[\s\S]*rows that use every part first"
    ):
        row_gradients(made(Partly), (marked, Y))
    first = torch.cat([marked[18:], marked[:18]])
    module = made(Partly)
    dense = written_out(module, first, named_loss("cross_entropy", Y))
    rows = row_gradients(module, (first, Y))
    np.testing.assert_allclose(rows.gram(), dense @ dense.T, atol=1e-9)
