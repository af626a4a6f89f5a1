"""Weights on disk: what comes back is what was written, and a file that could run code is not read."""

import pickle

import numpy as np
import pytest

from samplewise.core.errors import InputError

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402 (only where torch is)

from samplewise.engine.models import load_weights, save_weights  # noqa: E402
from samplewise.engine.models.torch_state import packed, unpacked  # noqa: E402


def network():
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(3, 3), nn.Linear(3, 3)
        self.second.weight = self.first.weight


def assert_equal_weights(one, other):
    for name, held in one.state_dict().items():
        assert torch.equal(held, other.state_dict()[name]), name


@pytest.mark.parametrize("make", [network, Tied])
def test_safetensors_there_and_back(tmp_path, make):
    module, path = make(), tmp_path / "deep" / "weights.safetensors"
    assert save_weights(module, path) == path
    assert_equal_weights(load_weights(make(), path), module)
    assert [file.name for file in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("wrap", [lambda state: state, lambda state: {"state_dict": state, "epoch": 3}])
def test_torch_files_of_tensors_are_read(tmp_path, wrap):
    module = network()
    torch.save(wrap(module.state_dict()), tmp_path / "weights.pt")
    assert_equal_weights(load_weights(network(), tmp_path / "weights.pt"), module)


class Marked:
    ran = False

    def __reduce__(self):
        return _mark, ()


def _mark():
    Marked.ran = True


def test_a_file_that_could_run_code_is_not_read(tmp_path):
    path = tmp_path / "weights.pt"
    torch.save({"weight": Marked()}, path)
    with pytest.raises(InputError, match="could run code") as fact:
        load_weights(network(), path)
    assert not Marked.ran
    assert "save_weights" in fact.value.fix
    torch.save(network(), path)  # a whole module is such a file
    with pytest.raises(InputError, match="could run code"):
        load_weights(network(), path)
    path.write_bytes(pickle.dumps({"weight": [1.0]}))
    with pytest.raises(InputError, match=r"could run code|dictionary of tensors|another module"):
        load_weights(network(), path)


def test_other_files_are_refused(tmp_path):
    with pytest.raises(InputError, match="safetensors or torch files only") as fact:
        load_weights(network(), tmp_path / "weights.pkl")
    assert fact.value.got == ".pkl"
    with pytest.raises(InputError, match="no such file") as fact:
        load_weights(network(), tmp_path / "weights.pt")
    assert fact.value.fix == "check the path"
    torch.save(torch.ones(3), tmp_path / "weights.pt")
    with pytest.raises(InputError, match="no dictionary of tensors") as fact:
        load_weights(network(), tmp_path / "weights.pt")
    assert "state_dict()" in fact.value.fix
    path = save_weights(nn.Linear(3, 9), tmp_path / "weights.safetensors")
    with pytest.raises(InputError, match="belong to another module") as fact:
        load_weights(network(), path)
    assert "settings it was saved with" in fact.value.fix


def test_nested_state_there_and_back():
    state = {
        "state": {0: {"step": torch.tensor(3.0), "none": None}, 1: {}},
        "names": ["a", 2, 0.5],
        "sums": np.arange(3),
    }
    tensors, text = packed(state)
    found = unpacked(tensors, text)
    assert list(found["state"]) == [0, 1]
    assert found["state"][0]["none"] is None
    assert torch.equal(found["state"][0]["step"], torch.tensor(3.0))
    assert found["names"] == ["a", 2, 0.5]
    np.testing.assert_array_equal(found["sums"], np.arange(3))


def test_state_that_only_a_pickle_could_keep_is_refused():
    with pytest.raises(InputError, match="without a pickle") as fact:
        packed({"objective": {"rule": lambda: 3}})
    assert fact.value.where == "/objective/rule"
    assert "tensors, arrays and numbers" in fact.value.fix
