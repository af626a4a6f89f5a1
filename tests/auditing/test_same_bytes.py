"""The same audit writes the same bytes but seconds and environment, whatever the process around it is like."""

import json
import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

SCRIPT = """
import multiprocessing, sys
import samplewise as sw

def run(folder):
    sw.audit("t.csv", label="kind", id="key", learner="kernel", checks="SW101,SW102,SW104,SW201,SW501", run_dir=folder)

if __name__ == "__main__":
    way, folder = sys.argv[1:]
    if way == "here":
        run(folder)
    else:
        child = multiprocessing.get_context(way).Process(target=run, args=(folder,))
        child.start()
        child.join()
        sys.exit(child.exitcode)
"""
AROUND = {
    "hash seed 1": ("here", {"PYTHONHASHSEED": "1"}),
    "hash seed 2, plain C, optimized": ("here", {"PYTHONHASHSEED": "2", "LC_ALL": "C", "PYTHONOPTIMIZE": "2"}),
    "spawned, German": ("spawn", {"LC_ALL": "de_DE.UTF-8"}),
} | ({"forked": ("fork", {})} if hasattr(os, "fork") else {})


def content(folder):
    """The record as text, without seconds, environment and the checksum over both."""
    record = json.loads((folder / "audit.json").read_bytes())
    for name in ("environment", "checksum"):
        del record[name]
    for outcome in record["outcomes"]:
        del outcome["seconds"]
    return json.dumps(record)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A function from a way to run to the record it leaves."""
    here = tmp_path_factory.mktemp("same")
    draw = np.random.default_rng(0)
    frame = pd.DataFrame(draw.normal(size=(90, 3)), columns=list("abc")).round(5)
    frame["city"] = draw.choice(["Köln", "Oslo", "Bern"], 90)
    frame["kind"] = np.where(frame["a"] + 0.3 * draw.normal(size=90) > 0, "ja", "nein")
    frame = pd.concat([frame, frame.iloc[:8]], ignore_index=True)
    frame.insert(0, "key", [f"k{row}" for row in range(len(frame))])
    frame.to_csv(here / "t.csv", index=False)
    (here / "run.py").write_text(SCRIPT)

    def run(name):
        way, variables = AROUND[name]
        command = [sys.executable, "run.py", way, name]
        done = subprocess.run(command, cwd=here, env=os.environ | variables, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return content(here / name)

    return run


def test_the_record_is_the_same_byte_for_byte(made):
    records = {name: made(name) for name in AROUND}
    first = records["hash seed 1"]
    assert '"code": "SW201"' in first
    assert [name for name, text in records.items() if text != first] == []
