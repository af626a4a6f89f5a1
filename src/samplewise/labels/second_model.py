"""Three kinds of model on the same folds: what one kind disputes and two others accept is no wrong label."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import lazy_loader
import numpy as np

from samplewise.core.arrays import Array, Floats, Ints, Mask
from samplewise.core.errors import require_kind
from samplewise.core.randomness import hashed_order
from samplewise.core.results import Result, Table
from samplewise.core.texts import count_of
from samplewise.engine.models.estimator import EstimatorLearner
from samplewise.engine.models.kernel_head import KernelHead
from samplewise.engine.models.learner import Learner
from samplewise.engine.models.temperature import probabilities, temperature
from samplewise.engine.refits.folded_rows import FoldedRows
from samplewise.labels.posterior import SCREEN

sklearn = lazy_loader.load("sklearn")

KINDS = ("kernel", "boosting", "forest")  # as `learner=` names them
MOST_ROWS = 10_000  # hash-drawn rows that models beside the user's own are trained on
MOST_CLASSES = 50  # with more, trees say nothing in reasonable time
TREES, SMALLEST_LEAF = 80, 2
ROUNDS, FEWEST_ROUNDS, TREES_OF_ALL_CLASSES = 100, 20, 200  # boosting grows a tree per class and round
FASTEST = 0.3  # learning rate of few rounds
WIDE, REDUCED = 200, 50  # columns from which trees see principal components, and how many
FAR = 3.0  # interquartile ranges beyond the quartiles, from where labels are pulled in
LEAST_LOG = -8.0  # log-probabilities below this count as this: trees are too sure


@dataclass(frozen=True, eq=False)
class SecondOpinions(Result):
    """Held-out answers of three kinds of model, fitted on the same folds of all rows.

    Args:
        outputs: by kind, (n, c) outputs; rows of NaN where no model could be fitted without the row.
        pulled_in: of numbers, by kind, (n, 1) predictions of models trained on labels pulled in to three interquartile
            ranges beyond the quartiles; empty where no label lies beyond.
        codes: (n,) given classes, or numbers.
    """

    outputs: Mapping[str, Floats]
    pulled_in: Mapping[str, Floats]
    codes: Array

    @cached_property
    def known(self) -> Mask:
        """(n,) rows that every kind predicts."""
        every = [*self.outputs.values(), *self.pulled_in.values()]
        return np.asarray(np.all([np.isfinite(one).all(axis=1) for one in every], axis=0))

    @cached_property
    def together(self) -> Floats:
        """(n, c) class probabilities of all kinds, their geometric mean at a temperature of its own; NaN as above."""
        codes = self.codes[self.known]
        logs = np.mean([np.log(np.maximum(self._own(kind, codes), 1e-12)) for kind in self.outputs], axis=0)
        mixed = np.full(next(iter(self.outputs.values())).shape, np.nan)
        mixed[self.known] = probabilities(logs, temperature(logs, codes))
        return mixed

    def _own(self, kind: str, codes: Ints) -> Floats:
        """(r, c) probabilities of one kind for the known rows, at one temperature."""
        outputs = np.asarray(self.outputs[kind][self.known], dtype=np.float64)
        if np.allclose(np.exp(outputs).sum(axis=1), 1.0, atol=1e-3):  # log-probabilities
            outputs = np.maximum(outputs, LEAST_LOG)
        return probabilities(outputs, temperature(outputs, codes))

    def _sentences(self) -> Iterable[str]:
        yield f"{count_of(int(self.known.sum()), 'row')} predicted by {len(self.outputs)} kinds of model that did not"
        yield f"see them: {', '.join(self.outputs)}."

    def _table(self) -> Table:
        columns: dict[str, Array] = {"position": np.arange(len(self.codes)), "given": self.codes}
        for kind, outputs in self.outputs.items():
            columns[kind] = outputs[:, 0] if outputs.shape[1] == 1 else outputs.argmax(axis=1)
        return Table(columns, index="position")


def second_opinions(folded: FoldedRows) -> SecondOpinions | None:
    """A kernel head, boosting and a forest, each cross-fitted on the folds of these rows.

    The user's learner serves as the kind it is, with the fits it has. Other models are trained on at most 10,000
    hash-drawn rows, and predict all. Numbers are also learned with far labels pulled in, so that one label a hundred
    times too large does not ruin the model that should dispute it.

    Args:    folded: n rows, classes or numbers.
    Returns: `SecondOpinions`, or None: above 50 classes, or without a column that could be learned from.
    Cost:    5 fits of each kind that the learner is not; for numbers with far labels 15 more.
    Source:  breiman2001.
    """
    require_kind(folded, FoldedRows)
    if folded.class_count > MOST_CLASSES or not folded.space.shape[1]:
        return None
    seen = {kind: _as_seen_by(folded, kind) for kind in KINDS}
    drawn = _drawn(folded)
    keep = {kind: None if own is folded or kind == "kernel" else drawn for kind, own in seen.items()}
    outputs = {kind: own.held_out_outputs(keep=keep[kind]) for kind, own in seen.items()}
    near = None if folded.class_count else pulled_in(folded.codes)
    if near is None:
        return SecondOpinions(outputs, {}, folded.codes)
    again = {kind: own.held_out_outputs(keep=keep[kind], codes=near) for kind, own in seen.items()}
    return SecondOpinions(outputs, again, folded.codes)


def pulled_in(labels: Floats) -> Floats | None:
    """Numbers (n,), those beyond three interquartile ranges of the quartiles set to that limit; None: none is.

    >>> pulled_in(np.array([1.0, 2.0, 3.0, 4.0, 5.0, 500.0]))[-1]
    np.float64(12.25)
    """
    low, high = np.quantile(labels, [0.25, 0.75])
    reach = FAR * (high - low)
    within = np.clip(labels, low - reach, high + reach)
    return within if reach > 0 and (within != labels).any() else None


def kind_of(learner: Learner) -> str:
    """Which of the three kinds a learner is; "" for any other."""
    if isinstance(learner, KernelHead):
        return "kernel" if learner.landmarks else ""
    steps = getattr(getattr(learner, "estimator", None), "steps", None)
    name = type(steps[-1][1] if steps else getattr(learner, "estimator", None)).__name__
    if "GradientBoosting" in name:
        return "boosting"
    return "forest" if name.startswith(("RandomForest", "ExtraTrees")) else ""


def _as_seen_by(folded: FoldedRows, kind: str) -> FoldedRows:
    """The rows with a learner of this kind: the user's own where it is one."""
    if kind_of(folded.runner.learner) == kind:
        return folded
    if kind == "kernel":
        return folded.with_learner(SCREEN)  # its fits are made already where a slow learner was screened
    model = _boosting(folded.class_count) if kind == "boosting" else _forest(folded.class_count)
    if folded.space.shape[1] > WIDE:
        parts = sklearn.decomposition.PCA(min(REDUCED, len(folded) // 4), random_state=0)
        return folded.with_learner(EstimatorLearner(sklearn.pipeline.make_pipeline(parts, model), kind, "space"))
    return folded.with_learner(EstimatorLearner(model, kind, "codes"))


def _boosting(classes: int) -> object:
    if not classes:
        return sklearn.ensemble.HistGradientBoostingRegressor(early_stopping=False)
    rounds = int(np.clip(TREES_OF_ALL_CLASSES // classes, FEWEST_ROUNDS, ROUNDS))
    rate = min(FASTEST, 0.1 * ROUNDS / rounds)
    return sklearn.ensemble.HistGradientBoostingClassifier(early_stopping=False, max_iter=rounds, learning_rate=rate)


def _forest(classes: int) -> object:
    kind = sklearn.ensemble.RandomForestClassifier if classes else sklearn.ensemble.RandomForestRegressor
    columns = "sqrt" if classes else 1 / 3
    return kind(n_estimators=TREES, min_samples_leaf=SMALLEST_LEAF, max_features=columns)


def _drawn(folded: FoldedRows) -> Mask | None:
    """(n,) the rows other models are trained on; None: all of them."""
    if len(folded) <= MOST_ROWS:
        return None
    keep = np.zeros(len(folded), dtype=bool)
    keep[hashed_order(0, folded.data.ids, "second opinion")[:MOST_ROWS]] = True
    return keep
