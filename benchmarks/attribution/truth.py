"""What attributions are evaluated by: retrainings on 50 random halves of the rows, three seeds each; and the models.

Everything is written to CACHE/<task> and made only where it is missing. Halves are trained in two processes of one
thread each.
"""

import argparse
import ast
import os
import re
import sysconfig
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import torch
from tasks import TASKS, Task, margins, read_rows, train

SUBSETS, SUBSET_SEEDS, MODEL_SEEDS = 50, 3, 5
KEPT_EPOCHS = (2, 5, 10, 15, 20, 25, 30)
LIBRARIES = ("networkx", "numpy", "pandas", "sklearn", "torch")
DATA = Path(os.environ.get("SAMPLEWISE_DATA", str(Path(__file__).parents[3] / "shared" / "data")))


def images(part: str, rows: slice) -> tuple[np.ndarray, np.ndarray]:
    """Pixels less their mean over their standard deviation (of the published training set), flattened, and classes."""
    with np.load(DATA / "fashion-mnist" / f"{part}.npz") as stored:
        pixels, labels = stored["images"][rows], stored["labels"][rows]
    return (pixels.reshape(len(pixels), -1) / np.float32(255) - np.float32(0.286)) / np.float32(0.353), labels.astype(
        np.int64
    )


def sentences(library: str) -> list[str]:
    """First paragraphs of an installed library's docstrings, each once, in file order."""
    found: dict[str, None] = {}
    for file in sorted((Path(sysconfig.get_paths()["purelib"]) / library).rglob("*.py")):
        try:
            tree = ast.parse(file.read_text(encoding="utf-8"))
        except (SyntaxError, UnicodeDecodeError):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
                found.setdefault((ast.get_docstring(node) or "").split("\n\n")[0].lower())
    return list(found)


def docstrings(rows: int, queries: int, words: int = 1000, length: int = 24) -> dict[str, np.ndarray]:
    """Which of five Python libraries a sentence documents: word indices (0 pads, 1 is any rarer word) and library."""
    draw = np.random.default_rng(0)
    each = -(-(rows + queries) // len(LIBRARIES))
    texts, labels = [], []
    for code, library in enumerate(LIBRARIES):
        split = [re.findall(r"[a-z]+", text) for text in sentences(library)]
        # The library's own name would give the answer away.
        long = [[word for word in text if word not in LIBRARIES] for text in split if len(text) >= 12]
        texts += [long[position][:length] for position in draw.choice(len(long), each, replace=False)]
        labels += [code] * each
    common = [word for word, _ in Counter(word for text in texts for word in text).most_common(words - 2)]
    index = {word: position + 2 for position, word in enumerate(sorted(common))}
    inputs = np.zeros((len(texts), length), dtype=np.int64)
    for row, text in enumerate(texts):
        inputs[row, : len(text)] = [index.get(word, 1) for word in text]
    order = draw.permutation(len(texts))[: rows + queries]
    inputs, codes = inputs[order], np.array(labels)[order]
    return named(inputs[:rows], codes[:rows], inputs[rows:], codes[rows:])


def named(*arrays: np.ndarray) -> dict[str, np.ndarray]:
    """The four arrays of a task under their names."""
    return dict(zip(("inputs", "labels", "query_inputs", "query_labels"), arrays, strict=True))


def make_rows(task: Task) -> dict[str, np.ndarray]:
    """The task's rows from its source."""
    if task.source == "docstrings":
        return docstrings(task.rows, task.queries)
    if task.source == "fashion-mnist-rehearsal":
        return named(*images("train", slice(10_000, 12_000)), *images("train", slice(20_000, 20_500)))
    return named(*images("train", slice(task.rows)), *images("test", slice(task.queries)))


def write(path: Path, **arrays: np.ndarray) -> None:
    """Save under another name first, so that a file that exists is whole."""
    partial_path = path.with_suffix(".part.npz")
    np.savez(partial_path, **arrays)
    partial_path.replace(path)


def write_modules(task: Task, cache: Path, seed: int) -> None:
    """Train on all rows with a seed and keep the parameters after some epochs."""
    if (cache / f"module-{seed}-{task.epochs}.npz").exists():
        return
    torch.set_num_threads(1)
    inputs, labels, queries, truth = read_rows(cache)
    module, kept = train(task, inputs, labels, seed, sorted({*KEPT_EPOCHS, task.epochs}))
    for epoch, parameters in sorted(kept.items()):
        write(cache / f"module-{seed}-{epoch}.npz", **{name: value.numpy() for name, value in parameters.items()})
    with torch.no_grad():
        right = [(module(x).argmax(1) == y).double().mean().item() for x, y in ((inputs, labels), (queries, truth))]
    print(f"{task.name} seed {seed}: accuracy {right[0]:.3f} on its rows, {right[1]:.3f} on the queries", flush=True)


def retrained(task: Task, cache: Path, subset: int) -> np.ndarray:
    """(seeds, queries) margins of modules trained on one half of the rows."""
    path = cache / "subsets" / f"{subset}.npz"
    if not path.exists():
        torch.set_num_threads(1)
        inputs, labels, queries, truth = read_rows(cache)
        rows = torch.from_numpy(np.flatnonzero(masks(len(labels))[subset]))
        outputs = []
        for seed in range(SUBSET_SEEDS):
            module = train(task, inputs[rows], labels[rows], 1000 + SUBSET_SEEDS * subset + seed)[0]
            with torch.no_grad():
                outputs.append(margins(module(queries), truth).numpy())
        write(path, outputs=np.stack(outputs))
    with np.load(path) as stored:
        return stored["outputs"]


def masks(count: int) -> np.ndarray:
    """(subsets, n) the halves, drawn once for all tasks."""
    draw = np.random.default_rng(1)
    chosen = np.zeros((SUBSETS, count), dtype=bool)
    for row in chosen:
        row[draw.choice(count, count // 2, replace=False)] = True
    return chosen


def prepare(task: Task, cache: Path, processes: int) -> None:
    """Rows, modules and ground truth of a task, each made only where it is missing."""
    (cache / "subsets").mkdir(parents=True, exist_ok=True)
    if not (cache / "rows.npz").exists():
        write(cache / "rows.npz", **make_rows(task))
    with ProcessPoolExecutor(processes) as pool:
        list(pool.map(partial(write_modules, task, cache), range(MODEL_SEEDS)))
        outputs = np.stack(list(pool.map(partial(retrained, task, cache), range(SUBSETS))))
    write(cache / "truth.npz", masks=masks(len(read_rows(cache)[1])), outputs=outputs)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", choices=TASKS)
    parser.add_argument("cache", type=Path)
    parser.add_argument("--processes", type=int, default=2)
    queried = parser.parse_args()
    prepare(TASKS[queried.task], queried.cache / queried.task, queried.processes)


if __name__ == "__main__":
    main()
