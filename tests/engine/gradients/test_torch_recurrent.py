"""Terms of recurrent layers and cells against autograd, row by row."""

import pytest

torch = pytest.importorskip("torch")
from call_cases import added_up, called, one_by_one, read, same  # noqa: E402
from torch import nn  # noqa: E402 (only where torch is)

from samplewise.engine.gradients.torch_recurrent import recurrent_cell, recurrent_layer  # noqa: E402
from samplewise.engine.gradients.torch_terms import Call, Unreadable  # noqa: E402

N, T = 4, 3


def numbers(*shape):
    return torch.randn(*shape, dtype=torch.float64)


@pytest.mark.parametrize("kind", [nn.RNN, nn.LSTM, nn.GRU])
@pytest.mark.parametrize("options", [{}, {"num_layers": 2, "bidirectional": True, "bias": False}])
def test_a_layer_is_read_as_autograd_differentiates_it(kind, options):
    torch.manual_seed(0)
    layer, rows = kind(3, 2, batch_first=True, **options).double(), numbers(N, T, 3)
    weights = torch.randn_like(layer(rows)[0])
    expected = one_by_one(layer, lambda row: (layer(rows[row : row + 1])[0] * weights[row]).sum(), N)
    same(read(layer, (rows,), weights, N), expected)


@pytest.mark.parametrize("kind", [nn.RNNCell, nn.LSTMCell, nn.GRUCell])
def test_a_cell_is_read_as_autograd_differentiates_it(kind):
    torch.manual_seed(0)
    cell, rows, weights = kind(3, 2).double(), numbers(N, 3), numbers(N, 2)
    state = (numbers(N, 2), numbers(N, 2)) if kind is nn.LSTMCell else numbers(N, 2)

    def of_row(row):
        own = tuple(part[row : row + 1] for part in state) if isinstance(state, tuple) else state[row : row + 1]
        found = cell(rows[row : row + 1], own)
        return ((found[0] if isinstance(found, tuple) else found) * weights[row]).sum()

    same(read(cell, (rows, state), weights, N), one_by_one(cell, of_row, N))


def test_the_relu_and_positions_first():
    torch.manual_seed(0)
    layer, rows = nn.RNN(3, 2, nonlinearity="relu").double(), numbers(T, N, 3)
    weights = numbers(T, N, 2)
    expected = one_by_one(layer, lambda row: (layer(rows[:, row : row + 1])[0] * weights[:, row : row + 1]).sum(), N)
    call, slopes = called(layer, (rows,), weights)
    same(added_up(layer, recurrent_layer(call, slopes, N), N), expected)


def test_what_cannot_be_read_is_left_to_be_differentiated_row_by_row():
    narrow = nn.LSTM(3, 4, proj_size=2)
    with pytest.raises(Unreadable):
        recurrent_layer(Call(narrow, (torch.ones(T, N, 3),), {}, ()), (None,) * 3, N)
    with pytest.raises(Unreadable):  # rows and positions merged
        recurrent_layer(Call(nn.GRU(3, 2), (torch.ones(T, N, 3),), {}, ()), (None,) * 2, N * T)
    with pytest.raises(Unreadable):
        recurrent_cell(Call(nn.GRUCell(3, 2), (torch.ones(2 * N, 3),), {}, ()), (None,), N)
