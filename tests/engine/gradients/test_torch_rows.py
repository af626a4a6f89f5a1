"""Row gradients of every kind of module against autograd, one row at a time."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from gradient_cases import MODULES, case, flat, named_loss, written_out  # noqa: E402 (needs torch)

from samplewise.engine.gradients import row_gradients, torch_layers  # noqa: E402

LOSSES = ("cross_entropy", "margin", "squared_error")


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("name", MODULES)
def test_everything_equals_autograd_row_by_row(name, loss):
    module, X, y = case(name)
    dense = written_out(module, X, named_loss(loss, y))
    rows = row_gradients(module, (X, y), loss=loss, chunk=8)
    scale = np.abs(dense @ dense.T).max()
    np.testing.assert_allclose(rows.gram(), dense @ dense.T, atol=1e-10 * scale)
    np.testing.assert_allclose(rows.norms() ** 2, np.square(dense).sum(axis=1), atol=1e-10 * scale)
    np.testing.assert_allclose(rows.gram(rows.take([3, 0])), dense @ dense[[3, 0]].T, atol=1e-10 * scale)
    weights = np.random.default_rng(0).normal(size=(len(X), 2))
    sums = rows.combine(weights)
    np.testing.assert_allclose(flat(sums, module), weights.T @ dense, atol=1e-10 * np.sqrt(scale))
    np.testing.assert_allclose(rows.project(sums), dense @ (dense.T @ weights), atol=1e-9 * scale)
    np.testing.assert_allclose(sum(part.gram() for part in rows.per_layer().values()), rows.gram(), atol=1e-10 * scale)
    values = [named_loss(loss, y)(module(X[row : row + 1]), row).item() for row in range(len(X))]
    np.testing.assert_allclose(rows.values, values, atol=1e-12)
    assert rows.size == dense.shape[1]


@pytest.mark.parametrize("name", MODULES)
def test_single_precision(name):
    module, X, y = case(name, torch.float32)
    dense = written_out(module, X, named_loss("cross_entropy", y))
    gram = row_gradients(module, (X, y)).gram()
    np.testing.assert_allclose(gram, dense @ dense.T, atol=1e-5 * np.abs(gram).max())


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.bfloat16, 0.05), (torch.float16, 0.01)])
@pytest.mark.parametrize("name", ["perceptron", "convolutional", "transformer", "tied", "recurrent"])
def test_half_precision(name, dtype, tolerance):
    """Against the same weights in double precision; factors are kept in single precision."""
    module, X, y = case(name, dtype)
    with torch.backends.mkldnn.flags(enabled=False):  # its bfloat16 kernels stop some virtual machines
        rows = row_gradients(module, (X, y))
    exact = row_gradients(case(name)[0], (case(name)[1], y)).gram()
    assert {np.asarray(layer.materialise()).dtype for layer in rows.layers} == {np.dtype(np.float32)}
    np.testing.assert_allclose(rows.gram(), exact, atol=tolerance * np.abs(exact).max())


def test_factors_in_double_precision_on_request():
    module, X, y = case("perceptron", torch.float32)
    rows = row_gradients(module, (X, y), dtype=np.float64)
    assert {layer.inputs.dtype for layer in rows.layers} == {np.dtype(np.float64)}


@pytest.mark.parametrize("name", MODULES)
def test_row_order_and_batches_change_nothing(name):
    module, X, y = case(name)
    order = torch.randperm(len(X), generator=torch.Generator().manual_seed(1))
    rows, moved = row_gradients(module, (X, y)), row_gradients(module, (X[order], y[order]), chunk=3)
    np.testing.assert_allclose(moved.gram(), rows.gram()[np.ix_(order, order)], rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(moved.sketch(32, seed=1), rows.sketch(32, seed=1)[order], rtol=1e-9, atol=1e-11)
    again = row_gradients(module, (X, y))
    np.testing.assert_array_equal(again.gram(), rows.gram())
    np.testing.assert_array_equal(again.sketch(32, seed=1), rows.sketch(32, seed=1))


@pytest.mark.parametrize("name", ["perceptron", "convolutional", "transformer", "tied", "custom"])
def test_factors_that_stay_tensors(name, monkeypatch):
    """As on an accelerator, where factors are left where they were made."""
    module, X, y = case(name)
    arrays = row_gradients(module, (X, y))
    monkeypatch.setattr(torch_layers, "_held", lambda values: values.detach())
    tensors = row_gradients(module, (X, y), chunk=5)
    assert any(
        torch.Tensor in map(type, (getattr(layer, part, None) for part in ("inputs", "values")))
        for layer in tensors.layers
    )
    np.testing.assert_allclose(tensors.gram(), arrays.gram(), atol=1e-12)
    np.testing.assert_allclose(tensors.gram(tensors.take([4, 1])), arrays.gram()[:, [4, 1]], atol=1e-12)
    np.testing.assert_allclose(tensors.norms(), arrays.norms())
    np.testing.assert_allclose(tensors.sketch(16, seed=0), arrays.sketch(16, seed=0), atol=1e-12)
    sums = tensors.combine(np.eye(len(X)))
    np.testing.assert_allclose(flat(sums, module), flat(arrays.combine(np.eye(len(X))), module), atol=1e-12)
    np.testing.assert_allclose(tensors.project(sums), arrays.gram(), atol=1e-12)
    directions = arrays.directions((2, 2))
    for layer, seen in tensors.projected(directions).items():
        np.testing.assert_allclose(seen, arrays.projected(directions)[layer], atol=1e-12)


def test_single_rows():
    module, X, y = case("transformer")
    alone = row_gradients(module, (X, y), chunk=1)
    np.testing.assert_allclose(alone.gram(), row_gradients(module, (X, y)).gram(), atol=1e-12)
    np.testing.assert_allclose(row_gradients(module, (X[:1], y[:1])).gram(), alone.gram()[:1, :1], atol=1e-12)


def test_a_part_of_the_layers():
    module, X, y = case("perceptron")
    rows = row_gradients(module, (X, y), layers=["4"])
    assert [layer.name for layer in rows.layers] == ["4"]
    assert rows.skipped == {"0.weight": 54, "0.bias": 9, "2.weight": 63}
    assert rows.skipped_share == pytest.approx(126 / 150)
    assert "126 parameters do not enter: 0.weight, 0.bias, 2.weight" in rows.notes
    np.testing.assert_allclose(rows.gram(), row_gradients(module, (X, y)).per_layer()["4"].gram())
    module[0].requires_grad_(False)
    assert row_gradients(module, (X, y)).skipped == {"0.weight": 54, "0.bias": 9}


def test_a_weight_without_its_bias_and_a_bias_without_its_weight():
    module, X, y = case("perceptron")
    whole = row_gradients(module, (X, y)).gram()
    parts = [row_gradients(module, (X, y), layers=[name]).gram() for name in ("0.weight", "0.bias", "2", "4")]
    np.testing.assert_allclose(sum(parts), whole, atol=1e-12)


def test_tied_parameters_are_selected_by_either_name():
    module, X, y = case("tied")
    grams = [row_gradients(module, (X, y), layers=[name]).gram() for name in ("embed", "head.weight")]
    np.testing.assert_array_equal(*grams)


READ = {
    "transformer": {"positions"},
    "encoder decoder": set(),
    "sequence first": {"attention.bias_k", "attention.bias_v"},
    "recurrent": set(),
    "recurrent, deep": set(),
    "recurrent, both ways": {f"narrow.{side}_{way}_l0" for side in ("weight", "bias") for way in ("ih", "hh")}
    | {"begin", "narrow.weight_hr_l0"},
}


@pytest.mark.parametrize("name", READ)
def test_attention_and_recurrent_layers_are_read(name):
    """Only what the notes name is differentiated row by row."""
    module, X, y = case(name)
    notes = {note.partition(" was differentiated")[0] for note in row_gradients(module, (X, y)).notes}
    assert notes == READ[name]


def test_notes_say_what_was_differentiated_row_by_row():
    module, X, y = case("custom")
    notes = " ".join(row_gradients(module, (X, y)).notes)
    assert "moved.weight was differentiated row by row: its layer is called with rows merged or moved" in notes
    assert "scale was differentiated row by row: no layer that is known explains its gradient" in notes
    assert "merged.weight" not in notes


def test_a_users_loss():
    module, X, y = case("perceptron")
    named = row_gradients(module, (X, y), loss="cross_entropy")

    def own(outputs, labels):
        return torch.nn.functional.cross_entropy(outputs, labels, reduction="none")[:, None]

    np.testing.assert_allclose(row_gradients(module, (X, y), loss=own).gram(), named.gram(), atol=1e-14)
    norms = row_gradients(module, (X, None), loss=lambda outputs, labels: outputs.square().sum(dim=1))
    assert np.isnan(norms.labels).all()


def test_checkpointed_activations_are_noted_once():
    class Saving(torch.nn.Module):
        def __init__(self, inner):
            super().__init__()
            self.inner = inner

        def forward(self, rows):
            return torch.utils.checkpoint.checkpoint(self.inner, rows, use_reentrant=False)

    module, X, y = case("perceptron")
    saving = row_gradients(Saving(module), (X, y))
    np.testing.assert_allclose(saving.gram(), row_gradients(module, (X, y)).gram(), atol=1e-13)
    assert not saving.notes


def test_attention_weights_that_are_used_themselves():
    class Watching(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.attention, self.head = torch.nn.MultiheadAttention(4, 2, batch_first=True), torch.nn.Linear(4, 3)

        def forward(self, rows):
            seen, weights = self.attention(rows, rows, rows)
            return self.head(seen.mean(dim=1)) + weights[:, 0, :3]

    torch.manual_seed(0)
    module, X, y = Watching().double(), torch.randn(9, 3, 4, dtype=torch.float64), torch.arange(9) % 3
    dense = written_out(module, X, named_loss("cross_entropy", y))
    rows = row_gradients(module, (X, y))
    np.testing.assert_allclose(rows.gram(), dense @ dense.T, atol=1e-12)
    assert any("attention.in_proj_weight was differentiated" in note for note in rows.notes)
