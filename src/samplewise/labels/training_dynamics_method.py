"""The cheap method: one recorded training run on all rows; wrong labels are learned late, or never."""

from dataclasses import dataclass, replace

import lazy_loader
import numpy as np

from samplewise.core.arrays import Array, Floats, Ints, Mask
from samplewise.core.randomness import derive_seed
from samplewise.engine import models  # its torch names are resolved when they are used
from samplewise.engine.models.dynamics_recorder import DynamicsRecorder
from samplewise.engine.refits.folded_rows import FoldedRows

sklearn = lazy_loader.load("sklearn")

DISPUTED = 0.5
MOST_WRONG = (0.02, 0.1, 0.3)  # shares of wrong labels the two bells start from
FEWEST = 20  # rows below which margins have no shape


class ProbabilityRecorder(DynamicsRecorder):
    """Training dynamics, and the mean class probabilities (n, c) of every row over the evaluations."""

    def __init__(self, count: int, classes: int) -> None:
        """All sums start at zero."""
        super().__init__(count)
        self._sums = np.zeros((count, classes), dtype=np.float32)

    def update(self, rows: Array, outputs: Array, labels: Array, epoch: int) -> None:
        """One evaluation of some rows, as in any recorder."""
        super().update(rows, outputs, labels, epoch)
        logits = np.asarray(outputs, dtype=np.float64)
        shares = np.exp(logits - logits.max(axis=1, keepdims=True))
        self._sums[np.asarray(rows, dtype=np.intp)] += shares / shares.sum(axis=1, keepdims=True)

    def mean_probabilities(self) -> Array:
        """(n, c) float32 mean probabilities."""
        return self._sums / np.maximum(self._sums.sum(axis=1, keepdims=True), 1e-30)


@dataclass(frozen=True, slots=True, eq=False)
class Watched:
    """What one training run shows about every label."""

    wrong: Floats  # (n,) weight of the lower bell at the row's mean margin
    share: float  # of that bell
    probabilities: Array  # (n, c) mean probabilities over the epochs, of a network that saw the labels
    suggested: Ints  # (n,) likeliest class by these probabilities
    chance: Floats  # (n,) its probability
    chosen: Mask  # (n,) labels in the lower bell that another class is likelier than


def watch(folded: FoldedRows) -> Watched:
    """Train the learner's network, or a small one where the learner has no training loop, once on all rows."""
    learner = folded.runner.learner
    if not isinstance(learner, models.TorchLearner):
        learner = models.TorchLearner(models.dense_network)
    recorder = ProbabilityRecorder(len(folded), folded.class_count)
    target = replace(folded.target, codes=folded.codes)
    learner.fit(folded.data, seed=derive_seed(folded.runner.seed, "run", 0), target=target, recorder=recorder)
    wrong, share = lower_bell(recorder.columns()["margin"])
    probabilities = recorder.mean_probabilities()
    best = probabilities.argmax(axis=1)
    chosen = (wrong > DISPUTED) & (best != folded.codes)
    return Watched(wrong, share, probabilities, best, probabilities.max(axis=1).astype(np.float64), chosen)


def lower_bell(margins: Floats) -> tuple[Floats, float]:
    """(n,) weight of the lower of two normal distributions at every margin, and its share of the rows.

    The weight never rises with the margin, though the tails of a wide and a narrow bell may cross twice. Where one bell
    describes the margins as well (BIC) there is no lower one.
    """
    values = np.sort(margins)[:, None]  # the fit starts from groups of rows, which their order must not change
    if len(margins) < FEWEST or np.ptp(margins) == 0:
        return np.zeros(len(margins)), 0.0
    one = sklearn.mixture.GaussianMixture(1).fit(values)
    starts = np.quantile(margins, [[share / 2, 0.5 + share / 2] for share in MOST_WRONG])
    two = min(
        (sklearn.mixture.GaussianMixture(2, means_init=start[:, None], random_state=0).fit(values) for start in starts),
        key=lambda fit: float(fit.bic(values)),
    )
    if one.bic(values) <= two.bic(values):
        return np.zeros(len(margins)), 0.0
    lower = int(two.means_[:, 0].argmin())
    between = np.clip(margins[:, None], two.means_[lower], two.means_[1 - lower])
    weight = two.predict_proba(between)[:, lower]
    order = np.argsort(-margins, kind="stable")
    weight[order] = np.maximum.accumulate(weight[order])
    return weight, float(weight.mean())
