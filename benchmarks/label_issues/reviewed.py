"""Published test sets whose suspected labels people reviewed: what the scores say of real errors."""

import numpy as np
from cleanlab.filter import find_label_issues as peer_flags
from cleanlab.rank import get_label_quality_scores
from sklearn.metrics import roc_auc_score
from tasks import DATA

from samplewise.engine.refits import prepare
from samplewise.labels.posterior import label_posterior

SETS = ("mnist", "cifar10")  # those published with probabilities
AGREE = 3  # of five people, from whom on the given label stands


def reviewed_errors() -> dict[str, dict[str, float]]:
    """How well scores rank, among the rows people reviewed, those whose label they called wrong."""
    found = {}
    for name in SETS:
        file = DATA / "label-errors" / f"{name}.npz"
        if not file.exists():
            continue
        with np.load(file, allow_pickle=False) as held:
            P, given = held["pred_probs"].astype(np.float64), held["given_labels"].astype(int)
            rows, wrong = held["reviewed_index"], held["votes"][:, 0].astype(int) < AGREE
        posterior = label_posterior(prepare((P, given), "linear").whole, probabilities=P, n_rounds=1)
        scores = {"samplewise": posterior.wrong} | {
            method: -get_label_quality_scores(given, P, method=method)
            for method in ("self_confidence", "normalized_margin")
        }
        found[name] = {
            "rows": len(given), "reviewed": len(rows), "wrong": int(wrong.sum()),
            "flagged by samplewise": int(posterior.flagged.sum()),
            "flagged by cleanlab": int(peer_flags(given, P).sum()),
        } | {f"auroc {key}": float(roc_auc_score(wrong, score[rows])) for key, score in scores.items()}  # fmt: skip
    return found
