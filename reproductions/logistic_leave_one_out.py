"""Logistic regression without one row: the Newton step against the influence function and true refits, on digits.

The claim (pregibon1981, rad2020): one Newton step from the fit on all rows, its bracket 1 / (1 - leverage) included,
predicts the fit without a row nearly exactly (Pearson above .99), while the influence function, which leaves the
bracket out, falls short where the leverage is high. Measured here: the change of the row's own output (log odds of two
classes, centered logits of ten) at several ridges, against fits that leave the row out.
"""

import json
import os
import platform
import time
from importlib.metadata import version
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from sklearn.datasets import load_digits

from samplewise.core.randomness import hashed_order
from samplewise.engine.closed_form import LogisticHead, logistic_deletion, logistic_head

HERE = Path(__file__).parent / "results"
RIDGES = (0.01, 0.1, 1.0, 10.0)
REFITTED = 200  # rows left out for true, drawn by hash of their number
CASES = {"3 against 8": (3, 8), "all ten digits": tuple(range(10))}


def rows_of(digits: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Pixels 0..1 and class codes of some of the digits."""
    X, y = load_digits(return_X_y=True)
    chosen = np.isin(y, digits)
    return X[chosen] / 16, np.searchsorted(digits, y[chosen])


def centered(outputs: np.ndarray) -> np.ndarray:
    """Logits up to the shift that changes no probability; log odds as they are."""
    return outputs if outputs.shape[-1] == 1 else outputs - outputs.mean(axis=-1, keepdims=True)


def refits(X: np.ndarray, codes: np.ndarray, head: LogisticHead, rows: np.ndarray) -> np.ndarray:
    """(r, c) output at each of the rows by a fit without it."""
    found = []
    for row in rows:
        keep = np.arange(len(X)) != row
        found.append(logistic_head(X[keep], codes[keep], head.ridge, head).outputs(X[[row]])[0])
    return np.array(found)


def measured(digits: tuple[int, ...], ridge: float) -> dict[str, float]:
    """One ridge: how near the two closed forms are to refits, and what each costs."""
    X, codes = rows_of(digits)
    head = logistic_head(X, codes, ridge)
    start = time.process_time()
    found = logistic_deletion(X, codes, ridge, head)
    closed = time.process_time() - start
    rows = np.sort(hashed_order(0, np.arange(len(X)), "refitted")[:REFITTED])
    start = time.process_time()
    true = centered(head.outputs(X[rows]) - refits(X, codes, head, rows)).ravel()
    refitting = (time.process_time() - start) * len(X) / len(rows)
    newton = centered(head.outputs(X) - found.held_out)[rows].ravel()
    plain = np.concatenate([centered(found.prediction_change(X[[r]], bracket=False)[0, r][None])[0] for r in rows])
    high = found.leverage[rows] >= np.quantile(found.leverage[rows], 0.9)
    firm = np.repeat(high, len(true) // len(rows))
    return {
        "rows": len(X),
        "highest_leverage": float(found.leverage.max()),
        "pearson_newton": float(np.corrcoef(true, newton)[0, 1]),
        "pearson_influence": float(np.corrcoef(true, plain)[0, 1]),
        "size_newton": slope(newton[firm], true[firm]),
        "size_influence": slope(plain[firm], true[firm]),
        "seconds_closed": closed,
        "seconds_refits": refitting,
    }


def slope(found: np.ndarray, true: np.ndarray) -> float:
    """The least-squares factor from the true change to the one predicted: 1 is right, below 1 falls short."""
    return float(found @ true / (true @ true))


def table_of(results: dict[str, dict[str, dict[str, float]]]) -> str:
    """The figures, one line per ridge."""
    lines = [
        "| digits | ridge | highest leverage | Pearson, Newton step | Pearson, influence function | "
        "size at high leverage, Newton | size, influence | CPU s, all rows | CPU s, refits of all rows |",
        "|-|-|-|-|-|-|-|-|-|",
    ]
    for case, by_ridge in results.items():
        for ridge, r in by_ridge.items():
            lines.append(
                f"| {case} ({r['rows']} rows) | {ridge} | {r['highest_leverage']:.2f} | {r['pearson_newton']:.4f} | "
                f"{r['pearson_influence']:.4f} | {r['size_newton']:.2f} | {r['size_influence']:.2f} | "
                f"{r['seconds_closed']:.2f} | {r['seconds_refits']:.0f} |"
            )
    lines += [
        "",
        f"Against {REFITTED} true refits in each case; the cost of refitting all rows is scaled up from these (each "
        "starts from the full fit). Size: least-squares factor from the true change to the one predicted, at the tenth "
        "of the rows with the highest leverage; 1 is right.",
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    HERE.mkdir(exist_ok=True)
    results = {name: {str(ridge): measured(digits, ridge) for ridge in RIDGES} for name, digits in CASES.items()}
    machine = {"cores": os.cpu_count(), "platform": platform.platform(), "python": platform.python_version()}
    versions = {name: version(name) for name in ("samplewise", "numpy", "scipy", "scikit-learn")}
    file = HERE / "logistic_leave_one_out.json"
    file.write_text(json.dumps({"machine": machine, "versions": versions, "results": results}, indent=1))
    file.with_suffix(".md").write_text(table_of(results))
    print(table_of(results))


if __name__ == "__main__":
    main()
