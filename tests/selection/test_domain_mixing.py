"""Weights of sources against a general optimizer, and mixtures that are known."""

import numpy as np
import pytest
from scipy.optimize import minimize

from samplewise import selection
from samplewise.core.errors import InputError
from samplewise.core.randomness import generator
from samplewise.selection.domain_mixing import mixture_weights


def test_weights_are_those_of_a_general_optimizer():
    draw = generator(0, "sources")
    sources = draw.dirichlet(np.full(30, 0.5), 4)
    goal = 0.5 * sources[0] + 0.3 * sources[2] + 0.2 * draw.dirichlet(np.full(30, 0.5))
    found = mixture_weights(goal, sources)
    other = minimize(
        lambda w: -goal @ np.log(np.maximum(w @ sources, 1e-12)), np.full(4, 0.25), method="SLSQP",
        bounds=[(0, 1)] * 4, constraints={"type": "eq", "fun": lambda w: w.sum() - 1}, options={"ftol": 1e-14},
    )  # fmt: skip
    assert found == pytest.approx(other.x, abs=2e-4)
    assert found.sum() == pytest.approx(1.0)


def counts(shares, n_rows, seed, length=30):
    draw = generator(seed, "counts")
    return draw.multinomial(length, shares, n_rows).astype(float)


KINDS = generator(1, "kinds").dirichlet(np.full(40, 0.3), 3)
DOMAINS = {name: counts(KINDS[at], 300, at) for at, name in enumerate(("a", "b", "c"))}


def mixer(**settings):
    return selection.DomainMixer(features="counts", **settings)


def test_a_known_mixture_is_found_with_its_interval():
    target = np.vstack([counts(KINDS[0], 140, 7), counts(KINDS[2], 60, 8)])
    found = mixer().fit(DOMAINS, target)
    assert found.weights[["a", "b", "c"]].values == pytest.approx([0.7, 0.0, 0.3], abs=0.06)
    assert 0.0 < found.weights.spread.max() < 0.1
    assert found.gain.low > 0
    assert "better than all rows together: divergence reduction" in str(found)


def test_rows_are_fewer_where_they_are_long():
    long = {"a": counts(KINDS[0], 300, 0, length=90), "b": DOMAINS["b"]}
    target = np.vstack([counts(KINDS[0], 100, 7), counts(KINDS[1], 100, 8)])
    found = mixer().fit(long, target)
    assert found.weights["a"] == pytest.approx(0.5, abs=0.05)
    assert found.row_shares["a"] == pytest.approx(0.25, abs=0.04)


def test_order_of_sources_and_rows_changes_nothing():
    target = counts(KINDS[1], 100, 7)
    one = mixer().fit(DOMAINS, target).weights
    turned = {name: rows[::-1] for name, rows in reversed(DOMAINS.items())}
    other = mixer().fit(turned, target[::-1]).weights
    assert one.values == pytest.approx(other.aligned_to(one.keys).values, abs=1e-9)
    assert one.spread == pytest.approx(other.aligned_to(one.keys).spread, abs=1e-9)


def test_a_target_of_all_sources_alike_is_no_nearer():
    target = np.vstack([counts(kind, 300, 9 + at) for at, kind in enumerate(KINDS)])
    found = mixer().fit(DOMAINS, target)
    assert found.weights.values == pytest.approx(np.full(3, 1 / 3), abs=0.04)
    assert abs(found.gain.value) < 0.005


def labeled(truth, n_rows, seed, numbers=True):
    draw = generator(seed, "labeled")
    X = draw.normal(size=(n_rows, 6))
    score = X @ truth + 0.1 * draw.normal(size=n_rows)
    return X, score if numbers else np.where(score > 0, "yes", "no")


TRUTHS = generator(3, "truths").normal(size=(4, 6))


@pytest.mark.parametrize("strategy", ["gradient_alignment", "doge"])
@pytest.mark.parametrize("numbers", [True, False])
def test_sources_that_train_the_target_gain_weight(strategy, numbers):
    domains = {name: labeled(TRUTHS[at], 300, at, numbers) for at, name in enumerate("abcd")}
    one, two = labeled(TRUTHS[0], 60, 7, numbers), labeled(TRUTHS[1], 60, 8, numbers)
    target = np.vstack([one[0], two[0]]), np.concatenate([one[1], two[1]])
    found = selection.DomainMixer(strategy=strategy).fit(domains, target)
    assert found.weights.values.sum() == pytest.approx(1.0)
    assert found.weights[["a", "b"]].values.sum() > 0.7
    assert found.weights["a"] > 0.15 < found.weights["b"]
    assert found.gain.low > 0
    assert "held-out target rows" in found.gain.source
    again = selection.DomainMixer(strategy=strategy).fit(dict(reversed(domains.items())), target)
    assert again.weights.values.tolist() == found.weights.values.tolist()


def test_gradients_refuse_what_they_do_not_use():
    rows = labeled(TRUTHS[0], 30, 0)
    mixed = selection.DomainMixer(strategy="doge")
    with pytest.raises(InputError, match="count no features"):
        selection.DomainMixer(strategy="doge", n_features=5)
    with pytest.raises(InputError, match="too few rows"):
        mixed.fit({"a": rows, "b": rows}, (rows[0][:9], rows[1][:9]))
    with pytest.raises(InputError, match="same columns"):
        mixed.fit({"a": rows, "b": (rows[0][:, :3], rows[1])}, rows)
    with pytest.raises(InputError, match="text"):
        mixed.fit({"a": rows, "b": rows}, rows, text="a")
    with pytest.raises(InputError, match="label"):
        mixed.fit({"a": rows[0], "b": rows}, rows)


def test_what_is_no_mixture_is_refused():
    with pytest.raises(InputError, match="two sources"):
        mixer().fit({"a": DOMAINS["a"]}, DOMAINS["b"])
    with pytest.raises(InputError, match="domains must be a mapping"):
        mixer().fit([DOMAINS["a"]], DOMAINS["b"])
    with pytest.raises(InputError, match="without any features"):
        mixer().fit(DOMAINS, np.zeros((3, 40)))
    with pytest.raises(InputError, match="smoothing"):
        mixer(smoothing=-1.0)
