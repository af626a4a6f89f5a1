"""Which training rows a trained model's prediction depends on: from its gradients, without a refit."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression

from samplewise.core.arguments import checked
from samplewise.core.arrays import Array, positions_of
from samplewise.core.errors import InputError, unknown_name
from samplewise.core.units import bytes_of, bytes_text
from samplewise.core.values import Attribution, Scores
from samplewise.data.dataset import Dataset
from samplewise.data.inputs import as_given
from samplewise.engine.gradients.gradient_sources import Source, loss_for, sources_of
from samplewise.influence.attribution.attribution_method import Mean, PreparedAttribution, Settings
from samplewise.influence.attribution.ekfac import FactoredCurvature
from samplewise.influence.attribution.empirical_fisher import DualFisher, DualMargin
from samplewise.influence.attribution.linear import CLOSED_FORM, ExactLinear
from samplewise.influence.attribution.logistic import NewtonLogistic
from samplewise.influence.attribution.method_selection import Choice, choose_method, gram_bytes
from samplewise.influence.attribution.newton import GaussNewton
from samplewise.influence.attribution.predicted_labels import predicted_labels
from samplewise.influence.attribution.similarity import GradientSimilarity, RepresentationSimilarity
from samplewise.influence.attribution.sketched import Sketched
from samplewise.influence.attribution.tangent import TangentKernel
from samplewise.influence.attribution.two_sided import TwoSided

Prepare = Callable[[tuple[Source, ...], Any, Settings], PreparedAttribution]


def _mean_of(prepare: Callable[[Source, Any, Settings], PreparedAttribution]) -> Prepare:
    """A method for one model as a method for several."""

    def prepared(sources: tuple[Source, ...], train: Any, settings: Settings) -> PreparedAttribution:
        parts = [prepare(source, train, settings) for source in sources]
        return parts[0] if len(parts) == 1 else Mean(parts)

    return prepared


def _exact_curvature(source: Source, train: Any, settings: Settings) -> FactoredCurvature:
    return FactoredCurvature.prepare(source, train, settings, exact=True)


METHODS: dict[str, Prepare] = {
    "tangent_kernel": TangentKernel.prepare,
    "dual_fisher": _mean_of(DualFisher.prepare),
    "dual_margin": DualMargin.prepare,
    "ekfac": _mean_of(FactoredCurvature.prepare),
    "ekfac_exact": _mean_of(_exact_curvature),
    "gauss_newton": _mean_of(GaussNewton.prepare),
    "sketch": Sketched.prepare,
    "two_sided": _mean_of(TwoSided.prepare),
    "gradient_similarity": GradientSimilarity.prepare,
    "representation": _mean_of(RepresentationSimilarity.prepare),
}
NAMES = ("auto", *METHODS, "linear")
NEED_GRAM = ("tangent_kernel", "dual_fisher", "dual_margin")
NEED_CLASSES = ("dual_margin", "sketch")


class Attributor:
    """Which training rows a trained model's prediction depends on, which help and which hurt, in units of its output.

    An effect is f(with the row) - f(without it) to first order: how far one Newton step away from the row would move
    the target f at a query. Positive: the row raises the target; for the margin that is help.

    Args:
        module: a trained torch module, a `Fitted` with one, a fitted scikit-learn network or linear model; or a list of
            several, trained on the same rows (an ensemble, or checkpoints), whose effects are averaged.
        loss: what training minimized: "cross_entropy", "squared_error", or a callable of outputs (b, c) and labels (b,)
            that gives losses (b,); "auto" reads it from the kind of the labels.
        method: "auto", or one of "tangent_kernel", "dual_fisher", "dual_margin", "ekfac", "ekfac_exact",
            "gauss_newton", "sketch", "two_sided", "gradient_similarity", "representation", "linear"; the attribution
            page says which when.
        ridge: added to the curvature, as a share of its mean diagonal; "auto": the method's default.
        layers: names of the submodules whose parameters count; None: all that require gradients.
        forward: callable (module, inputs) -> outputs (b, c), for modules that return something else.
        rates: one weight per checkpoint for "gradient_similarity".
        size: numbers per row of a "sketch"; None: 2,048, or what `memory` allows.
        memory: that the method may use, in bytes or as text such as "4GB".
        run_dir: where "sketch" keeps its sketches, memory-mapped; an interrupted fit goes on there. Default: a
            temporary one.
        seed: of sketches.

    Source: koh2017, park2023, grosse2023, pruthi2020.

    >>> import numpy as np
    >>> from sklearn.neural_network import MLPClassifier
    >>> X = np.random.default_rng(0).normal(size=(60, 3))
    >>> model = MLPClassifier((8,), max_iter=2000, random_state=0).fit(X, X[:, 0] > 0)
    >>> fitted = Attributor(model).fit((X, X[:, 0] > 0))
    >>> fitted.attribute((X[:2], X[:2, 0] > 0)).values.shape
    (2, 60)
    """

    @checked
    def __init__(  # noqa: PLR0913  # one keyword per thing a user may know about their model
        self, module: Any, *, loss: Any = "auto", method: str = "auto", ridge: float | str = "auto",
        layers: Sequence[str] | None = None, forward: Callable[[Any, Any], Any] | None = None,
        rates: Sequence[float] | None = None, size: int | None = None, memory: str | float = "4GB",
        run_dir: str | Path | None = None, seed: int = 0,
    ) -> None:  # fmt: skip
        if method not in NAMES:
            raise unknown_name("attribution method", method, NAMES)
        self.module, self.loss, self.method = module, loss, method
        self.layers, self.forward, self.seed = layers, forward, seed
        self.memory = bytes_of(memory)
        self.folder = None if run_dir is None else Path(run_dir)
        self.ridge = _ridge(ridge)
        if size is not None and method != "sketch":
            raise InputError("size is that of a sketch", got=f"method={method!r}", fix='use method="sketch"')
        self.size = size
        if rates is not None and method != "gradient_similarity":
            raise InputError(
                "rates weigh checkpoints in gradient similarity, and in no other method", got=f"method={method!r}",
                fix='use method="gradient_similarity", or leave rates out',
            )  # fmt: skip
        self.rates = None if rates is None else tuple(float(rate) for rate in rates)

    def fit(self, data: Any, y: Any = None, *, label: str | None = None) -> "FittedAttributor":
        """Prepare the method on the rows the model was trained on.

        Args:
            data, y, label: n labeled rows, in any form `samplewise.data.as_dataset` takes, or a torch data set of
                (x, y) items or a loader in order.

        Returns:
            FittedAttributor: `attribute`, `self_influence`, `effect_of_removing`; printing it says what was chosen.

        Raises:
            InputError: rows whose gradients do not exist or are not finite, or too little `memory` for the method.

        Cost: one backward pass over the rows, and what the method needs: see `FittedAttributor.reason`.
        """
        data = as_given(data, y, label=label)
        if self.method in ("auto", "linear") and isinstance(self.module, LogisticRegression):
            if len(shape := np.shape(labels_of(data))) != 1:
                raise InputError(
                    "logistic regression has one label per row", where="y", got=f"y of shape {shape}",
                    fix="pass the class of every row",
                )  # fmt: skip
            choice = Choice("linear", "leave-one-out of logistic regression is one Newton step")
            return FittedAttributor(NewtonLogistic.prepare(self.module, data), choice, "cross_entropy", self._predict)
        if self.method in ("auto", "linear") and isinstance(self.module, CLOSED_FORM):
            choice = Choice("linear", "leave-one-out of this model has a closed form")
            return FittedAttributor(ExactLinear.prepare(self.module, data), choice, "squared_error", self._predict)
        loss = loss_for(self.loss, labels_of(data))
        sources = sources_of(self.module, loss, self.layers, self.forward)
        choice = self._choice(_count(data), len(sources), loss)
        size = self.size or choice.size
        settings = Settings(self.ridge, size=size, rates=self.rates, seed=self.seed, folder=self.folder)
        return FittedAttributor(METHODS[choice.method](sources, data, settings), choice, loss, self._predict)

    def _predict(self, X: Any, numbers: bool) -> Array:
        return predicted_labels(self.module, X, self.forward, numbers=numbers)

    def _choice(self, rows: int, models: int, loss: Any) -> Choice:
        classes = loss != "squared_error"
        if self.method == "auto":
            return choose_method(rows, models, self.memory, classes=classes)
        if self.method == "linear":
            raise InputError(
                "the closed form is for linear models and kernel ridge", got=type(self.module).__name__,
                fix='pass a fitted LinearRegression, Ridge, KernelRidge or LogisticRegression, or use method="auto"',
            )  # fmt: skip
        if self.method in NEED_GRAM and gram_bytes(rows) > self.memory:
            raise InputError(
                f"{self.method} holds the Gram matrix of all rows, which `memory` does not allow",
                where=f"{rows:,} rows", got=f"memory {bytes_text(self.memory)}",
                fix=f'memory="{bytes_text(1.01 * gram_bytes(rows))}", or method="sketch"',
            )  # fmt: skip
        if self.method in NEED_CLASSES and not classes:
            raise InputError(
                f"{self.method} is about the margins of classes, and these labels are numbers",
                got=f"loss {loss!r}", fix='use method="dual_fisher" or "ekfac"',
            )  # fmt: skip
        return Choice(self.method, "named by the user")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class FittedAttributor:
    """A method prepared on the training rows, ready for queries."""

    prepared: PreparedAttribution
    choice: Choice
    loss: Any
    predict: Callable[[Any, bool], Array]  # classes, or numbers, of queries without labels

    @property
    def ids(self) -> Array:
        """(n,) ids of the training rows."""
        return self.prepared.ids

    @property
    def method(self) -> str:
        """The method used."""
        return self.choice.method

    @property
    def reason(self) -> str:
        """Why this method was chosen."""
        return self.choice.reason

    @property
    def ridge(self) -> float:
        """The ridge used, as a share of the mean diagonal of the curvature."""
        return self.prepared.ridge

    def __repr__(self) -> str:
        """Method, reason, rows and ridge."""
        return f"FittedAttributor({self.method}: {self.reason}; {len(self.ids):,} rows, ridge {self.ridge:.3g})"

    def attribute(self, queries: Any, y: Any = None, *, target: Any = None) -> Attribution:
        """What every training row did to a target at every query.

        Args:
            queries: m rows, in any form `fit` takes, or X alone.
            y: (m,) labels, where `queries` is X alone; where nobody gives labels, the margin is that of the class the
                model predicts.
            target: "margin" (log-odds of the query's label; default for classes), "output" (default for numbers),
                "loss", or a callable of outputs (b, c) and labels (b,) that gives a scalar per row.

        Returns:
            Attribution (m, n): the target with the row minus without it, to first order; positive = the row raises it.

        Raises:
            InputError: no queries, ids that clash, or queries the model cannot take.

        Cost: one backward pass over the queries and O(m n) inner products of gradients.
        """
        wanted = self._target(target)
        queried = self._queried(queries, y, wanted)
        values, query_ids = self.prepared.effects(queried, self.loss if wanted == "loss" else wanted)
        return Attribution(values, query_ids, self.ids, self._unit(wanted))

    @checked
    def effect_of_removing(self, ids: Iterable[Any], queries: Any, y: Any = None, *, target: Any = None) -> Scores:
        """What a group of training rows did together to a target at every query: with the group minus without it.

        "tangent_kernel", "dual_fisher" and "linear" remove the group as a whole, so that duplicates in it do not
        hide each other; the other methods add up single rows.

        Args:
            ids: of the training rows to remove.
            queries, y, target: as `attribute`.

        Returns:
            Scores "group_effect" (m,) by query id; larger means the group raises the target.

        Raises:
            InputError: ids that are not training rows.
        """
        rows = positions_of(ids, self.ids)
        wanted = self._target(target)
        of = self.loss if wanted == "loss" else wanted
        effect, query_ids = self.prepared.group_effect(rows, self._queried(queries, y, wanted), of)
        return Scores("group_effect", effect, query_ids, self._unit(wanted), "the group raises the query's target")

    def self_influence(self) -> Scores:
        """How much the loss on each row depends on training on it: high for wrong labels and atypical rows.

        Returns: Scores "self_influence" (n,), the row's loss without it minus with it, to first order; never below 0.
        """
        values = self.prepared.self_influence()
        return Scores("self_influence", values, self.ids, "loss", "the model depends more on this row")

    def _queried(self, queries: Any, y: Any, target: Any) -> Any:
        """The queries with labels where they have some, and with what the model predicts where they have none."""
        given = as_given(queries, y, name="queries")
        if not _count(given):
            raise InputError("there are no queries", got="0 rows", fix="pass at least one row")
        X = given.X if isinstance(given, Dataset) else given[0] if isinstance(given, tuple) else given
        read_later = not (isinstance(given, Dataset | tuple) or hasattr(X, "shape"))  # a torch data set or a loader
        if read_later or labels_of(given) is not None:
            return given
        labels = self.predict(X, self.loss == "squared_error") if target in ("margin", "output") else None
        return replace(given, y=labels) if isinstance(given, Dataset) else (X, labels)

    def _target(self, target: Any) -> Any:
        if target is None:
            return "output" if self.loss == "squared_error" else "margin"
        if isinstance(target, str) and target not in ("margin", "output", "loss"):
            raise unknown_name("target", target, ("margin", "output", "loss"))
        return target

    def _unit(self, target: Any) -> str:
        if self.method == "representation":
            return "signed cosine"
        name = target if isinstance(target, str) else getattr(target, "__name__", "target")
        return {"margin": "log-odds", "output": "output"}.get(name, name) + _scale(self.method)


def _scale(method: str) -> str:
    """End of the unit, for methods that leave a factor out."""
    if method == "gradient_similarity":
        return " per unit of learning rate"
    return " (logistic weights taken as 1)" if method in ("dual_margin", "sketch") else ""


def labels_of(data: Any) -> Any:
    """The labels of rows in any form, None where only their loader has them."""
    if isinstance(data, tuple):
        return data[1]
    return data.y if isinstance(data, Dataset) else getattr(data, "tensors", (None,))[-1]


def _count(data: Any) -> int:
    if isinstance(data, tuple):
        return len(data[0] if data[1] is None else data[1])
    return len(getattr(data, "dataset", data))


def _ridge(ridge: float | str) -> float | None:
    if isinstance(ridge, str):
        if ridge != "auto":
            raise unknown_name("ridge", ridge, ("auto",))
        return None
    if not (np.isfinite(ridge) and ridge >= 0):
        raise InputError("ridge must be a finite share, at least 0", got=repr(ridge), fix='use ridge="auto"')
    return float(ridge)
