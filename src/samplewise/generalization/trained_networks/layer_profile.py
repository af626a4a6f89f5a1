"""Where the representations of training rows and other rows differ inside a network, layer by layer."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from sklearn.covariance import ledoit_wolf

from samplewise.core.arguments import checked
from samplewise.core.arrays import Array, Floats, Mask
from samplewise.core.errors import InputError, name_rows, require_count, unknown_name
from samplewise.core.randomness import generator, key_hashes, uniform_from_hashes
from samplewise.core.results import Result, Table
from samplewise.core.texts import count_of
from samplewise.core.values import Exhibit
from samplewise.data.conversions import default_ids
from samplewise.data.dataset import Dataset
from samplewise.data.inputs import as_given
from samplewise.engine import models  # its torch half is loaded where a module comes
from samplewise.engine.statistics.multiplicity import holm
from samplewise.engine.statistics.resampling import percentile_interval
from samplewise.engine.statistics.significance import simulated_p_value

DIRECTIONS = 64  # onto which representations are projected for the sliced distance
METRICS = {"sliced_wasserstein": "standard deviations", "gaussian_kl": "nats"}
FEWEST = 10  # rows on either side
LEVEL = 0.05

Distance = Callable[[Mask], float]  # of the rows flagged from the others


@dataclass(frozen=True, slots=True, eq=False)
class LayerProfile(Result):
    """Distances between the representations of training and held-out rows; see `layer_profile`.

    Attributes:
        layers: names, in the order of the forward pass; "inputs" comes first.   widths: (l,) features of each.
        distance: (l,) in `unit`; larger means the two sets differ more there.
        null: (l,) mean over random divisions of all rows: what two draws of the same kind show.
        null_low, null_high: (l,) hold 95 % of them.
        p_value: (l,) share of random divisions at least as far apart, never 0.
        unit: "standard deviations" of the layer, or "nats".

    Source: he2025.
    """

    layers: tuple[str, ...]
    widths: Array
    distance: Floats
    null: Floats
    null_low: Floats
    null_high: Floats
    p_value: Floats
    unit: str

    @property
    def parting(self) -> str | None:
        """The first layer whose distance chance does not explain (5 %, all layers together, Holm); None where none."""
        apart = holm(self.p_value) <= LEVEL
        return self.layers[int(np.argmax(apart))] if apart.any() else None

    def exhibit(self) -> Exhibit:
        """The profile as a table, one line per layer."""
        columns = {
            "layer": np.array(self.layers), "width": self.widths, "distance": self.distance, "null": self.null,
            "null_low": self.null_low, "null_high": self.null_high, "p_value": self.p_value,
        }  # fmt: skip
        note = "a difference between two sets of rows, not a bound on any error"
        return Exhibit("table", "training and held-out rows, by layer", columns, self.unit, note)

    def _sentences(self) -> Iterable[str]:
        parting = self.parting
        yield f"How far training and held-out rows are apart in {count_of(len(self.layers), 'layer')}, in {self.unit}."
        yield f"They first differ at {parting}." if parting else "No layer distinguishes them beyond chance."

    def _table(self) -> Table:
        columns = {
            "layer": self.layers, "width": self.widths, "distance": self.distance, "null": self.null,
            "null_low": self.null_low, "null_high": self.null_high, "p_value": self.p_value,
        }  # fmt: skip
        return Table(columns, index="layer")


@checked
def layer_profile(
    data: Any,
    test: Any,
    *,
    module: Any,
    layers: Sequence[str] | None = None,
    metric: Literal["sliced_wasserstein", "gaussian_kl"] = "sliced_wasserstein",
    n_permutations: int = 200,
    seed: int = 0,
) -> LayerProfile:
    """How far apart training rows and held-out rows lie in every layer, in standard deviations or nats.

    "sliced_wasserstein": mean over 64 random directions of the distance between the sorted projections, over the
    layer's pooled standard deviation. "gaussian_kl": KL(held-out || train) of normal distributions with Ledoit-Wolf
    covariances. Both are above 0 for two draws of one kind; random divisions of all rows say by how much.

    Args:
        data: at least ten rows the module was trained on, X, (X, y) or a `Dataset`.
        test: at least ten other rows.
        module: a trained torch module, or a fitted network of a `TorchLearner`; it runs in evaluation mode.
        layers: names of `module.named_modules()`; None for every one with weights of its own. Positions (of
            pixels or tokens) are averaged over.
        metric: see above; "gaussian_kl" compares means and covariances only, and needs more rows than features for
            accurate covariances.
        n_permutations: random divisions, at least 20; the least p value is 1 / (permutations + 1), and
            `parting` needs it below 5 % over the number of layers.
        seed: of directions and divisions; a row's part in them is fixed by its id.

    Returns:
        `LayerProfile`; larger distances mean that the layer distinguishes the two sets. With `test` from the same
        source, an excess in late layers is what the network memorized; one at the inputs already is a shift.

    Raises:
        InputError: fewer than ten rows, an unknown layer or metric, too few permutations, features that differ or are
            not finite.

    Cost: one forward pass per layer, then per division O(n 64) or O(n d^2 + d^3).
    Not for: a bound on the error (the bounds with this name need the whole distribution and the algorithm); rows in
        groups, of which one may lie on both sides.
    Source: he2025; bonneel2015 and ledoit2004 for the distances, phipson2010 for p values.

    >>> import torch
    >>> network = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.ReLU(), torch.nn.Linear(3, 2))
    >>> rows = np.random.default_rng(0).normal(size=(60, 2))
    >>> layer_profile(rows[:30], rows[30:], module=network, n_permutations=20).layers
    ('inputs', '0', '2')
    """
    if metric not in METRICS:
        raise unknown_name("metric", str(metric), METRICS)
    n_permutations = require_count(
        n_permutations, "n_permutations", 20, "a null band needs random divisions", usual=200
    )
    network, encode = _opened(module)
    sides = [_rows(part, encode, name) for part, name in ((data, "data"), (test, "test"))]
    names = _with_weights(network) if layers is None else list(layers)
    trained = np.repeat([True, False], [len(ids) for _, ids in sides])
    hashes = np.concatenate([key_hashes([f"{side} {key}" for key in ids]) for side, (_, ids) in enumerate(sides)])
    divisions = [_divided(hashes, trained.sum(), seed, number) for number in range(n_permutations)]
    lines = []
    for name in ("inputs", *names):
        features = np.vstack([_features(network, X, name) for X, _ in sides])
        _require_finite(features, np.concatenate([ids for _, ids in sides]), name)
        measure = _sliced(features, seed) if metric == "sliced_wasserstein" else _gaussian(features)
        lines.append((features.shape[1], measure(trained), np.array([measure(division) for division in divisions])))
    null = np.array([drawn for _, _, drawn in lines])  # (l, permutations)
    seen = np.array([value for _, value, _ in lines])
    low, high = percentile_interval(null, 1.0 - LEVEL, axis=1)
    return LayerProfile(
        ("inputs", *names), np.array([width for width, _, _ in lines]), seen, null.mean(axis=1), low, high,
        simulated_p_value(seen, null), METRICS[metric],
    )  # fmt: skip


def _opened(module: Any) -> tuple[Any, Callable[[Any], Any]]:
    """The torch module, and how rows become what it takes."""
    if hasattr(module, "encoded") and hasattr(module, "module"):
        return module.module, lambda X: module.encoded(Dataset(X))[0]
    if hasattr(module, "named_modules"):
        return module, lambda X: X
    raise InputError(
        "layers are those of a network", got=type(module).__name__,
        fix="pass a torch module, or what a TorchLearner's fit returned",
    )  # fmt: skip


def _rows(given: Any, encode: Callable[[Any], Any], name: str) -> tuple[Any, Array]:
    """What the module takes, and ids."""
    rows = as_given(given, name=name)
    X = rows.X if isinstance(rows, Dataset) else rows[0] if isinstance(rows, tuple) else rows
    count = len(X) if hasattr(X, "__len__") and not hasattr(X, "nnz") else X.shape[0]
    if count < FEWEST:
        raise InputError(
            f"a distance needs at least {FEWEST} rows on each side", where=name, got=f"{count} rows",
            fix="pass more rows",
        )  # fmt: skip
    return encode(X), rows.ids if isinstance(rows, Dataset) else default_ids(X, count)


def _with_weights(network: Any) -> list[str]:
    """Modules that hold weights themselves, in order; the whole network where it is one."""
    found = [name for name, part in network.named_modules() if name and list(part.parameters(recurse=False))]
    if not found:
        raise InputError("the network has no part with weights", got=type(network).__name__, fix="name layers=[...]")
    return found


def _features(network: Any, X: Any, layer: str) -> Floats:
    """(n, d) outputs of a layer for rows, or the rows themselves."""
    if layer != "inputs":
        return np.asarray(models.embeddings_of(network, X, layer=layer))
    flat = X.detach().cpu().numpy() if hasattr(X, "detach") else np.asarray(X)
    return np.asarray(flat.reshape(len(flat), -1), dtype=np.float64)


def _require_finite(features: Floats, ids: Array, layer: str) -> None:
    finite = np.isfinite(features).all(axis=1)
    if not finite.all():
        raise InputError(
            "some rows have entries that are not finite", where=f"{layer}: {name_rows(ids[~finite])}",
            got=f"shape {features.shape}", fix="impute or drop them, as in training",
        )  # fmt: skip


def _divided(hashes: Array, trained: int, seed: int, number: int) -> Mask:
    """As many rows flagged as were trained on, by a hash of every row's id."""
    flags = np.zeros(len(hashes), dtype=bool)
    flags[np.argsort(uniform_from_hashes(seed, hashes, f"division {number}"), kind="stable")[:trained]] = True
    return flags


