"""One model per subset of your rows: fitted once, then read by several methods."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from samplewise.core.arguments import checked
from samplewise.core.errors import InputError, require_count, unknown_name
from samplewise.core.execution import Executor
from samplewise.data.targets import Task
from samplewise.engine.refits import Refits, prepare
from samplewise.engine.refits.designs import Design, fit_design, refit_supersamples, supersamples

DESIGNS = ("folds", "halves", "nested", "pairs", "supersample")


@checked
def refit(  # noqa: PLR0913  # one keyword per property of the data and its fits
    data: Any, y: Any = None, *, label: str | None = None, learner: Any = None, task: Task = "auto",
    design: Design = "folds", n_repeats: int = 10, sizes: Sequence[int] = (), n_folds: int = 5, seed: int = 0,
    executor: Executor | None = None, run_dir: str | Path | None = None,
) -> Refits:  # fmt: skip
    """Fit one model per subset of the rows and keep what each predicts for every row.

    Exact duplicates and groups stay together in every subset. What comes back is what `find_label_issues`,
    `measure_learning_curve` and `generalization_gap` take as `refits=`, so that none of them fits again.

    Args:
        data, y, label: n labeled rows, in any form `samplewise.data.as_dataset` takes.
        learner: a name, a scikit-learn estimator or a `Learner`; None for the default of this shape of data.
        task: "auto", "classification" or "regression".
        design: "folds" (a model per fold left out: label issues), "halves" (random halves and their complements: label
            issues, the gap), "nested" (subsets of growing size: a learning curve), "pairs" (a model per pair of folds
            left out), "supersample" (one row of every pair of rows: the gap with bounds).
        n_repeats: pairs of halves, draws of the nested subsets, or splits of the supersample (an even number).
        sizes: training sizes of "nested", growing.
        n_folds: folds of "folds" and "pairs", at least 2.
        seed: of the subsets and fits.
        executor: carries out fits that are not in closed form; None uses all cores for long ones.
        run_dir: where finished fits are stored and found again.

    Returns:
        Refits: `inside` (k, n), which rows model k was trained on, and `outputs` (k, n, c).

    Raises:
        InputError: no labels, an unknown design, sizes that leave nothing to evaluate on, or rows with time, whose
            random subsets would train on the future.

    Cost: n_folds fits ("folds"), n_folds (n_folds - 1) / 2 ("pairs"), 2 n_repeats ("halves"), n_repeats ("supersample")
    or n_repeats for each of the sizes ("nested").

    >>> import numpy as np
    >>> X, y = np.arange(40.0)[:, None], np.arange(40) // 20
    >>> len(refit(X, y, learner="linear", design="folds", n_folds=4))
    4
    """
    if design not in DESIGNS:
        raise unknown_name("design", design, DESIGNS)
    n_repeats = require_count(n_repeats, "n_repeats", usual=10)
    rows = prepare(
        data, learner, y=y, label=label, task=task, n_folds=n_folds, seed=seed, executor=executor, run_dir=run_dir
    )
    if design != "folds":
        rows.require_unordered("refit(design='folds')")
    if (design == "nested") != bool(len(sizes)):
        raise InputError(
            "training sizes belong to nested subsets, and nested subsets need them", where="sizes",
            got=f"design={design!r}, sizes={list(sizes)}", fix="refit(..., design='nested', sizes=[50, 100, 200])",
        )  # fmt: skip
    if design == "supersample":
        pairings = supersamples(rows.runner, n_splits=n_repeats, n_draws=1)
        return refit_supersamples(rows.runner, rows.folds(), pairings)[0]
    return fit_design(rows.runner, design, rows.folds(), count=n_repeats, sizes=sizes)
