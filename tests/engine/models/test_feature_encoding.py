"""Encodings see no label, keep row order out, survive missing and unseen values."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from samplewise.data.columns import Column
from samplewise.data.dataset import Dataset
from samplewise.engine.models import SpaceEncoder, TreeCodes, feature_space


def mixed_frame(count=300, seed=0):
    draw = np.random.default_rng(seed)
    age = draw.normal(40, 10, count)
    age[::17] = np.nan
    return pd.DataFrame(
        {
            "age": age,
            "income": draw.lognormal(10, 1, count),
            "city": draw.choice(["Oslo", "Rome", "Lima", None], count),
            "note": [" ".join(draw.choice(["red", "blue", "green", "old", "new", "car"], 5)) for _ in range(count)],
        }
    )


def test_mixed_frame_becomes_finite_points():
    frame = mixed_frame()
    space = feature_space(Dataset(frame))
    assert np.isfinite(space).all()
    assert space.flags.c_contiguous
    assert len(space) == 300
    assert space.shape[1] >= 2 + 1 + 3


def test_scales_are_one_by_one_for_unlike_columns_and_shared_for_alike_ones():
    draw = np.random.default_rng(0)
    unlike = draw.normal(size=(500, 3)) * [1.0, 1000.0, 1e-4]
    np.testing.assert_allclose(SpaceEncoder(unlike)(unlike).std(axis=0), 1.0)
    alike = draw.normal(size=(500, 12)) * np.linspace(1, 3, 12)
    spread = SpaceEncoder(alike)(alike).std(axis=0)
    np.testing.assert_allclose(spread / spread[0], alike.std(axis=0) / alike.std(axis=0)[0])


def test_constant_and_all_missing_columns_do_no_harm():
    X = np.column_stack([np.ones(50), np.full(50, np.nan), np.arange(50.0)])
    space = SpaceEncoder(X)(X)
    assert np.isfinite(space).all()


def test_shuffled_rows_are_the_same_points():
    frame = mixed_frame()
    order = np.random.default_rng(1).permutation(len(frame))
    first, second = feature_space(Dataset(frame)), feature_space(Dataset(frame.iloc[order]))
    gram = first[order] @ first[order].T
    np.testing.assert_allclose(second @ second.T, gram, atol=1e-6)


def test_new_rows_with_unseen_values_are_mapped():
    frame = mixed_frame()
    encoder = SpaceEncoder(frame)
    new = frame.iloc[:2].copy()
    new["city"] = ["Atlantis", None]
    assert np.isfinite(encoder(new)).all()


def test_wide_sparse_rows_are_reduced_and_narrow_ones_kept():
    wide = sparse.random(200, 5000, density=0.01, format="csr", random_state=0)
    assert SpaceEncoder(wide)(wide).shape == (200, 128)
    narrow = sparse.random(200, 50, density=0.1, format="csr", random_state=0)
    np.testing.assert_allclose(SpaceEncoder(narrow)(narrow), narrow.toarray())


def test_tree_codes_mark_categories_and_keep_missing():
    frame = mixed_frame()
    coder = TreeCodes(frame)
    codes = coder(frame)
    assert codes.shape[1] == len(coder.categorical)
    assert coder.categorical[:3].tolist() == [False, False, True]
    assert np.isnan(codes[::17, 0]).all()
    assert np.isnan(codes[frame["city"].isna().to_numpy(), 2]).all()


def test_rare_categories_share_the_last_code():
    frame = pd.DataFrame({"code": [f"v{value}" for value in range(400) for _ in range(2)], "x": np.arange(800.0) % 7})
    codes = TreeCodes(frame)(frame)
    assert codes[:, 0].max() == pytest.approx(254)
    assert (codes[:, 0] == 254).sum() == 800 - 2 * 254


@pytest.mark.parametrize(
    ("texts", "told_apart"),
    [
        ([f"word{row % 3} and more" for row in range(60)], [0, 1, 2]),
        ([f"u{row}" for row in range(60)], [0, 1, 2]),  # no word twice
        (["?!", "..", "?"] * 20, [0, 1, 2]),  # no word at all
        ([chr(0x4E00 + row) for row in range(60)], []),  # not even a sign twice
        ([""] * 60, []),
    ],
)
@pytest.mark.parametrize("encoder", [SpaceEncoder, TreeCodes])
def test_texts_without_common_words_are_compared_by_their_signs(encoder, texts, told_apart):
    frame = pd.DataFrame({"s": texts})
    space = encoder(frame, columns=(Column("s", "text"),))(frame)
    assert np.isfinite(space).all()
    assert len(np.unique(space[told_apart].round(9), axis=0)) == len(told_apart)
    assert told_apart or not space.any()


def test_ordered_categories_are_ranks_and_guessed_ones_are_not():
    words = ["low", "high", "medium", None, "low"]
    frame = pd.DataFrame({"x": pd.Categorical(words, categories=["low", "medium", "high"], ordered=True)})
    codes = TreeCodes(frame)
    assert np.array_equal(codes(frame)[:, 0], [0, 2, 1, np.nan, 0], equal_nan=True)
    assert not codes.categorical.any()
    assert SpaceEncoder(frame)(frame).shape == (5, 2)  # the rank, and whether it is missing
    guessed = TreeCodes(frame.astype("object"))
    assert guessed.categorical.all()
    said = Dataset(pd.DataFrame({"x": [3.0, 1.0, 2.0]}), kinds={"x": ["2", "3", "1"]})
    assert TreeCodes(said.X, columns=said.columns)(said.X)[:, 0].tolist() == [1, 2, 0]
