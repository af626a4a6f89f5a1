"""kronfluence: EK-FAC. Its Linear and Conv2d layers only; others are left out without a word."""

import logging
import tempfile
from functools import partial

import numpy as np
import torch
from kronfluence.analyzer import Analyzer, prepare_model
from kronfluence.arguments import FactorArguments, ScoreArguments
from kronfluence.task import Task
from measuring import Rows, Setting, run
from tasks import margins
from torch.nn.functional import cross_entropy
from torch.utils.data import TensorDataset


class Classification(Task):
    """Cross-entropy in training; the negative margin as the measurement, so that positive means help."""

    def compute_train_loss(self, batch, model, sample=False):  # type: ignore[no-untyped-def]
        """Summed loss, of the labels or of labels drawn from the model."""
        logits = model(batch[0])
        drawn = torch.multinomial(logits.detach().softmax(-1), 1).flatten() if sample else batch[1]
        return cross_entropy(logits, drawn, reduction="sum")

    def compute_measurement(self, batch, model):  # type: ignore[no-untyped-def]
        """Summed negative margin."""
        return -margins(model(batch[0]), batch[1]).sum()


def ekfac(setting: Setting, rows: Rows, queries: Rows, *, empirical: bool, damping: float | None) -> np.ndarray:
    """Pairwise scores; `damping=None` is its rule of a tenth of the mean eigenvalue."""
    train, queried = TensorDataset(*rows), TensorDataset(*queries)
    with tempfile.TemporaryDirectory() as folder:
        module = prepare_model(setting.module(), Classification())
        analyzer = Analyzer(
            "all", module, Classification(), cpu=True, disable_tqdm=True, log_level=logging.ERROR, output_dir=folder
        )
        factors = FactorArguments(strategy="ekfac", use_empirical_fisher=empirical)
        analyzer.fit_all_factors("factors", train, per_device_batch_size=500, factor_args=factors)
        analyzer.compute_pairwise_scores(
            "scores", "factors", queried, train, per_device_query_batch_size=500, per_device_train_batch_size=500,
            score_args=ScoreArguments(damping_factor=damping),
        )  # fmt: skip
        return analyzer.load_pairwise_scores("scores")["all_modules"].numpy()


if __name__ == "__main__":
    run(
        {
            "ekfac": partial(ekfac, empirical=False, damping=1e-8),
            "ekfac-heuristic": partial(ekfac, empirical=False, damping=None),
            "ekfac-heuristic-empirical": partial(ekfac, empirical=True, damping=None),
        },
        "kronfluence",
    )
