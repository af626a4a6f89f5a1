"""Which calls are noted, in which order, and which layers can be read."""

import pytest

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402 (only where torch is)

from samplewise.engine.gradients.torch_calls import Recorder, reader_of, sole  # noqa: E402
from samplewise.engine.gradients.torch_terms import Call, Unreadable  # noqa: E402


def test_calls_are_noted_in_order_with_their_inputs_and_nothing_stays_behind():
    first, second = nn.Linear(3, 3), nn.Linear(3, 2)
    module, rows = nn.Sequential(first, nn.ReLU(), first, second), torch.randn(4, 3)
    recorder = Recorder(module, {id(held) for held in module.parameters()})
    with recorder:
        module(rows)
    assert [call.layer for call in recorder.calls] == [first, first, second]
    assert recorder.calls[0].seen is rows
    module(rows)
    assert len(recorder.calls) == 3
    assert not any(part._forward_hooks for part in module.modules())


def test_only_layers_with_wanted_parameters_are_noted():
    module = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 2))
    with Recorder(module, {id(module[1].bias)}) as recorder:
        module(torch.randn(4, 3))
    assert [call.layer for call in recorder.calls] == [module[1]]


def test_hooks_are_removed_after_an_error_too():
    module = nn.Linear(3, 2)
    with pytest.raises(RuntimeError), Recorder(module, {id(module.weight)}):
        module(torch.randn(4, 5))
    assert not module._forward_hooks


def test_a_layer_with_a_forward_of_its_own_is_not_known():
    class Doubled(nn.Linear):
        def forward(self, rows):
            return 2 * super().forward(rows)

    class Named(nn.Linear):
        pass

    assert reader_of(nn.Linear(2, 2)) is reader_of(Named(2, 2)) is not None
    assert reader_of(Doubled(2, 2)) is None
    assert reader_of(nn.ReLU()) is None
    assert reader_of(nn.BatchNorm2d(2)) is not None


def test_a_reader_of_one_output_refuses_calls_whose_other_outputs_are_used():
    call, slope = Call(nn.Linear(1, 1), (), {}, ()), torch.ones(1)
    read = sole(lambda call, slope, count: [slope, count])
    assert read(call, (slope, None), 3) == [slope, 3]
    for slopes in ((slope, slope), (None, slope)):
        with pytest.raises(Unreadable):
            read(call, slopes, 3)
