"""Rows of a mixed pool that are like a small target: what importance resampling draws, and what it is worth.

The claim (xie2023): rows drawn by the ratio of hashed n-gram distributions are like the target, and a model trained on
them is better there than one trained on as many random rows. The paper's pools are billions of chunks of the web and
its models transformers. Here the pool is what Python ships: 656 chunks of 120 words of documentation, 2,500 of code and
up to 1,500 of comments, which are much like documentation, and licenses; the target is 328 other chunks of
documentation, and 328 rows are drawn. What they are worth is measured by a word-pair language model that is trained on
them and evaluated on 200 further chunks of documentation: nats per word, against random rows, five splits, paired.

What we measured (results/importance_resampling.json): the gain over random rows is .83 nats per word, standard error
.02, in five of five splits; the 328 rows are nearly as good as the whole pool of 14 times as many. The noise of summed
weights at temperature 1 is inert, as 99 % of such a sample is the top of the ranking; with weights per feature and the
chosen temperature it is 87 %. That costs purity here (.958 beside .981) and .02 nats beside summed weights.

    python reproductions/importance_resampling.py            # five splits, about a minute
    python reproductions/importance_resampling.py --splits 1
"""

import argparse
import ast
import json
import platform
import re
import sysconfig
from collections import Counter
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path

import numpy as np

from samplewise.core.randomness import generator
from samplewise.engine.statistics.means import mean_and_error
from samplewise.selection import ImportanceResampler

HERE = Path(__file__).parent / "results"
N_WORDS, N_TARGET, N_TEST, N_PROSE, N_CODE, N_REST = 120, 328, 200, 656, 2500, 1500
WORDS = re.compile(r"\w+|[^\w\s]+")
FILES = 400
ARMS = ("resampled", "top", "summed, temperature 1", "random", "documentation only", "whole pool")


def chunks(texts: list[str]) -> list[str]:
    """Texts one after another, cut every 120 words."""
    words = " ".join(texts).split()
    return [" ".join(words[at : at + N_WORDS]) for at in range(0, len(words) - N_WORDS, N_WORDS)]


def documents() -> dict[str, list[str]]:
    """Chunks of the documentation, the code and the comments of Python's library."""
    root = Path(sysconfig.get_paths()["stdlib"])
    files = [file for file in sorted(root.glob("*.py")) + sorted(root.glob("*/*.py")) if "test" not in str(file)]
    prose, code, rest = [], [], []
    for file in [file for file in files if "site-packages" not in file.parts][:FILES]:
        try:
            text = file.read_text("utf-8")
            tree = ast.parse(text)
        except (UnicodeDecodeError, SyntaxError):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
                prose.append(ast.get_docstring(node) or "")
        without = re.sub(r"(\"\"\"|''')[\s\S]*?\1", "", text)
        rest += re.findall(r"#.*", without)
        code.append(re.sub(r"#.*", "", without))
    licenses = [
        file.read_text("utf-8", "replace")
        for file in sorted(Path("/usr/share/common-licenses").glob("*"))
        if file.is_file() and not file.is_symlink()
    ]
    return {"documentation": chunks(prose), "code": chunks(code), "comments and licenses": chunks(rest + licenses)}


def split(seed: int, of: dict[str, list[str]]) -> tuple[list[str], np.ndarray, list[str], list[str]]:
    """The pool, its kinds, the target, and the chunks a model is evaluated on."""
    draw = generator(seed, "mixed pool")
    shuffled = {kind: [rows[at] for at in draw.permutation(len(rows))] for kind, rows in of.items()}
    prose = shuffled["documentation"]
    target, test, prose = prose[:N_TARGET], prose[N_TARGET : N_TARGET + N_TEST], prose[N_TARGET + N_TEST :]
    parts = (("documentation", prose[:N_PROSE]), ("code", shuffled["code"][:N_CODE]))
    parts += (("comments and licenses", shuffled["comments and licenses"][:N_REST]),)
    pool = [row for _, rows in parts for row in rows]
    kinds = np.array([kind for kind, rows in parts for _ in rows])
    order = draw.permutation(len(pool))
    return [pool[at] for at in order], kinds[order], target, test


def surprise(train: list[str], test: list[str]) -> float:
    """Nats per word of test texts under word pairs and words counted in the training texts."""
    tokens = [WORDS.findall(text.lower()) for text in train]
    words = Counter(word for row in tokens for word in row)
    firsts = Counter(word for row in tokens for word in row[:-1])
    pairs = Counter(pair for row in tokens for pair in pairwise(row))
    total, losses = words.total(), []
    for text in test:
        for before, word in pairwise(WORDS.findall(text.lower())):
            chance = 0.9 * words[word] / total + 0.1 / 50_000
            if firsts[before]:
                chance = 0.5 * pairs[before, word] / firsts[before] + 0.5 * chance
            losses.append(-np.log(chance))
    return float(np.mean(losses))


def measured(seed: int, of: dict[str, list[str]]) -> dict[str, dict[str, float]]:
    """One split: what each way to choose 328 rows draws, and what a model trained on them scores."""
    pool, kinds, target, test = split(seed, of)
    weights = ImportanceResampler().fit(pool, target)
    plain = ImportanceResampler(length="sum", temperature=1.0).fit(pool, target)
    prose = np.flatnonzero(kinds == "documentation")
    draw = generator(seed, "random rows")
    chosen = {
        "resampled": weights.sample(N_TARGET, seed=seed),
        "top": weights.log_weights.top(N_TARGET).keys,
        "summed, temperature 1": plain.sample(N_TARGET, seed=seed),
        "random": draw.choice(len(pool), N_TARGET, replace=False),
        "documentation only": draw.choice(prose, N_TARGET, replace=False),
        "whole pool": np.arange(len(pool)),
    }
    found = {
        arm: {
            "share_of_documentation": float(np.mean(kinds[ids] == "documentation")),
            "divergence_reduction": weights.divergence_reduction(ids).value,
            "nats_per_word": surprise([pool[at] for at in ids], test),
        }
        for arm, ids in chosen.items()
    }
    summed = "summed, temperature 1"
    found[summed]["share_in_top"] = float(np.mean(np.isin(chosen[summed], plain.log_weights.top(N_TARGET).keys)))
    found["resampled"]["share_in_top"] = float(np.mean(np.isin(chosen["resampled"], chosen["top"])))
    return found


def main() -> None:
    """Measure, print, and keep."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--splits", type=int, default=5)
    splits = parser.parse_args().splits
    of = documents()
    runs = [measured(seed, of) for seed in range(splits)]
    summary = {}
    for arm in ARMS:
        means = {name: float(np.mean([run[arm][name] for run in runs])) for name in runs[0][arm]}
        gain = np.array([run["random"]["nats_per_word"] - run[arm]["nats_per_word"] for run in runs])
        mean, error = mean_and_error(gain) if splits > 1 else (float(gain[0]), float("nan"))
        summary[arm] = means | {"gain_over_random": float(mean), "standard_error": float(error)}
        summary[arm]["better_in"] = int((gain > 0).sum())
        print(arm, {name: round(value, 4) for name, value in summary[arm].items()})
    kept = {
        "splits": splits, "pool": {kind: len(rows) for kind, rows in of.items()}, "n_rows": N_TARGET,
        "unit": "nats per word on 200 chunks of documentation", "arms": summary, "runs": runs,
        "python": platform.python_version(), "samplewise": version("samplewise"),
    }  # fmt: skip
    (HERE / "importance_resampling.json").write_text(json.dumps(kept, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
