"""Terms of `nn.MultiheadAttention` against autograd, row by row."""

import pytest

torch = pytest.importorskip("torch")
from call_cases import added_up, called, one_by_one, same  # noqa: E402
from torch import nn  # noqa: E402 (only where torch is)

from samplewise.engine.gradients.torch_attention import attention  # noqa: E402
from samplewise.engine.gradients.torch_terms import MatrixTerm, Unreadable  # noqa: E402

N, T, D = 4, 3, 6


def numbers(*shape):
    return torch.randn(*shape, dtype=torch.float64)


@pytest.mark.parametrize("bias", [True, False])
def test_self_attention_is_one_matrix_and_is_read_as_autograd_differentiates_it(bias):
    torch.manual_seed(0)
    layer, rows = nn.MultiheadAttention(D, 2, bias=bias, batch_first=True).double().eval(), numbers(N, T, D)
    weights, mask = numbers(N, T, D), torch.ones(T, T, dtype=torch.bool).triu(1)

    def of_row(row):
        own = rows[row : row + 1]
        return (layer(own, own, own, attn_mask=mask, need_weights=False)[0] * weights[row]).sum()

    call, slopes = called(layer, (rows, rows, rows), weights, attn_mask=mask, need_weights=False)
    terms = attention(call, slopes[0], N)
    same(added_up(layer, terms, N), one_by_one(layer, of_row, N))
    assert len(terms) == 2
    assert all(isinstance(term, MatrixTerm) for term in terms)


@pytest.mark.parametrize("widths", [{}, {"kdim": 4, "vdim": 5}])
def test_queries_keys_and_values_from_elsewhere(widths):
    torch.manual_seed(0)
    layer = nn.MultiheadAttention(D, 3, batch_first=True, **widths).double().eval()
    sources = numbers(N, T, D), numbers(N, 5, widths.get("kdim", D)), numbers(N, 5, widths.get("vdim", D))
    weights = numbers(N, T, D)
    expected = one_by_one(layer, lambda row: (layer(*(s[row : row + 1] for s in sources))[0] * weights[row]).sum(), N)
    call, slopes = called(layer, sources, weights)
    same(added_up(layer, attention(call, slopes[0], N), N), expected)


def test_an_added_zero_and_merged_rows_are_left_to_be_differentiated_row_by_row():
    layer = nn.MultiheadAttention(D, 2, add_zero_attn=True, batch_first=True).double().eval()
    rows, weights = numbers(N, T, D), numbers(N, T, D)
    call, slopes = called(layer, (rows, rows, rows), weights)
    with pytest.raises(Unreadable):
        attention(call, slopes[0], N)
    plain = nn.MultiheadAttention(D, 2, batch_first=True).double().eval()
    call, slopes = called(plain, (rows, rows, rows), weights)
    with pytest.raises(Unreadable):
        attention(call, slopes[0], N * T)
