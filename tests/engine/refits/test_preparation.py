"""One way from data to fits: what is joined, what is derived, and that nobody goes around it."""

import ast
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

import samplewise
from samplewise.core.errors import InputError
from samplewise.data import Dataset
from samplewise.engine.refits import AutoExecutor, fit_design, prepare, supersamples

SOURCE = Path(samplewise.__file__).parent
OWNERS = {  # who may call what every fit has to go through; everybody else takes `prepare`
    "FitRunner": {"engine/refits/preparation.py", "engine/refits/runner.py", "shift/domain_probes.py"},
    "fold_of_rows": {
        "engine/refits/preparation.py", "data/splits.py", "shift/worst_segment_search.py", "shift/coding_changes.py",
        "shift/group_classifier.py", "shift/group_fits.py", "shift/slices.py",
    },
    "groups_with_duplicates": {"engine/refits/preparation.py"},
    "choose_learner": {"engine/refits/preparation.py", "auditing/audit_call.py"},
    "ProcessExecutor": {"engine/refits/auto_executor.py"},
    "describe_columns": {
        "data/columns.py", "data/readers.py", "engine/models/feature_encoding.py", "quality/overview.py",
        "shift/compared_rows.py", "shift/overlap.py", "shift/two_places.py",
    },
    "describe_target": {
        "engine/refits/preparation.py", "auditing/prepare_audit.py", "selection/decisions.py", "cli/audit_command.py",
        "cli/forecast_command.py",
        "information/training_targets.py", "generalization/trained_networks/row_targets.py",
        "engine/models/kernel_head.py",
        "engine/models/estimator.py", "engine/models/torch_learner.py", "shift/error_change.py",
        "shift/explain.py", "shift/relied_on.py", "selection/domain_mixing.py",
    },
}  # fmt: skip


def twice(rows=30, seed=0):
    """Every row two times, with one label."""
    draw = np.random.default_rng(seed)
    X, y = draw.normal(size=(rows, 3)), draw.integers(0, 2, rows)
    return np.tile(X, (2, 1)), np.tile(y, 2)


def calls(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            yield name, node


@pytest.mark.parametrize("name", sorted(OWNERS))
def test_nobody_goes_around_the_one_way(name):
    found = set()
    for file in SOURCE.rglob("*.py"):
        if any(called == name for called, _ in calls(ast.parse(file.read_text("utf-8")))):
            found.add(file.relative_to(SOURCE).as_posix())
    assert found == OWNERS[name]


def test_rows_are_unpacked_nowhere_but_at_the_border():
    for file in SOURCE.rglob("*.py"):
        for name, node in calls(ast.parse(file.read_text("utf-8"))):
            starred = any(isinstance(argument, ast.Starred) for argument in node.args)
            assert not (name == "Dataset" and starred), f"{file}:{node.lineno}"


@pytest.mark.parametrize("design", ["folds", "halves", "nested", "supersample"])
def test_duplicates_stay_together_in_every_split(design):
    rows = prepare(twice())
    if design == "supersample":
        inside = np.vstack([pairing.inside() for pairing in supersamples(rows.runner, n_splits=4, n_draws=2)])
    else:
        inside = fit_design(rows.runner, design, rows.folds(), count=3, sizes=[10, 30]).inside
    np.testing.assert_array_equal(inside[:, :30], inside[:, 30:])


def test_groups_and_duplicates_are_joined():
    X, y = twice(10)
    groups = np.r_[np.zeros(2), np.arange(2, 20)]  # rows 0 and 1 are a group; rows 10 and 11 are their duplicates
    joined = prepare(Dataset(X, y, groups=groups)).groups
    assert len({joined[row] for row in (0, 1, 10, 11)}) == 1
    assert joined[2] == joined[12] != joined[0]
    assert prepare((X[:10], y[:10]), n_folds=2).groups is None


def test_seeds_are_derived_in_one_way_and_row_order_changes_nothing():
    X, y = twice()
    one, other = prepare((X[:30], y[:30]), seed=3), prepare((X[:30], y[:30]), seed=4)
    assert not np.array_equal(one.folds(), other.folds())
    assert not np.array_equal(one.folds(0), one.folds(1))
    order = np.random.default_rng(1).permutation(30)
    turned = prepare(Dataset(X[:30][order], y[:30][order], order), seed=3)
    np.testing.assert_array_equal(turned.folds(), one.folds()[order])


def test_test_rows_are_evaluated_and_never_trained_on():
    X, y = twice()
    rows = prepare((X[:20], y[:20]), KNeighborsClassifier(1), test=(X[20:30], y[20:30]))
    assert len(rows.everyone) == len(rows.codes) == len(rows.space) == 30
    assert len(rows.duplicates) == 20
    for folded in (rows.whole, rows.unsplit):
        assert folded.positions.tolist() == list(range(20))
        assert set(folded.all_folds[20:].tolist()) == {-1}
    assert rows.whole.held_out_outputs().shape == (20, 2)
    joined = prepare((np.tile(X[:5], (2, 1)), np.tile(y[:5], 2)), n_folds=2, test=(X[5:15], y[5:15]))
    assert len(joined.runner.groups) == 20
    assert not set(joined.runner.groups[:10].tolist()) & set(joined.runner.groups[10:].tolist())
    with pytest.raises(InputError, match=r"(?s)labels of the test rows are of no class.*rows id 1.*train on rows"):
        prepare((X[:20], y[:20]), test=(X[20:23], [0, 9, 1])).codes  # noqa: B018
    with pytest.raises(InputError, match="the test rows have other columns"):
        prepare((X[:20], y[:20]), test=(X[20:23, :2], [0, 1, 1])).space  # noqa: B018


def test_the_task_may_be_named():
    X = np.arange(40.0)[:, None]
    assert prepare((X, np.arange(40) % 4)).target.task == "classification"
    assert prepare((X, np.arange(40) % 4), task="regression").target.task == "regression"


def test_too_few_different_rows_are_said_so():
    X = np.repeat([0.0, 1.0], 20)[:, None]
    with pytest.raises(InputError, match=r"(?s)fewer groups or different rows than folds.*2 groups or different"):
        prepare((X, np.arange(40) % 2)).whole  # noqa: B018


def test_columns_of_a_frame_are_those_of_the_whole_data():
    frame = pd.DataFrame({"a": ["x", "y"] * 20, "b": np.arange(40) % 7 * 1.5})
    rows = prepare((frame, np.arange(40) % 2))
    assert rows.encoder(frame.iloc[:3]).shape == (3, rows.space.shape[1])


class Counting:
    """A task that says which process carried it out."""

    def __init__(self, seconds):
        self.seconds = seconds

    def __call__(self, item, *, seed):
        import os
        import time

        time.sleep(self.seconds)
        return item, seed, os.getpid()


def test_short_work_stays_here_and_long_work_goes_to_processes():
    import os

    short = list(AutoExecutor().map(Counting(0.0), range(5), seeds=range(5)))
    assert [done[:2] for done in short] == [(item, item) for item in range(5)]
    assert {done[2] for done in short} == {os.getpid()}
    long = list(AutoExecutor().map(Counting(0.5), range(12), seeds=range(12)))
    assert [done[:2] for done in long] == [(item, item) for item in range(12)]
    assert len({done[2] for done in long}) > 1


def test_a_task_that_stays_here_has_one_thread_as_in_a_worker():
    from threadpoolctl import threadpool_info

    def threads(item, *, seed):
        return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]

    for executor in (AutoExecutor(), AutoExecutor(expected=10.0)):
        assert set(next(iter(executor.map(threads, [0], seeds=[0])))) <= {1}


