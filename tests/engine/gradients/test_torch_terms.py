"""Rows come apart from what was merged with them, and arguments are found by location or name."""

import pytest

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402 (only where torch is)

from samplewise.engine.gradients.torch_terms import Call, DenseTerm, Unreadable, by_row  # noqa: E402


def test_a_leading_axis_is_cut_into_rows():
    values = torch.arange(12.0).reshape(6, 2)
    assert by_row(values, 3).shape == (3, 2, 2)
    torch.testing.assert_close(by_row(values, 3)[1], values[2:4])
    for bad in (torch.tensor(1.0), torch.ones(5, 2), torch.ones(0, 2)):
        with pytest.raises(Unreadable):
            by_row(bad, 3)


def test_arguments_are_found_by_location_or_name():
    rows, state = torch.ones(2), torch.zeros(2)
    call = Call(nn.GRUCell(1, 1), (rows,), {"hx": state}, ())
    assert call.seen is rows
    assert call.argument(0, "input") is rows
    assert call.argument(1, "hx") is state
    assert call.argument(2, "other") is None
    assert Call(nn.Linear(1, 1), (3,), {"input": rows}, ()).seen is rows
    with pytest.raises(Unreadable):
        _ = Call(nn.Linear(1, 1), (3,), {}, ()).seen


def test_a_term_does_not_change():
    term = DenseTerm(torch.ones(2), torch.ones(3, 2))
    with pytest.raises(AttributeError):
        term.values = term.weight
