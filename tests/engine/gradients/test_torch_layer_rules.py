"""Terms of single calls of torch's layers against autograd, row by row."""

import pytest

torch = pytest.importorskip("torch")
from call_cases import called, one_by_one, read, same  # noqa: E402
from torch import nn  # noqa: E402 (only where torch is)

from samplewise.engine.gradients.torch_layer_rules import convolution, embedding, linear, norm_of_channels  # noqa: E402
from samplewise.engine.gradients.torch_terms import Call, DenseTerm, MatrixTerm, Unreadable  # noqa: E402

N = 5
LAYERS = {
    "linear": (lambda: nn.Linear(4, 3), (4,)),
    "linear over positions": (lambda: nn.Linear(4, 3, bias=False), (6, 4)),
    "convolution": (lambda: nn.Conv2d(2, 4, (3, 2), stride=2, dilation=(1, 2), padding=(2, 1)), (2, 6, 5)),
    "same padding": (lambda: nn.Conv1d(2, 3, 4, padding="same"), (2, 7)),
    "reflected padding": (lambda: nn.Conv1d(2, 3, 3, padding=1, padding_mode="reflect"), (2, 7)),
    "groups": (lambda: nn.Conv1d(4, 6, 3, groups=2), (4, 7)),
    "layer norm": (lambda: nn.LayerNorm((3, 4)), (2, 3, 4)),
    "root mean square": (lambda: nn.RMSNorm(4), (3, 4)),
    "group norm": (lambda: nn.GroupNorm(2, 4), (4, 3)),
    "batch norm": (lambda: nn.BatchNorm1d(4), (4, 3)),
    "instance norm": (lambda: nn.InstanceNorm1d(4, affine=True), (4, 3)),
}


def made(name):
    torch.manual_seed(0)
    make, shape = LAYERS[name]
    layer = make().double().eval()
    for held in layer.parameters():
        nn.init.normal_(held)
    if isinstance(layer, nn.BatchNorm1d):
        layer.running_mean.normal_()
        layer.running_var.uniform_(0.5, 2.0)
    rows = torch.randn(N, *shape, dtype=torch.float64)
    return layer, rows, torch.randn_like(layer(rows))


@pytest.mark.parametrize("name", LAYERS)
def test_a_call_is_read_as_autograd_differentiates_it(name):
    layer, rows, weights = made(name)
    expected = one_by_one(layer, lambda row: (layer(rows[row : row + 1]) * weights[row]).sum(), N)
    same(read(layer, (rows,), weights, N), expected)


def test_an_embedding_is_a_lookup_without_its_padding():
    torch.manual_seed(0)
    layer, tokens = nn.Embedding(7, 3, padding_idx=0).double(), torch.randint(0, 7, (N, 4))
    weights = torch.randn(N, 4, 3, dtype=torch.float64)
    expected = one_by_one(layer, lambda row: (layer(tokens[row : row + 1]) * weights[row]).sum(), N)
    same(read(layer, (tokens,), weights, N), expected)
    call, slopes = called(layer, (tokens,), weights)
    (term,) = embedding(call, slopes[0], N)
    assert (term.cotangents[term.indices == 0] == 0).all()


def test_rows_merged_with_positions_come_apart_again():
    layer, rows, weights = made("linear over positions")
    expected = read(layer, (rows,), weights, N)
    same(read(layer, (rows.flatten(0, 1),), weights.flatten(0, 1), N), expected)


def test_factors_where_they_are_smaller_and_entries_where_groups_share_positions():
    layer, rows, weights = made("convolution")
    call, slopes = called(layer, (rows,), weights)
    (term,) = convolution(call, slopes[0], N)
    assert isinstance(term, MatrixTerm)
    assert term.inputs.shape == (N, weights[0, 0].numel(), 2 * 3 * 2)
    layer, rows, weights = made("groups")
    call, slopes = called(layer, (rows,), weights)
    assert all(isinstance(term, DenseTerm) for term in convolution(call, slopes[0], N))


@pytest.mark.parametrize("reader", [linear, norm_of_channels])
def test_a_call_without_a_row_axis_cannot_be_read(reader):
    call = Call(nn.Linear(4, 3), (torch.ones(4),), {}, ())
    with pytest.raises(Unreadable):
        reader(call, torch.ones(3), 1)
