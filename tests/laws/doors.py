"""Every exported function of rows, called in one way: the table the laws run over.

A function of one data set is `f(data, y=None, *, label=None, ...)`; each entry takes what stands before the keywords
and gives the numbers of its answer. Functions of two data sets, of results of an earlier step, and of plain numbers
are listed, so that a new export has to be put somewhere.
"""

import numpy as np
from sklearn.linear_model import LogisticRegression

import samplewise
from samplewise import curves, generalization, influence, information, labels, models, quality, selection, shift
from samplewise.core.findings import Decision

ROOMS = ("curves", "generalization", "influence", "information", "labels", "models", "quality", "selection", "shift")


def scores_of(scores):
    return scores.aligned_to(np.sort(scores.keys)).values


def network():
    """A small network and its learner, for functions that take one."""
    from functools import partial

    from samplewise.engine.models import TorchLearner, dense_network

    return TorchLearner(partial(dense_network, widths=(4,)), epochs=4, rate=0.02)


def linear(rows):
    """A linear model of the rows the laws use."""
    return LogisticRegression(tol=1e-8, max_iter=2000).fit(np.asarray(rows.X), rows.y)


def torch_module(rows):
    """An untrained linear module for rows of three columns."""
    import torch

    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Linear(rows.X.shape[1], len(np.unique(rows.y)))).double()


def sources(rows):
    """Two sources and the rows they are evaluated on."""
    return np.array(["old", "new", "test"])[np.arange(len(rows)) % 3]


ONE_DATA_SET = {
    "audit": lambda rows, *given, **named: np.array(
        [
            estimate.value
            for outcome in samplewise.audit(*given, checks="SW501,SW502", **named).record.outcomes
            for estimate in outcome.result.measured
        ]
    ),
    "curves.measure_learning_curve": lambda rows, *given, **named: (
        curves.measure_learning_curve(*given, sizes=[10, 30], n_repeats=2, **named).errors
    ),
    "curves.forecast_mixtures": lambda rows, *given, **named: (
        curves.forecast_mixtures(*given, source=sources(rows), test="test", n_repeats=1, **named).errors
    ),
    "generalization.generalization_gap": lambda rows, *given, **named: scores_of(
        generalization.generalization_gap(*given, learner="logistic", n_splits=4, n_draws=1, **named).information
    ),
    "generalization.memorization": lambda rows, *given, **named: scores_of(
        generalization.memorization(*given, n_models=8, **named).scores
    ),
    "generalization.supervision_complexity": lambda rows, *given, **named: scores_of(
        generalization.supervision_complexity(*given, kernel="rbf", **named).contributions
    ),
    "generalization.curvature_spectrum": lambda rows, *given, **named: (
        generalization.curvature_spectrum(
            *given, module=torch_module(rows), n_eigenvalues=2, method="exact", **named
        ).largest
    ),
    "generalization.intrinsic_dimension": lambda rows, *given, **named: (
        generalization.intrinsic_dimension(*given, learner=network(), n_seeds=1, grid=[4, 8, 16], **named).by_seed
    ),
    "influence.gradient_norm": lambda rows, *given, **named: scores_of(
        influence.gradient_norm(*given, module=linear(rows), **named)
    ),
    "influence.gradient_coherence": lambda rows, *given, **named: scores_of(
        influence.gradient_coherence(*given, module=linear(rows), **named)
    ),
    "influence.leave_one_out": lambda rows, *given, **named: scores_of(influence.leave_one_out(*given, **named)),
    "influence.knn_shapley": lambda rows, *given, **named: scores_of(influence.knn_shapley(*given, **named)),
    "influence.out_of_bag_value": lambda rows, *given, **named: scores_of(
        influence.out_of_bag_value(*given, n_models=20, **named)
    ),
    "information.unique_information": lambda rows, *given, **named: scores_of(
        information.unique_information(*given, **named).functional
    ),
    "information.redundant_rows": lambda rows, *given, **named: np.sort(information.redundant_rows(*given, **named)),
    "information.removal_cost": lambda rows, *given, **named: information.removal_cost(*given, **named).columns[
        "value"
    ],
    "labels.find_label_issues": lambda rows, *given, **named: scores_of(
        labels.find_label_issues(*given, **named).wrong
    ),
    "labels.neighbor_disagreement": lambda rows, *given, **named: scores_of(
        labels.neighbor_disagreement(*given, **named)
    ),
    "labels.training_dynamics": lambda rows, *given, **named: scores_of(
        labels.training_dynamics(*given, learner=network(), n_runs=1, **named).margin
    ),
    "models.refit": lambda rows, *given, **named: (
        models.refit(*given, learner="linear", design="halves", n_repeats=2, **named).outputs
    ),
    "quality.column_skill": lambda rows, *given, **named: quality.column_skill(*given, **named).skill,
    "quality.find_duplicates": lambda rows, *given, **named: np.r_[
        (found := quality.find_duplicates(*given, **named)).share.value, found.ids
    ],
    "quality.find_test_overlap": lambda rows, *given, **named: (
        quality.find_test_overlap(*given, test=given[0], **named).train_ids
    ),
    "quality.id_or_date_columns": lambda rows, *given, **named: np.array(
        [len(quality.id_or_date_columns(*given, **named).names)]
    ),
    "quality.missing_values": lambda rows, *given, **named: quality.missing_values(*given, **named).share.values,
    "quality.outlier_scores": lambda rows, *given, **named: scores_of(
        quality.outlier_scores(*given, **named).outlierness
    ),
    "quality.suspicious_cells": lambda rows, *given, **named: np.array(
        [len(quality.suspicious_cells(*given, **named).groups)]
    ),
    "shift.shortcut_scan": lambda rows, *given, **named: shift.shortcut_scan(*given, learner="linear", **named).leans,
    "shift.worst_segments": lambda rows, *given, **named: shift.worst_segments(*given, **named).errors.error,
}

