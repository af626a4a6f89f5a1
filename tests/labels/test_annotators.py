"""Several annotators: recovery of truth and confusions, likelihood, priors, refusals."""

import numpy as np
import pandas as pd
import pytest

from samplewise.core.errors import InputError
from samplewise.labels import dawid_skene


def annotated(rows=600, skills=(0.95, 0.7, 0.6, 0.55, 0.5), classes=3, missing=0.4, seed=0):
    """Truth and what annotators of different skill say, some of it missing."""
    draw = np.random.default_rng(seed)
    truth = draw.integers(0, classes, rows)
    said = np.empty((rows, len(skills)))
    for who, skill in enumerate(skills):
        wrong = draw.random(rows) > skill
        said[:, who] = np.where(wrong, (truth + draw.integers(1, classes, rows)) % classes, truth)
    said[draw.random(said.shape) < missing] = np.nan
    return truth, said


def test_better_than_the_vote_and_annotators_are_known():
    truth, said = annotated()
    found = dawid_skene(said)
    known = np.isfinite(said).any(axis=1)
    vote = np.array([np.bincount(row[np.isfinite(row)].astype(int), minlength=3).argmax() for row in said])
    assert (found.label[known] == truth[known]).mean() > (vote[known] == truth[known]).mean() + 0.03
    np.testing.assert_allclose(found.quality.values, [0.95, 0.7, 0.6, 0.55, 0.5], atol=0.07)
    np.testing.assert_allclose(found.posterior.sum(axis=1), 1.0)
    np.testing.assert_allclose(found.confusion.sum(axis=2), 1.0)


@pytest.mark.parametrize("seed", range(5))
def test_the_likelihood_never_falls(seed):
    truth, said = annotated(200, missing=0.6, seed=seed)
    assert (np.diff(dawid_skene(said).log_likelihood) >= -1e-9).all()
    probabilities = np.full((200, 3), 0.1) + 0.7 * np.eye(3)[truth]
    assert (np.diff(dawid_skene(said, probabilities=probabilities).log_likelihood) >= -1e-9).all()


def test_posteriors_are_calibrated():
    truth, said = annotated(4000, skills=(0.7, 0.7, 0.6))
    found = dawid_skene(said)
    sure = found.posterior.max(axis=1)
    for low, high in ((0.5, 0.7), (0.7, 0.9), (0.9, 1.0)):
        chosen = (sure > low) & (sure <= high)
        assert (found.label[chosen] == truth[chosen]).mean() == pytest.approx(sure[chosen].mean(), abs=0.06)


def test_a_model_helps_where_annotators_are_silent():
    truth, said = annotated(300, missing=0.8)
    draw = np.random.default_rng(1)
    probabilities = draw.dirichlet([0.3] * 3, 300) * 0.4 + 0.6 * np.eye(3)[truth]
    alone, helped = dawid_skene(said), dawid_skene(said, probabilities=probabilities)
    assert (helped.label == truth).mean() > (alone.label == truth).mean() + 0.1


def test_words_frames_ids_and_order():
    _, said = annotated(80)
    names = np.array(["cat", "dog", "eel"], dtype=object)
    words = pd.DataFrame(np.where(np.isnan(said), None, names[np.nan_to_num(said).astype(int)]))
    found, numbers = dawid_skene(words, names=list("abcde")), dawid_skene(said)
    np.testing.assert_allclose(found.posterior, numbers.posterior)
    assert found.classes.tolist() == ["cat", "dog", "eel"]
    assert found.quality.keys.tolist() == list("abcde")
    order = np.random.default_rng(0).permutation(80)
    np.testing.assert_allclose(dawid_skene(said[order]).posterior, numbers.posterior[order], atol=1e-10)
    assert numbers.classes.dtype.kind == "i"


@pytest.mark.parametrize(
    ("annotations", "options", "text"),
    [
        (["a", "b"], {}, "one column per annotator"),
        ([[None, None], [None, None]], {}, "no row has any label"),
        ([["a", "a"], ["a", None]], {}, "all annotators say the same"),
        ([["a", "b"], ["b", "b"]], {"probabilities": np.ones((2, 3)) / 3}, "sorted order of the classes"),
        ([["a", "b"], ["b", "b"]], {"probabilities": [[0.5, 0.5], [0.5, 0.9]], "ids": ["x", "y"]}, "rows id y"),
    ],
)
def test_refusals(annotations, options, text):
    with pytest.raises(InputError, match=text):
        dawid_skene(np.array(annotations, dtype=object), **options)
