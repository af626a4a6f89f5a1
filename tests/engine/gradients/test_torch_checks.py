"""What is refused, with the place and the remedy; and that nothing of the module is left changed."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from gradient_cases import case  # noqa: E402 (needs torch)
from torch import nn  # noqa: E402
from torch.utils.data import DataLoader, IterableDataset, TensorDataset  # noqa: E402

from samplewise.core.errors import InputError  # noqa: E402
from samplewise.data import Dataset  # noqa: E402
from samplewise.engine.gradients import row_gradients, torch_checks  # noqa: E402

X, Y = torch.randn(20, 6, generator=torch.Generator().manual_seed(0)), torch.arange(20) % 3


class Function(nn.Module):
    """A linear layer with something done to its outputs."""

    def __init__(self, change):
        super().__init__()
        self.inner, self.change = nn.Linear(6, 3), change

    def forward(self, rows):
        return self.change(self.inner(rows))


class Stream(IterableDataset):
    def __iter__(self):
        return iter(zip(X, Y, strict=True))


def plain():
    return nn.Linear(6, 3)


def overflowing():
    module = plain().half()
    with torch.no_grad():
        module.weight.fill_(6e4)
    return module


MODULES = {
    "no module": (lambda: "weights.pt", r"torch module[\s\S]*network_gradients"),
    "training batch norm": (
        lambda: nn.Sequential(nn.Linear(6, 3), nn.BatchNorm1d(3)), r"mixes rows[\s\S]*layer '1'[\s\S]*module\.eval\(\)",
    ),
    "active dropout": (lambda: nn.Sequential(plain(), nn.Dropout(0.5)), r"dropout[\s\S]*layer '1'[\s\S]*module\.eval"),
    "dropout of attention": (lambda: nn.MultiheadAttention(6, 1, dropout=0.1), r"active dropout[\s\S]*MultiheadAtt"),
    "a tuple": (lambda: Function(lambda out: (out, None)), r"one tensor[\s\S]*got:\s+tuple[\s\S]*forward=lambda"),
    "a dict": (lambda: Function(lambda out: {"logits": out}), r"got:\s+dict[\s\S]*forward=lambda module, inputs"),
    "a scalar": (lambda: Function(torch.sum), r"one row of outputs per row[\s\S]*shape \(\)[\s\S]*forward="),
    "another number of rows": (lambda: Function(lambda out: out[:4]), r"shape \(4, 3\) for 16 rows"),
    "positions": (lambda: Function(lambda out: out[:, None]), r"one row of logits[\s\S]*16, 1, 3[\s\S]*callable loss"),
    "fewer logits": (lambda: Function(lambda out: out[:, :2]), r"out of range[\s\S]*rows id 2, 5, 8[\s\S]*0\.\.1"),
    "no gradient": (lambda: Function(torch.Tensor.detach), r"do not depend[\s\S]*no_grad\(\) or \.detach\(\)"),
    "centered outputs": (lambda: Function(lambda out: out - out.mean(dim=0)), r"depend on[\s\S]*batch_first"),
    "random outputs": (lambda: Function(lambda out: out + torch.rand_like(out)), r"from call to call[\s\S]*randomness"),
    "frozen": (lambda: plain().requires_grad_(False), r"no parameter[\s\S]*0 require[\s\S]*requires_grad_\(True"),
    "another width": (lambda: nn.Linear(5, 3), r"cannot take these rows[\s\S]*forward="),
    "renormed embedding": (
        lambda: nn.Sequential(nn.Embedding(5, 6, max_norm=1.0), plain()), r"rewrites its weights[\s\S]*max_norm=None",
    ),
    "devices": (
        lambda: nn.Sequential(plain(), nn.Linear(3, 3, device="meta")), r"several dev[\s\S]*cpu, meta[\s\S]*to\(one",
    ),
    "half precision": (overflowing, r"half precision overflows[\s\S]*rows id[\s\S]*module\.float\(\)"),
}  # fmt: skip


@pytest.mark.parametrize("name", MODULES)
def test_modules_that_are_refused(name):
    make, message = MODULES[name]
    with pytest.raises(InputError, match=message):
        row_gradients(make(), (X, Y))


LOSSES = {
    "a scalar": (nn.functional.cross_entropy, r"reduced already[\s\S]*reduction=\"none\""),
    "a number": (lambda out, y: 1.0, r"must return a tensor[\s\S]*per row"),
    "a matrix": (lambda out, y: out, r"one value per row[\s\S]*shape \(16, 3\)[\s\S]*sum over every axis"),
    "mixed rows": (lambda out, y: (out.sum(dim=1) - out.mean()) ** 2, r"do not add up[\s\S]*no mean over rows"),
    "a wrong name": ("cross_entropi", r"did you mean 'cross_entropy'"),
    "output of three": ("output", r"several outputs[\s\S]*loss=\"margin\""),
}


@pytest.mark.parametrize("name", LOSSES)
def test_losses_that_are_refused(name):
    loss, message = LOSSES[name]
    with pytest.raises(InputError, match=message):
        row_gradients(plain(), (X, Y), loss=loss)


DATA = {
    "shuffled": (DataLoader(TensorDataset(X, Y), shuffle=True), r"in order[\s\S]*RandomSampler[\s\S]*shuffle=False"),
    "dropped rows": (DataLoader(TensorDataset(X, Y), batch_size=8, drop_last=True), r"16 rows of 20[\s\S]*drop_last"),
    "stream": (Stream(), r"stream cannot be named[\s\S]*items by number"),
    "loader of a stream": (DataLoader(Stream(), batch_size=4), r"stream cannot be named[\s\S]*IterableDataset"),
    "an array": (X.numpy(), r"cannot be read[\s\S]*pass \(X, y\)"),
    "other lengths": ((X, Y[:5]), r"different numbers of rows[\s\S]*X 20 rows, y 5"),
    "no rows": ((X[:0], Y[:0]), r"hold no rows[\s\S]*one entry per row"),
    "no labels": ((X, None), r"needs labels[\s\S]*pass \(X, y\)"),
    "labels out of range": ((X, Y - 1), r"out of range[\s\S]*rows id 0, 3, 6[\s\S]*label -1[\s\S]*0\.\.2"),
    "names as labels": ((X, np.array(["a", "b"] * 10)), r"class codes[\s\S]*return_inverse"),
    "fractions as labels": ((X, Y + 0.5), r"class codes[\s\S]*return_inverse"),
    "missing entries": (
        Dataset(torch.where(torch.arange(20)[:, None] == 7, torch.nan, X).numpy(), Y.numpy(), ids=np.arange(20) + 100),
        r"missing or infinite[\s\S]*rows id 107\n[\s\S]*drop them",
    ),
    "infinite in half": ((X * 1e6, Y), r"missing or infinite[\s\S]*65,504"),
}  # fmt: skip


@pytest.mark.parametrize("name", DATA)
def test_rows_that_are_refused(name):
    data, message = DATA[name]
    module = plain().half() if name == "infinite in half" else plain()
    with pytest.raises(InputError, match=message):
        row_gradients(module, data)


def test_options_that_are_refused():
    with pytest.raises(InputError, match=r"no layer named 'innr'[\s\S]*did you mean 'inner'"):
        row_gradients(Function(torch.tanh), (X, Y), layers=["innr"])
    with pytest.raises(InputError, match=r"number of rows[\s\S]*chunk=256"):
        row_gradients(plain(), (X, Y), chunk=0)
    with pytest.raises(InputError, match=r"float32 or float64[\s\S]*numpy\.float64"):
        row_gradients(plain(), (X, Y), dtype="int8")
    with pytest.raises(InputError, match=r"targets and outputs differ[\s\S]*3 targets per row"):
        row_gradients(plain(), (X, Y.float()), loss="squared_error")
    with pytest.raises(InputError, match=r"targets are missing[\s\S]*rows id 4\n[\s\S]*drop these rows"):
        row_gradients(nn.Linear(6, 1), (X, torch.where(torch.arange(20) == 4, torch.nan, 1.0)), loss="squared_error")


def test_more_memory_than_there_is(monkeypatch):
    monkeypatch.setattr(torch_checks, "usable_memory", lambda: 800)
    with pytest.raises(InputError, match=r"do not fit[\s\S]*layer 'inner'[\s\S]*enough for 10\n[\s\S]*stream_sketches"):
        row_gradients(Function(torch.tanh), (X, Y))  # (7 + 3) numbers of 4 bytes for each row
    monkeypatch.undo()
    assert torch_checks.usable_memory() > 2**28


def test_a_mean_hidden_in_a_loss_is_noticed():
    """The outputs of a row are its own, so only the weighted sum of the gradients shows it."""
    with pytest.raises(InputError, match="do not add up"):
        row_gradients(
            plain(), (X, Y), loss=lambda out, y: out.square().sum(dim=1) * out.detach().mean() + out.sum() / len(out)
        )


@pytest.mark.parametrize("fails", [False, True])
def test_the_module_is_left_as_it_was(fails):
    module, rows, y = case("transformer")
    for parameter in module.parameters():
        parameter.grad = torch.full_like(parameter, 7.0)
    module.head.bias.requires_grad_(False)
    module.norm.train()
    before = {name: held.clone() for name, held in module.state_dict().items()}
    flags = [part.training for part in module.modules()]
    state = torch.get_rng_state()
    if fails:
        with pytest.raises(InputError, match="out of range"):
            row_gradients(module, (rows, y + 1))
    else:
        row_gradients(module, (rows, y))
    assert flags == [part.training for part in module.modules()]
    assert all((held == before[name]).all() for name, held in module.state_dict().items())
    assert all((parameter.grad == 7.0).all() for parameter in module.parameters())
    assert [name for name, held in module.named_parameters() if not held.requires_grad] == ["head.bias"]
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in module.modules())
    assert (torch.get_rng_state() == state).all()


@pytest.mark.parametrize("switch", [torch.no_grad, torch.inference_mode])
@pytest.mark.parametrize("name", ["perceptron", "custom"])
def test_gradients_are_taken_where_they_are_switched_off(switch, name):
    module, rows, y = case(name)
    rows = rows.numpy()
    with switch():
        off = row_gradients(module, (rows, y)).gram()
    np.testing.assert_array_equal(off, row_gradients(module, (rows, y)).gram())
