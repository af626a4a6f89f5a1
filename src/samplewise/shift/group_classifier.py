"""A scikit-learn classifier trained so that no group of rows is served much worse than the others."""

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.model_selection import ParameterGrid
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from samplewise.core.arguments import require_seed
from samplewise.core.arrays import Array, Floats, Ints, Mask
from samplewise.core.errors import InputError, name_rows, require_amount, require_count, unknown_name
from samplewise.core.randomness import derive_seed
from samplewise.data.splits import fold_of_rows
from samplewise.shift.group_accuracy import GroupAccuracy, GroupComparison, gain_interval, group_accuracy
from samplewise.shift.group_fits import (
    METHODS,
    Answers,
    Backend,
    EstimatorBackend,
    LinearBackend,
    NetworkBackend,
    Rows,
    train,
)
from samplewise.shift.group_members import GroupMembers, crossed_groups

SELECTIONS = ("worst_group", "worst_class", "average")
HELD_OUT = 0.2  # of the rows of every group, where no rows are named


def _gives_probabilities(classifier: Any) -> bool:
    """scikit-learn's rule: a classifier has `predict_proba` where the one inside has it."""
    inside = classifier.learner
    return inside is None or classifier.network is not None or hasattr(inside, "predict_proba")


class GroupRobustClassifier(ClassifierMixin, BaseEstimator):
    """A classifier trained for the worst group: the least accuracy of a class within a segment.

    Settings are chosen on held-out rows by one rule, `selection`, for every method and for plain training;
    "worst_group" uses their segments, so it needs them. Without segments the groups are the classes. Start with
    "reweight" or "subsample": with the segments known, nothing does surely better (idrissi2022).

    Args:
        learner: a scikit-learn classifier; None for logistic regression on columns, which may be embeddings.
        method: "reweight" (every group has the same total weight), "subsample" (as many rows of every group as the
            smallest has), "last_layer" (features of plain training, a last layer averaged over balanced subsets of the
            held-out rows), "group_dro" (least loss of the worst group: exact for the linear model), "errors" (without
            segments: rows a plain model errs on are a group of each class), "plain" (to compare with).
        network: callable (shape of a row, outputs) -> torch module, in place of `learner`.
        selection: what is best on held-out rows: "worst_group", "worst_class" (needs no segments) or "average".
        settings: of the learner, a list of values for each name, all combinations tried; None for four penalties of the
            linear model, and for a quarter and all of the epochs of a network.
        epochs, batch, rate: of a network, trained with Adam on a falling rate.
        random_state: fixes every random choice.
        device: "cpu", "cuda", ... of a network.

    Attributes:
        classes_: (c,).   n_features_in_: d.   setting_: the one chosen.   groups_: names of the groups trained on.
        held_out_: (n,) the rows that chose.   selected_: each setting with its score on them (0..1).
        notes_: what the groups cannot show, or the method could not do.

    Raises:
        InputError: an unknown method or rule, a learner without what the method needs, segments that do not fit.

    Cost: one fit per setting, and one more; "errors" four times that, "last_layer" of a network one more embedding.
    Not for: groups that share no signal with their class (balancing then costs accuracy and brings nothing); estimates
        of fairness on the rows trained on.
    Source: sagawa2020, idrissi2022, kirichenko2023, liu2021, yang2023.

    >>> draw = np.random.default_rng(0); y = np.arange(800) % 2
    >>> place = np.where(draw.random(800) < 0.9, y, 1 - y)
    >>> X = np.c_[y + draw.normal(size=800), 4 * place + draw.normal(size=800)]
    >>> plain, robust = (GroupRobustClassifier(method=m).fit(X, y, segments=place) for m in ("plain", "reweight"))
    >>> worst = [model.group_accuracy(X, y, segments=place).worst.value for model in (plain, robust)]
    >>> worst[1] > worst[0] + 0.2
    True
    """

    def __init__(
        self, learner: Any = None, method: str = "reweight", *, network: Any = None, selection: str = "worst_group",
        settings: Any = None, epochs: int = 60, batch: int = 64, rate: float = 1e-3, random_state: int = 0,
        device: str = "cpu",
    ) -> None:  # fmt: skip
        self.learner, self.method, self.network, self.selection = learner, method, network, selection
        self.settings, self.epochs, self.batch, self.rate = settings, epochs, batch, rate
        self.random_state, self.device = random_state, device

    def fit(self, X: Any, y: Any, segments: Any = None, *, held_out: Any = None) -> Self:
        """Train on rows (n, d) with labels (n,).

        Args:
            segments: ids (n,), a frame of columns, or (n, k) true and false, overlapping allowed; a missing id is no
                segment. None: the groups are the classes.
            held_out: (n,) true for the rows that choose the setting and are not trained on ("last_layer" fits its last
                layer to them). None: a fifth of the rows of every group chooses, then all rows are trained on.
        """
        self._require_settings()
        rows, labels = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(labels)
        self.classes_, codes = np.unique(labels, return_inverse=True)
        if len(self.classes_) < 2:
            raise InputError(
                "a classifier needs two classes", got=f"one class in {len(rows)} samples",
                fix="add rows of another class",
            )  # fmt: skip
        self._rows = Rows(rows, codes, len(self.classes_), int(self.random_state or 0))
        self._groups = crossed_groups(segments, codes, self.classes_)
        self.groups_ = self._groups.names
        self._named = held_out is not None
        self.held_out_ = self._held(held_out)
        trained, self.setting_, self.selected_, note = self._chosen(self.method)
        self._answers = trained
        self.notes_ = (*self._groups.notes, *filter(None, [note]))
        return self

    def predict(self, X: Any) -> Array:
        """(m,) classes."""
        answers, rows = self._answers_to(X)
        return np.asarray(self.classes_[answers.codes(rows)])

    @available_if(_gives_probabilities)  # type: ignore[untyped-decorator]
    def predict_proba(self, X: Any) -> Floats:
        """(m, c) probabilities, in the order of `classes_`: of training with every group alike, not calibrated."""
        answers, rows = self._answers_to(X)
        return answers.probabilities(rows)

    def group_accuracy(self, X: Any, y: Any, segments: Any = None) -> GroupAccuracy:
        """Accuracy of every group among other rows with labels; groups that were never trained on are marked."""
        rows, codes, groups = self._asked(X, y, segments)
        return group_accuracy(self._answers.codes(rows) == codes, groups, self._shares())

    def compare(self, X: Any, y: Any, segments: Any = None) -> GroupComparison:
        """The method beside its controls on other rows: plain training on the same, all, and only the held-out rows.

        Settings of plain training are chosen on the same held-out rows by the same rule.

        Returns: `GroupComparison`: averages over rows and over groups, and the worst group with its interval.
        Cost:    the fits of plain training, and two more.
        """
        rows, codes, groups = self._asked(X, y, segments)
        arms = {f"{self.method}": self._answers} | self._controls()
        hits = [answers.codes(rows) == codes for answers in arms.values()]
        seed = derive_seed(self._rows.seed, "gain")
        found = [group_accuracy(hit, groups, self._shares()) for hit in hits]
        gains = np.array([gain_interval(hits[0], hit, groups, seed=seed) for hit in hits])
        worst = [one.worst for one in found]
        return GroupComparison(
            tuple(arms), np.array([one.average for one in found]), np.array([one.group_mean for one in found]),
            np.array([one.value for one in worst]), np.array([one.low for one in worst]),
            np.array([one.high for one in worst]), gains[:, 0], gains[:, 1], self.selection, self.notes_,
        )  # fmt: skip

    def _controls(self) -> dict[str, Answers]:
        plain, setting, _, _ = self._chosen("plain")
        backend, held = self._backend(), np.flatnonzero(self.held_out_)
        found = {"plain": plain, "plain, all rows": backend.fit(self._rows, None, setting)}
        if len(np.unique(self._rows.codes[held])) > 1:
            found["plain, held-out rows only"] = backend.fit(self._rows.take(held), None, setting)
        return found

    def _chosen(self, method: str) -> tuple[Answers, dict[str, Any], list[tuple[dict[str, Any], float]], str]:
        """The fit of the best setting, the setting, all of them with their scores, and what the method says."""
        backend = self._backend()
        tried: list[dict[str, Any]] = [dict(one) for one in ParameterGrid(dict(backend.settings))]
        held, kept = np.flatnonzero(self.held_out_), np.flatnonzero(~self.held_out_)
        scored, best = [], None
        half = (
            fold_of_rows(held, self._groups.members[held].argmax(axis=1), n_folds=2, seed=self._rows.seed)
            if method == "last_layer" and self._named
            else np.zeros(len(held), dtype=np.intp)
        )
        if len(held) and len(np.unique(self._rows.codes[kept])) > 1 and (len(tried) > 1 or self._named):
            for setting in tried:
                last = self._last(held, half == 0)
                answers, note = train(
                    backend, method, self._rows.take(kept), self._groups.take(kept), last, setting
                )  # fmt: skip
                scored.append((setting, self._score(answers, held[half == half.max()])))
                if best is None or scored[-1][1] > best[1]:
                    best = (setting, scored[-1][1], answers, note)
        setting = tried[len(tried) // 2] if best is None else best[0]
        if self._named and method != "last_layer" and best is not None:
            return best[2], setting, scored, best[3]
        rows = kept if self._named else np.arange(len(self._rows.codes))
        answers, note = train(
            backend, method, self._rows.take(rows), self._groups.take(rows), self._last(held, None), setting
        )
        return answers, setting, scored, note

    def _last(self, held: Ints, half: Mask | None) -> tuple[Rows, GroupMembers] | None:
        """Held-out rows a last layer is fitted to: half of them while the other half chooses."""
        if not self._named:
            return None
        rows = held if half is None else held[half]
        return self._rows.take(rows), self._groups.take(rows)

    def _score(self, answers: Answers, rows: Ints) -> float:
        """What `selection` wants most of, on some rows; the average decides between equals."""
        hits = answers.codes(self._rows.X[rows]) == self._rows.codes[rows]
        average = float(hits.mean())
        if self.selection == "average":
            return average
        if self.selection == "worst_class":
            members = self._rows.codes[rows][:, None] == np.unique(self._rows.codes[rows])
        else:
            members = self._groups.take(rows).members
        if not members.shape[1]:
            return average
        least = float((members.T @ hits.astype(np.float64) / members.sum(axis=0)).min())
        return least + 1e-6 * average

    def _held(self, given: Any) -> Mask:
        count = len(self._rows.codes)
        if given is not None:
            held = np.asarray(given)
            if held.shape != (count,) or held.dtype != bool or not held.any() or held.all():
                raise InputError(
                    "held_out must say for every row whether it is held out, and some must be and some not",
                    where="held_out", got=f"{held.dtype} {held.shape}, {np.count_nonzero(held)} of {count}",
                    fix="pass an array of n true and false",
                )  # fmt: skip
            if len(np.unique(self._rows.codes[~held])) < 2:
                raise InputError(
                    "the rows that are not held out have one class", where="held_out", got=f"{int((~held).sum())} rows",
                    fix="hold out fewer rows",
                )  # fmt: skip
            if self.method == "last_layer" and len(np.unique(self._rows.codes[held])) < 2:
                raise InputError(
                    "a last layer is fitted to the held-out rows, and these have one class", where="held_out",
                    got=f"{int(held.sum())} rows", fix="hold out rows of every class",
                )  # fmt: skip
            return held
        held = np.zeros(count, dtype=bool)
        draw = np.random.default_rng(derive_seed(self._rows.seed, "held out"))
        _, pattern = np.unique(self._groups.members, axis=0, return_inverse=True)
        for which in range(int(pattern.max()) + 1):
            rows = np.flatnonzero(pattern.ravel() == which)
            held[draw.choice(rows, int(HELD_OUT * len(rows)), replace=False)] = True
        return held

    def _backend(self) -> Backend:
        given = self.settings
        if self.network is not None:
            tried = {"epochs": sorted({max(1, self.epochs // 4), self.epochs})} if given is None else given
            return NetworkBackend(self.network, tried, self.batch, self.rate, self.device)
        if self.learner is not None:
            return EstimatorBackend(self.learner, {} if given is None else given)
        return LinearBackend() if given is None else LinearBackend(given)

    def _shares(self) -> dict[str, float]:
        counts = self._groups.counts / len(self._rows.codes)
        return dict(zip(self._groups.names, counts.tolist(), strict=True))

    def _asked(self, X: Any, y: Any, segments: Any) -> tuple[Array, Ints, GroupMembers]:
        rows = self._answers_to(X)[1]
        labels = np.asarray(y)
        if labels.shape != (len(rows),):
            raise InputError("every row needs one label", where="y", got=f"{labels.shape} for {len(rows)} rows",
                             fix="pass labels (m,) of the same rows")  # fmt: skip
        known = np.isin(labels, self.classes_)
        if not known.all():
            raise InputError(
                "some labels are no class the model knows", where=f"y, {name_rows(np.flatnonzero(~known).tolist())}",
                got=str(np.unique(labels[~known])[:3].tolist()), fix="leave these rows out",
            )  # fmt: skip
        codes = np.searchsorted(self.classes_, labels)
        return rows, codes, crossed_groups(segments, codes, self.classes_)

    def _answers_to(self, X: Any) -> tuple[Answers, Array]:
        check_is_fitted(self)
        return self._answers, validate_data(self, X, dtype=np.float64, reset=False)

    def _require_settings(self) -> None:
        for name, allowed in (("method", METHODS), ("selection", SELECTIONS)):
            value = getattr(self, name)
            if not isinstance(value, str) or value not in allowed:
                raise unknown_name(name, str(value), allowed)
        require_count(self.epochs, "epochs", usual=60)
        require_count(self.batch, "batch", usual=64)
        require_amount(self.rate, "rate")
        require_seed(0 if self.random_state is None else self.random_state, "random_state")
        if self.learner is not None and self.network is not None:
            raise InputError(
                "a learner and a network cannot both be trained", where="learner", got=type(self.learner).__name__,
                fix="leave one of them out",
            )  # fmt: skip
        if self.learner is not None and not (hasattr(self.learner, "fit") and hasattr(self.learner, "predict")):
            raise InputError(
                "learner must be a scikit-learn classifier", where="learner", got=type(self.learner).__name__,
                fix="learner=LogisticRegression(), or leave it out",
            )  # fmt: skip
        if self.network is not None and not callable(self.network):
            raise InputError(
                "network must be a function that makes a module", where="network", got=type(self.network).__name__,
                fix="network=dense_network",
            )  # fmt: skip
        grid = self.settings
        if grid is not None and not (
            isinstance(grid, Mapping) and all(isinstance(one, list | tuple) and len(one) for one in grid.values())
        ):
            raise InputError(
                "settings are lists of values by name", where="settings", got=repr(grid)[:40],
                fix='settings={"C": [0.1, 1.0]}',
            )  # fmt: skip
