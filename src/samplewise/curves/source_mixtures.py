"""Which mixture of partly revealed sources to buy: forecast from pilot rows, then a descent to a better mixture.

The idea of kang2023 with definitions of our own: its formulas were not available. Stage 1, at the size the pilot rows
allow: log error by ridge regression on the mixture p, its products p_j p_k, and the optimal-transport distance of the
mixture to the evaluation rows. Stage 2, other sizes: the forecast of a learning curve through this and two smaller
sizes, each the mean over all mixtures, so every mixture falls alike. Falls of single mixtures between small sizes say
little about their falls later; using them chose worse mixtures (decision 12). k sources, t mixtures.
"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from samplewise.core.arguments import checked
from samplewise.core.arrays import Array, Floats, Ints, Mask, Numbers
from samplewise.core.errors import InputError, require_amount, require_count
from samplewise.core.execution import Executor
from samplewise.core.randomness import hashed_uniform
from samplewise.core.results import Result, Table
from samplewise.core.values import Estimate, with_unit
from samplewise.curves.learning_curve import LearningCurve
from samplewise.curves.points import spread_of_draws
from samplewise.curves.transport import Transport, require_transport, transport
from samplewise.data.targets import Target, Task
from samplewise.engine.models.learner import Fit
from samplewise.engine.models.row_losses import UNITS, ErrorScale, row_losses
from samplewise.engine.refits import FoldedRows, prepare
from samplewise.engine.statistics.intervals import quantile
from samplewise.engine.statistics.means import mean_and_error

LEAST_ROWS = 20  # of each source's pilot
GROWTH = 4  # between the least and the largest size measured
BAND, SMALLEST = 0.8, 1e-9
MOST_ROWS = 400  # a side of the transport; more only cost time
RIDGES = np.geomspace(1e-4, 10.0, 16)
STEPS, RATE, SETTLED = 60, 2.0, 1e-6  # of the descent on the simplex


@dataclass(frozen=True, slots=True, eq=False)
class Mixture(Result):
    """Shares of the sources, and what training on them should give."""

    names: tuple[Any, ...]
    weights: Floats  # (k,) shares, sum 1
    error: Estimate  # expected, with an 80 % band
    rows: int
    distance: float  # optimal transport to the evaluation rows
    unit: str

    def _sentences(self) -> Iterable[str]:
        yield f"{self.rows:,} rows mixed like this should give an error of {self.error.without_reason()}."
        yield f"Their distance to the rows evaluated on is {self.distance:.3g}."

    def _table(self) -> Table:
        return Table({"source": self.names, "share": self.weights}, {"share": "share of rows"}, "source")


@dataclass(frozen=True, slots=True, eq=False)
class MixtureForecast(Result):
    """Errors of t mixtures measured at three sizes, and what they say about every other mixture and size."""

    names: tuple[Any, ...]  # of the k sources
    weights: Floats  # (t, k) mixtures tried
    errors: Floats  # (t, 3) by size
    curve: LearningCurve  # means over the mixtures at the three sizes
    misfit: float  # how far log errors at the largest size are off on a mixture left out (root mean square)
    unit: str
    transport: Transport
    coefficients: Floats  # (f,) of the log error at the largest size
    limits: tuple[float, float]  # least and most of it: no forecast goes far beyond what was measured

    @property
    def sizes(self) -> tuple[int, ...]:
        """Rows that the mixtures were measured with, increasing."""
        return tuple(int(size) for size in self.curve.sizes)

    @checked
    def error(self, weights: Numbers, rows: int) -> Estimate:
        """Expected error of a mixture (k,) of `rows` rows, in the unit of the errors; larger means worse.

        `rows` from the smallest size measured to 1,024 times the largest. The 80 % band allows for what is not known
        of the curve and for how far the mixtures left out were missed.
        """
        require_count(rows, "rows")
        return self._grown(self._log_error(self._shares(weights))[0], rows)

    def _grown(self, log_error: float, rows: int) -> Estimate:
        """The error at the largest size, followed to other rows as the mean of all mixtures is forecast to change."""
        ahead, now = self.curve.forecast([rows], confidence=BAND), max(float(self.curve.error[-1]), SMALLEST)
        value, *ends = (float(part[0]) / now for part in (ahead.error, ahead.low, ahead.high))
        apart = quantile(0.5 + BAND / 2.0) * self.misfit
        low, high = (
            math.exp(sign * math.hypot(math.log(max(end, SMALLEST) / max(value, SMALLEST)), apart))
            for sign, end in zip((-1.0, 1.0), ends, strict=True)
        )
        expected = math.exp(log_error) * value
        return Estimate(
            "error of a mixture", expected, low * expected, high * expected, self.unit, BAND, "forecast_mixtures"
        )

    @checked
    def best(self, rows: int, start: Numbers | None = None) -> Mixture:
        """The mixture with the least expected error that a descent from `start` finds, and its error with `rows` rows.

        Without `start` from the three best mixtures tried. Steps multiply each share by exp(-rate * slope), so no
        share ever falls below 0; a step that does not lower the forecast is cut to a quarter.
        """
        require_count(rows, "rows")
        tried = [self._log_error(shares)[0] for shares in self.weights]
        order = np.argsort(tried, kind="stable")[:3]
        starts = self.weights[order] if start is None else self._shares(start)[None]
        descents = [self._descend(0.9 * shares + 0.1 / len(shares)) for shares in starts]
        descents += [(tried[order[0]], self.weights[order[0]])] if start is None else []
        value, shares = min(descents, key=lambda end: end[0])
        return Mixture(self.names, shares, self._grown(value, rows), rows, self.transport(shares)[0], self.unit)

    @checked
    def step(self, weights: Numbers, rate: float = RATE) -> Floats:
        """(k,) the mixture one step down the slope of the forecast."""
        require_amount(rate, "rate")
        shares = self._shares(weights)
        return _moved(shares, rate * self._log_error(shares)[1])

    def _descend(self, shares: Floats) -> tuple[float, Floats]:
        rate, (value, slope) = RATE, self._log_error(shares)
        for _ in range(STEPS):
            tried = _moved(shares, rate * slope)
            there, fresh = self._log_error(tried)
            settled = value - there < SETTLED if there < value else rate < SETTLED
            if there < value:
                shares, value, slope, rate = tried, there, fresh, rate * 1.5
            else:
                rate /= 4.0
            if settled:
                break
        return value, shares

    def _log_error(self, shares: Floats) -> tuple[float, Floats]:
        """Log error of a mixture at the largest size, and its slope (k,) in the mixture."""
        distance, price = self.transport(shares)
        features, slopes = _features(shares, distance, price)
        value, (low, high) = float(features @ self.coefficients), self.limits
        return float(np.clip(value, low, high)), slopes @ self.coefficients * (low < value < high)

    def _shares(self, weights: Numbers) -> Floats:
        shares = np.asarray(weights, dtype=np.float64)
        bad = shares.shape != (len(self.names),) or not np.isfinite(shares).all() or (shares < 0).any()
        if bad or not shares.sum() > 0:
            raise InputError(
                "a mixture needs one share per source, none below 0",
                got=f"{shares.tolist()} for sources {[*self.names]}",
                fix=f"pass {len(self.names)} shares; they are divided by their sum",
            )
        return np.asarray(shares / shares.sum())

    def _sentences(self) -> Iterable[str]:
        least, sizes = with_unit(self.errors[:, -1].min(), self.unit), [f"{size:,}" for size in self.sizes]
        yield f"{len(self.weights)} mixtures of {len(self.names)} sources, measured with {', '.join(sizes[:-1])} and "
        yield f"{sizes[-1]} rows; the best one has an error of {least}."
        yield f"Forecasts of others are off by a factor of about {np.exp(self.misfit):.2f}; best(rows) names the best."

    def _table(self) -> Table:
        shares = {f"share of {name}": self.weights[:, at] for at, name in enumerate(self.names)}
        errors = {f"error with {size:,} rows": self.errors[:, at] for at, size in enumerate(self.sizes)}
        units = dict.fromkeys(shares, "share") | dict.fromkeys(errors, self.unit)
        return Table(errors | shares, units, first=np.argsort(self.errors[:, -1], kind="stable"))


@checked
def forecast_mixtures(
    data: Any,
    y: Any = None,
    *,
    source: Numbers,
    test: Any,
    label: str | None = None,
    learner: Any = None,
    task: Task = "auto",
    n_repeats: int = 3,
    seed: int = 0,
    executor: Executor | None = None,
) -> MixtureForecast:
    """What mixtures of several sources would give, from pilot rows of each (error rate or relative absolute error).

    Args:
        data, y, label: n labeled rows, pilots and evaluation rows together, in any form `samplewise.data.as_dataset`
            takes.
        source: (n,) name of the source of each row.
        test: the name in `source` of the evaluation rows, which are like those the model will meet. Those that share a
            group with a pilot row, or are an exact duplicate of one, are left out.
        learner: a name, a scikit-learn estimator or a `Learner`; None for the default of this shape of data.
        task: "auto", "classification" or "regression".
        n_repeats: draws of each mixture.
        seed: fixes draws and fits.
        executor: carries out fits that are not in closed form.

    Returns:
        `MixtureForecast`: `.error(weights, rows)` with an 80 % band, `.best(rows)`, `.step(weights)`; larger errors
        mean worse. Bands are those of the curve of the mean mixture, widened by the misfit of mixtures left out.

    Raises:
        InputError: fewer than two sources, no evaluation rows, a pilot of fewer than 20 rows, or POT is not installed.

    Cost: repeats * 1.5 (k^2 + 3 k + 2) fits, and one transport problem per mixture evaluated.   Not for: sources whose
    labels mean different things; more than some ten sources; a best mixture that changes with the size.
    Source: kang2023.

    >>> draw = np.random.default_rng(0)
    >>> X = np.concatenate([draw.normal(0, 1, (60, 2)), draw.normal(4, 1, (60, 2)), draw.normal(4, 1, (40, 2))])
    >>> y = (X.sum(axis=1) > np.repeat([0, 8, 8], [60, 60, 40])).astype(int)
    >>> found = forecast_mixtures((X, y), source=np.repeat(["old", "new", "valid"], [60, 60, 40]), test="valid")
    >>> found.error([0, 1], 60).value < found.error([1, 0], 60).value
    True
    """
    require_transport()
    n_repeats = require_count(n_repeats, "n_repeats", usual=3)
    folded = prepare(data, learner, y=y, label=label, task=task, seed=seed, executor=executor).unsplit
    names, member = _members(source, test, len(folded))
    evaluated = _unseen(folded, member)
    pilot = int(np.bincount(member[member >= 0]).min())
    least = max(pilot // GROWTH, LEAST_ROWS // 2)
    sizes = (least, round(math.sqrt(least * pilot)), pilot)
    weights = mixture_designs(len(names))
    losses = _measured(folded, member, evaluated, weights, sizes, n_repeats)
    errors = losses.mean(axis=(0, 3))
    distance = _transport_of(folded, member, seed)
    features = np.stack([_features(shares, *distance(shares))[0] for shares in weights])
    logs = np.log(np.maximum(errors, 0.5 / len(evaluated)))
    coefficients, misfit = _ridge(features, logs[:, -1])
    margin = 0.5 * float(np.ptp(logs[:, -1]))
    return MixtureForecast(
        names=names,
        weights=weights,
        errors=errors,
        curve=_mean_curve(losses.mean(axis=1), sizes, folded.target),
        misfit=misfit,
        unit=UNITS[folded.target.task],
        transport=distance,
        coefficients=coefficients,
        limits=(float(logs[:, -1].min()) - margin, float(logs[:, -1].max()) + margin),
    )


def mixture_designs(count: int) -> Floats:
    """(t, k) mixtures to try: every source alone, and with a fifth or more of the rest; every pair; all alike.

    >>> mixture_designs(2)
    array([[1. , 0. ],
           [0. , 1. ],
           [0.8, 0.2],
           [0.2, 0.8],
           [0.5, 0.5]])
    """
    alone, alike = np.eye(count), np.full(count, 1.0 / count)
    pairs = [(alone[a] + alone[b]) / 2.0 for a, b in combinations(range(count), 2)]
    return np.stack([*alone, *(0.6 * alone + 0.4 * alike), *pairs, *([alike] if count > 2 else [])])


def _moved(shares: Floats, downhill: Floats) -> Floats:
    """Shares after a multiplicative step; the common part of the slope does not matter."""
    grown = shares * np.exp(np.clip(downhill.mean() - downhill, -20.0, 20.0))
    return np.asarray(grown / grown.sum())


def _features(shares: Floats, distance: float, price: Floats) -> tuple[Floats, Floats]:
    """(f,) what the log error is regressed on, and its slopes (k, f) in the shares."""
    k = len(shares)
    one, other = np.triu_indices(k, 1)
    slopes = np.zeros((k, 1 + k + len(one) + 1))
    slopes[:, 1 : 1 + k] = np.eye(k)
    columns = 1 + k + np.arange(len(one))
    slopes[one, columns], slopes[other, columns] = shares[other], shares[one]
    slopes[:, -1] = price
    return np.concatenate([[1.0], shares, shares[one] * shares[other], [distance]]), slopes


def _ridge(features: Floats, targets: Floats) -> tuple[Floats, float]:
    """Coefficients (f,) with the ridge that errs least on a mixture left out (in closed form), and that error."""
    spread = features[:, 1:].std(axis=0)
    center, spread = features[:, 1:].mean(axis=0), np.where(spread > 1e-9, spread, np.inf)
    scaled, level = (features[:, 1:] - center) / spread, targets.mean()
    u, s, vt = np.linalg.svd(scaled, full_matrices=False)
    found = []
    for ridge in RIDGES * len(features):
        kept = s**2 / (s**2 + ridge)
        residual = targets - level - (u * kept) @ (u.T @ (targets - level))
        leverage = 1.0 / len(features) + np.sum(u**2 * kept, axis=1)
        found.append(float(np.sqrt(np.mean((residual / (1.0 - leverage)) ** 2))))
    ridge = RIDGES[int(np.argmin(found))] * len(features)
    slopes = vt.T @ (s / (s**2 + ridge) * (u.T @ (targets - level))) / spread
    return np.concatenate([[level - center @ slopes], slopes]), min(found)


def _unseen(folded: FoldedRows, member: Ints) -> Ints:
    """Positions of the evaluation rows that share no group with a pilot row and are no duplicate of one."""
    evaluation, groups = member < 0, folded.runner.groups
    unseen = evaluation if groups is None else evaluation & ~np.isin(groups, groups[~evaluation])
    if not unseen.any():
        raise InputError(
            "every evaluation row is in a group with a pilot row, or a duplicate of one",
            got=f"{int(evaluation.sum())} evaluation rows", fix="evaluate on rows that the pilots do not hold",
        )  # fmt: skip
    return np.flatnonzero(unseen)


def _measured(
    folded: FoldedRows, member: Ints, evaluated: Ints, weights: Floats, sizes: Sequence[int], repeats: int
) -> Floats:
    """(repeats, t, s, q) losses of each evaluation row, in each draw of each mixture at each size."""
    fits = [
        Fit(keep, evaluated)
        for repeat in range(repeats)
        for shares in weights
        for keep in _subsets(folded.data.ids, member, shares, sizes, f"{folded.runner.seed} {repeat}")
    ]
    outputs = folded.runner.outputs(fits, blocks=folded.folds)
    losses = np.stack([row_losses(output, folded.target, evaluated) for output in outputs])
    return losses.reshape(repeats, len(weights), len(sizes), -1)


def _mean_curve(losses: Floats, sizes: Sequence[int], target: Target) -> LearningCurve:
    """The curve of the mean over all mixtures, from losses (repeats, s, q); its errors allow for draws and for rows."""
    errors = losses.mean(axis=2)
    rows = [mean_and_error(each)[1] for each in losses.mean(axis=0)]
    spread = np.fmax(spread_of_draws(errors), rows)
    return LearningCurve(np.asarray(sizes), errors, spread, UNITS[target.task], median_error=ErrorScale.of(target).one)


def _subsets(ids: Array, member: Ints, shares: Floats, sizes: Sequence[int], draw: str) -> list[Mask]:
    """(n,) one subset per size; the smaller ones lie in the larger ones, and mixtures of one draw share their rows."""
    order = hashed_uniform(0, ids, f"mixture {draw}")
    rank = np.zeros(len(member), dtype=np.intp)
    for name in range(len(shares)):
        rows = np.flatnonzero(member == name)
        rank[rows[np.argsort(order[rows], kind="stable")]] = np.arange(len(rows))
    return [(member >= 0) & (rank < _counts(shares, size)[member]) for size in sizes]


def _counts(shares: Floats, size: int) -> Ints:
    """(k,) whole rows of each source that sum to `size`: the largest remainders are rounded up."""
    exact = shares * size
    counts = np.floor(exact).astype(np.intp)
    counts[np.argsort(counts - exact, kind="stable")[: size - counts.sum()]] += 1
    return counts


def _transport_of(folded: FoldedRows, member: Ints, seed: int) -> Transport:
    """At most 400 rows a side, the sources alike."""
    order = hashed_uniform(seed, folded.data.ids, "transport")
    most = MOST_ROWS // (int(member.max()) + 1)
    kept = [_first(np.flatnonzero(member == name), order, most) for name in range(int(member.max()) + 1)]
    rows, goal = np.concatenate(kept), _first(np.flatnonzero(member < 0), order, MOST_ROWS)
    labels = folded.codes.astype(np.float64)
    return transport(
        folded.space[rows], labels[rows], member[rows], folded.space[goal], labels[goal],
        nominal=folded.target.classes is not None,
    )  # fmt: skip


def _first(rows: Ints, order: Floats, most: int) -> Ints:
    return rows[np.argsort(order[rows], kind="stable")[:most]]


def _members(source: Numbers, test: Any, rows: int) -> tuple[tuple[Any, ...], Ints]:
    """Names of the sources and the source (n,) of each row, -1 for the evaluation rows."""
    given = np.asarray(source)
    if given.shape != (rows,):
        raise InputError(
            "every row needs the name of its source", got=f"{given.shape} names, {rows} rows", fix="pass source (n,)"
        )
    counts = Counter(given.tolist())  # in the order of their first rows
    others = [(name, count) for name, count in counts.items() if name != test]
    if test not in counts or len(others) < 2:
        raise InputError(
            "a mixture needs at least two sources besides the evaluation rows",
            got=f"test={test!r}, sources {[*counts][:10]}",
            fix="name the source of the evaluation rows as test=, and pass pilot rows of two sources or more",
        )
    thin = [f"{name} ({count})" for name, count in others if count < LEAST_ROWS]
    if thin:
        raise InputError(
            "some sources have too few pilot rows",
            where=", ".join(thin[:5]) + (f" ({len(thin)} in all)" if len(thin) > 5 else ""),
            got=f"fewer than {LEAST_ROWS} rows",
            fix="collect larger pilots, or leave these sources out",
        )
    place = {name: position for position, (name, _) in enumerate(others)}
    return tuple(place), np.asarray([place.get(name, -1) for name in given.tolist()], dtype=np.intp)