def _sliced(features: Floats, seed: int) -> Distance:
    """Sliced 1-Wasserstein distance: all rows are sorted once along every direction, divisions only count."""
    centered = features - features.mean(axis=0)
    scale = float(np.sqrt(np.square(centered).mean()))
    if scale <= 1e-12 * max(1.0, float(np.abs(features).max())):
        return lambda flags: 0.0  # a layer that is the same for every row
    projected = centered @ _directions(features.shape[1], seed) / scale  # (n, k)
    order = np.argsort(projected, axis=0, kind="stable")
    gaps = np.diff(np.take_along_axis(projected, order, axis=0), axis=0)

    def distance(flags: Mask) -> float:
        steps = np.where(flags, 1.0 / flags.sum(), -1.0 / (~flags).sum())[order]
        return float((np.abs(np.cumsum(steps, axis=0)[:-1]) * gaps).sum() / DIRECTIONS)

    return distance


def _directions(width: int, seed: int) -> Floats:
    """(d, k) random directions, at right angles where there is room: so their mean varies less."""
    draws, block = generator(seed, "directions"), min(width, DIRECTIONS)
    turned = [np.linalg.qr(draws.normal(size=(width, block)))[0] for _ in range(-(-DIRECTIONS // block))]
    return np.hstack(turned)[:, :DIRECTIONS]


def _gaussian(features: Floats) -> Distance:
    """KL(others || flagged) of normal distributions with shrunk covariances."""
    spread = features.std(axis=0)
    varying = spread > 1e-12 * max(1.0, float(np.abs(features).max()))
    if not varying.any():
        return lambda flags: 0.0
    scaled = (features[:, varying] - features[:, varying].mean(axis=0)) / spread[varying]

    def distance(flags: Mask) -> float:
        trained, other = scaled[flags], scaled[~flags]
        moved = other.mean(axis=0) - trained.mean(axis=0)
        (own, _), (others, _) = ledoit_wolf(trained), ledoit_wolf(other)
        inside = np.trace(np.linalg.solve(own, others)) + moved @ np.linalg.solve(own, moved)
        return 0.5 * float(inside - scaled.shape[1] + np.linalg.slogdet(own)[1] - np.linalg.slogdet(others)[1])

    return distance