TWO_DATA_SETS = {  # each as a Dataset or (X, y)
    "generalization.layer_profile": lambda rows, one, two: (
        generalization.layer_profile(one, two, module=torch_module(rows), n_permutations=20).distance
    ),
    "influence.open_game": lambda rows, one, two: np.array(influence.open_game(one, two).ends),
    "influence.unrolled_attribution": lambda rows, one, two: (
        influence.unrolled_attribution(one, two, learner=sgd(), check=False).values
    ),
    "influence.training_smoothness": lambda rows, one, two: np.array(
        [influence.training_smoothness(one, two, learner=sgd()).factor]
    ),
    "shift.error_change": lambda rows, one, two: np.array(
        [part.value for part in shift.error_change(one, two, learner="linear").parts]
    ),
    "shift.monitor": lambda rows, one, two: np.array(
        [part.value for part in shift.monitor(one, [two], learner="linear").batches[0].change.parts]
    ),
    "shift.explain_shift": lambda rows, one, two: np.array(
        [part.value for part in shift.explain_shift(one, two, learner="linear").parts]
    ),
    "shift.train_test_drift": lambda rows, one, two: shift.train_test_drift(one, two).weights.values,
    "generalization.kernel_similarity": lambda rows, one, two: np.array(
        [generalization.kernel_similarity(one, kernel="rbf", other="linear").value]
    ),
}


def sgd():
    from functools import partial

    import torch

    from samplewise.engine.models import TorchLearner

    return TorchLearner(partial(torch.nn.Linear, 3, 2), epochs=2, rate=0.1, optimizer="sgd")


RESULTS_OF_AN_EARLIER_STEP = {
    "curves.collection_plan", "curves.compare_curves", "curves.diagnose", "curves.forecast", "curves.next_doubling",
    "curves.samples_needed", "curves.stop_rule", "influence.banzhaf", "influence.brittleness",
    "influence.data_shapley", "influence.datamodel", "influence.datamodeling_score_difference",
    "influence.linear_datamodeling_score", "influence.mislabel_score", "influence.refit_subsets",
    "influence.removal_curve", "influence.same_class_share", "influence.top_overlap", "influence.weight_dependence",
    "information.information_curve", "information.unusual_information", "selection.prune",
    "shift.certify_error",
}  # fmt: skip

SEVERAL = {  # rows with several labels, or several sets of targets: tried by every door beside their own tests
    "generalization.supervision_complexities", "labels.find_multilabel_issues",
}  # fmt: skip

ROWS_BESIDE = {  # rows in every form, beside decisions about them or the losses of a model
    "selection.apply": lambda rows, given, **named: (
        selection.apply(given, [Decision(3, "drop"), Decision(5, "relabel", 0)], **named).data.y
    ),
    "shift.feature_drift": lambda rows, given, **named: (
        shift.feature_drift(given, time=np.arange(len(rows)) // 2, **named).overlap
    ),
    "shift.label_coding": lambda rows, given, **named: (
        shift.label_coding(given, segments=sources(rows), **named).changes[0].p_value
    ),
    "shift.segments_of_losses": lambda rows, given, **named: (
        shift.segments_of_losses(given, np.abs(rows.y - (rows.X[:, 0] > 1.0)), "share", **named).errors.error
    ),
}

NUMBERS = {  # functions of arrays of numbers, of a trained module, of counts or of settings
    "curves.fit_meta", "generalization.absolute_error",
    "generalization.beats_baseline", "generalization.betting_bound", "generalization.bounds_from_runs",
    "generalization.calibration_error", "generalization.claim_after_evaluations", "generalization.clopper_pearson",
    "generalization.clopper_pearson_bound", "generalization.conformal_threshold", "generalization.discrimination",
    "generalization.error_rate", "generalization.explained_variance", "generalization.formal_counterexample",
    "generalization.pac_bayes_kl_bound", "generalization.reusable_holdout", "generalization.rows_to_claim",
    "generalization.sample_compression_bound", "generalization.simulated_counterexample", "labels.bootstrapping",
    "labels.budget", "labels.channel_information", "labels.confident_learning",
    "labels.dawid_skene", "labels.generalized_cross_entropy",
    "labels.label_noise_entropy", "labels.least_training_errors", "labels.mean_absolute_error",
    "models.embeddings_of", "models.predictions_of", "shift.find_slices", "shift.label_free_error", "shift.plan_labels",
    "shift.reliance",
    }  # fmt: skip
