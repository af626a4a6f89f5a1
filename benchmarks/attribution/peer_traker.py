"""traker: TRAK with dense random projections, on the processor."""

import logging
import tempfile
from functools import partial

import numpy as np
import torch
from measuring import Rows, Setting, run
from trak import TRAKer

BATCH = 500


def trak(setting: Setting, rows: Rows, queries: Rows, *, size: int, models: int = 1, ridge: bool = False) -> np.ndarray:
    """Scores; the ridge is the mean diagonal of its feature moments, which a user would have to find."""
    with tempfile.TemporaryDirectory() as folder:
        traker = TRAKer(
            setting.module(), task="image_classification", train_set_size=len(rows[0]), save_dir=folder, device="cpu",
            proj_dim=size, use_half_precision=False, logging_level=logging.ERROR,
        )  # fmt: skip
        states = [setting.module(seed).state_dict() for seed in range(models)]
        for number, state in enumerate(states):
            traker.load_checkpoint(state, model_id=number)
            for inputs, labels in zip(rows[0].split(BATCH), rows[1].split(BATCH), strict=True):
                traker.featurize((inputs, labels), num_samples=len(labels))
        if ridge:
            features = torch.as_tensor(traker.saver.current_store["grads"])
            traker.score_computer.lambda_reg = float(features.square().sum() / size)
        traker.finalize_features()
        for number, state in enumerate(states):
            traker.start_scoring_checkpoint("scores", state, number, num_targets=len(queries[0]))
            for inputs, labels in zip(queries[0].split(BATCH), queries[1].split(BATCH), strict=True):
                traker.score((inputs, labels), num_samples=len(labels))
        return np.array(traker.finalize_scores("scores")).T


if __name__ == "__main__":
    run(
        {
            "trak-512": partial(trak, size=512),
            "trak-512-five": partial(trak, size=512, models=5),
            "trak-2048": partial(trak, size=2048),
            "trak-512-ridge": partial(trak, size=512, ridge=True),
            "trak-512-ridge-five": partial(trak, size=512, models=5, ridge=True),
        },
        "traker",
    )