@pytest.mark.parametrize("learner", ["kernel", "linear", "boosting", "logistic", "forest"])
def test_row_order_changes_no_named_learner(learner):
    X, y = twice()
    order = np.random.default_rng(1).permutation(60)
    one = prepare(Dataset(X, y), learner).whole.held_out_outputs()
    other = prepare(Dataset(X[order], y[order], order), learner).whole.held_out_outputs()
    np.testing.assert_allclose(other, one[order], atol=1e-5)


def test_refits_know_which_rows_are_one_observation():
    from samplewise.generalization.gap.half_split_gap import gap_of_refits

    rows = prepare(twice())
    made = fit_design(rows.runner, "halves", rows.folds(), count=4)
    assert gap_of_refits(made, rows.target) == gap_of_refits(made, rows.target, rows.groups)


def test_rows_with_time_are_refused_where_subsets_are_drawn_at_random():
    from samplewise.generalization import memorization
    from samplewise.influence import out_of_bag_value

    X, y = twice()
    for method in (memorization, out_of_bag_value):
        with pytest.raises(InputError, match=r"(?s)train on the future.*without time"):
            method(Dataset(X, y, time=np.arange(60)))


@pytest.mark.parametrize("name", ["measure_learning_curve", "out_of_bag_value", "generalization_gap"])
def test_few_different_rows_are_enough_where_nothing_is_folded(name):
    from samplewise import curves, generalization, influence

    draw = np.random.default_rng(1)
    X, y = draw.integers(0, 2, (200, 2)).astype(float), draw.integers(0, 2, 200)
    method = getattr(curves, name, None) or getattr(influence, name, None) or getattr(generalization, name)
    given = {"sizes": [50, 100]} if name == "measure_learning_curve" else {}
    assert method((X, y), **given) is not None


@pytest.mark.parametrize(
    ("given", "where", "fix"),
    [
        ({"n_folds": "5"}, "n_folds", "n_folds=5, at least 2"),
        ({"n_folds": 2.5}, "n_folds", "n_folds=5, at least 2"),
        ({"n_folds": 1}, "n_folds", "n_folds=5, at least 2"),
        ({"seed": None}, "seed", "seed=0"),
        ({"seed": "a"}, "seed", "seed=0"),
        ({"seed": 0.5}, "seed", "seed=0"),
        ({"executor": "serial"}, "executor", "SerialExecutor"),
        ({"executor": AutoExecutor}, "executor", "None"),
        ({"run_dir": 5}, "run_dir", "a path"),
        ({"learner": LogisticRegression}, "learner", r"pass LogisticRegression\(\)"),
        ({"learner": KNeighborsClassifier}, "learner", r"pass KNeighborsClassifier\(\)"),
    ],
)
def test_settings_that_cannot_be_used_are_refused_before_any_fit(given, where, fix):
    with pytest.raises(InputError, match=rf"(?s)where: +{where}.*fix: .*{fix}"):
        prepare(twice(), **given)


def test_a_file_is_no_folder_of_fits(tmp_path):
    (tmp_path / "fits.txt").write_text("notes")
    with pytest.raises(InputError, match=r"(?s)this is a file.*where: +run_dir.*fix: +name a folder"):
        prepare(twice(), run_dir=tmp_path / "fits.txt")


def test_a_task_that_is_no_text_is_refused_in_words():
    with pytest.raises(InputError, match="there is no task named None"):
        prepare(twice(), task=None)
