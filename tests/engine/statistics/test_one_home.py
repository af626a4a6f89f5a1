"""No other module computes quantiles, limits of shares or corrections: two copies of a formula drift apart."""

import ast
import re
from pathlib import Path

import samplewise

SOURCE = Path(samplewise.__file__).parent
HOME = SOURCE / "engine" / "statistics"
TAKEN = re.compile(
    r"(?:^|\.)(?:ndtri|stdtrit?|betainc\w*inv|proportion_ci|false_discovery_control|bootstrap|multinomial"
    r"|(?:norm|t|beta|binom|poisson)\.(?:ppf|isf|interval)|(?:norm|t|binom)\.sf)$"
)
OTHERS = {  # what is no interval, or a method's own subject
    ("generalization/test_scores/conformal.py", "stats.beta.ppf"),  # the law of a share of rows that belong
    ("generalization/test_scores/adaptive_test_reuse.py", "stats.binom.ppf"),  # rows it takes to certify a claim
}


def others():
    return [file for file in SOURCE.rglob("*.py") if HOME not in file.parents]


def test_quantiles_and_corrections_are_computed_in_one_place():
    found = {
        (file.relative_to(SOURCE).as_posix(), called)
        for file in others()
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Call) and TAKEN.search(called := ast.unparse(node.func))
    }
    assert found == OTHERS


def test_no_quantile_is_written_out():
    for file in others():
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            assert not (isinstance(node, ast.Constant) and str(node.value)[:4] in ("1.95", "1.96")), file
