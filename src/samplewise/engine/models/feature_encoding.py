"""Rows as numbers, without reading a label: a dense space for distances and heads, codes for trees.

No label enters an encoding, so one encoding of all rows may serve every fit of an audit without leaking an answer
(docs/decisions/0002).
"""

from typing import Any

import numpy as np
from scipy import sparse
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer

from samplewise.core.arrays import Array, Floats, Ints
from samplewise.core.randomness import derive_seed
from samplewise.data.changed_cells import cell_text
from samplewise.data.columns import Column, describe_columns
from samplewise.data.dataset import Dataset
from samplewise.data.images import Images
from samplewise.engine.models.image_features import image_features
from samplewise.engine.neighbors import exact_groups

REDUCED = 128  # dimensions a sparse matrix or a text column is reduced to
CATEGORIES = 254  # histogram boosting takes 255 codes; the last one stands for "any other"
SHARED_SCALE = 20.0  # columns whose spreads stay within this factor share one scale (pixels, embeddings)


class SpaceEncoder:
    """Rows as points (n, d) in which distance means likeness: what neighbors, heads and outliers are computed on.

    Numbers, and ranks of ordered categories, are scaled (together where they share a scale, else one by one), missing
    ones set to the median with an indicator; categories become indicator columns; text and sparse rows become TF-IDF
    reduced by truncated SVD; images become the built-in image features.
    """

    def __init__(self, X: Any, *, columns: tuple[Column, ...] | None = None, seed: int = 0) -> None:
        """Learn scales, categories and reductions from the features alone; a frame's `columns` may be known."""
        self.seed = derive_seed(seed, "space") % 2**31
        if isinstance(X, Images):
            self._parts: list[Any] = [_image_part]
        elif sparse.issparse(X):
            self._parts = [_ReducedPart(X, self.seed)]
        elif hasattr(X, "iloc"):
            self._parts = _frame_parts(X, describe_columns(X) if columns is None else columns, self.seed)
        else:
            self._parts = [_NumberPart(np.asarray(X, dtype=np.float64))]

    def __call__(self, X: Any) -> Floats:
        """(n, d) float64, C-contiguous."""
        return np.ascontiguousarray(np.hstack([part(X) for part in self._parts]))


class TreeCodes:
    """Rows as a float matrix (n, d) for trees: categories as codes, ordered ones as ranks, missing as NaN.

    `categorical` (d,) says which columns are codes.
    """

    def __init__(self, X: Any, *, columns: tuple[Column, ...] | None = None, seed: int = 0) -> None:
        """Learn the categories of every column and the reductions of text columns."""
        seed = derive_seed(seed, "codes") % 2**31
        if hasattr(X, "iloc"):
            described = describe_columns(X) if columns is None else columns
            features = [column for column in described if column.role == "feature"]
            self._parts: list[Any] = [_code_part(X, column, seed) for column in features]
        else:
            self._parts = [SpaceEncoder(X, seed=seed) if isinstance(X, Images) or sparse.issparse(X) else _as_floats]
        widths = [
            (isinstance(part, _Codes), part(X[:1] if not hasattr(X, "iloc") else X.iloc[:1]).shape[1])
            for part in self._parts
        ]
        self.categorical = np.concatenate([np.full(width, coded) for coded, width in widths])

    def __call__(self, X: Any) -> Floats:
        """(n, d) float64 with NaN for missing."""
        return np.ascontiguousarray(np.hstack([part(X) for part in self._parts]))


def feature_space(data: Dataset, *, seed: int = 0) -> Floats:
    """The rows of a data set as points (n, d); see `SpaceEncoder`."""
    return SpaceEncoder(data.X, columns=data.columns, seed=seed)(data.X)


def exact_duplicates(X: Any, space: Floats) -> Ints:
    """Group number of each row (n,), without unit: rows of one group are equal to whatever learns from X.

    Pictures are compared by their pixels at the common size, everything else by its point in `space`: the features of
    a picture come from matrix products, whose last bits depend on the processor and on what is computed with them.

    Args:
        X: the n rows as the learner sees them: user-supplied features of pictures are numbers, not pictures.
        space: (n, d) the same rows as points (`feature_space`).

    Returns: (n,) 0, 1, ... in the order in which the groups first appear.
    Cost: O(n d log n); for pictures in files that were never read, one read of them.
    Not for: nearly equal rows (see `build_graph`).
    Source: by definition.

    >>> pictures = np.zeros((3, 8, 8), dtype=np.uint8)
    >>> pictures[1] = 255
    >>> images = Images.from_array(pictures)
    >>> exact_duplicates(images, SpaceEncoder(images)(images))
    array([0, 1, 0])
    """
    return exact_groups(X.content_keys() if isinstance(X, Images) else space)


def _as_floats(X: Any) -> Floats:
    return np.asarray(X, dtype=np.float64)


def _frame_parts(frame: Any, columns: tuple[Column, ...], seed: int) -> list[Any]:
    features = [column for column in columns if column.role == "feature"]
    numbers = [column for column in features if column.kind in ("numeric", "boolean") or column.ranks]
    parts: list[Any] = [_FrameNumbers(frame, numbers)] if numbers else []
    parts += [_Indicators(frame, column.name) for column in features if column.unordered]
    parts += [_TextPart(frame, column.name, seed) for column in features if column.kind == "text"]
    return parts or [_Nothing()]


def _code_part(frame: Any, column: Column, seed: int) -> Any:
    if column.unordered:
        return _Codes(frame, column.name)
    return _TextPart(frame, column.name, seed) if column.kind == "text" else _FrameColumn(column)


class _NumberPart:
    """Numbers scaled by their spread, medians for missing ones, an indicator column where any is missing."""

    def __init__(self, values: Floats) -> None:
        known = np.isfinite(values)
        self.holes = np.flatnonzero(~known.all(axis=0))
        if len(self.holes):
            self.center = np.array([_middle(column[there]) for column, there in zip(values.T, known.T, strict=True)])
            squares = np.square(np.where(known, values - self.center, 0.0)).sum(axis=0)
            spread = np.sqrt(squares / np.maximum(known.sum(axis=0), 1))
        else:
            self.center, spread = values.mean(axis=0), values.std(axis=0)
        self.scale = _scales(spread)

    def __call__(self, values: Any) -> Floats:
        values = np.asarray(values, dtype=np.float64)
        scaled = (values - self.center) / self.scale
        absent = np.isnan(scaled)
        scaled[absent] = 0.0
        return np.hstack([scaled, absent[:, self.holes].astype(np.float64)]) if len(self.holes) else scaled


def _middle(values: Floats) -> float:
    """The median, 0 where there is no value."""
    return float(np.median(values)) if len(values) else 0.0


def _scales(spread: Floats) -> Floats:
    """One scale for all columns where their spreads are alike, else each its own; constant columns keep 1."""
    moving = spread[spread > 1e-12 * max(spread.max(initial=0.0), 1e-300)]
    if not len(moving):
        return np.ones_like(spread)
    low, high = np.quantile(moving, [0.2, 0.9])  # some pixels at the edge of pictures hardly ever move
    if len(spread) > 8 and high <= SHARED_SCALE * low:
        return np.full_like(spread, np.sqrt(np.mean(np.square(moving))))
    return np.where(spread > 1e-12 * spread.max(), spread, 1.0)


class _FrameNumbers(_NumberPart):
    """The numeric columns of a frame, and the ranks of ordered ones."""

    def __init__(self, frame: Any, columns: list[Column]) -> None:
        self.columns = columns
        super().__init__(_numbers(frame, columns))

    def __call__(self, values: Any) -> Floats:
        return super().__call__(_numbers(values, self.columns))


class _FrameColumn:
    """One numeric column as it is, or the ranks of an ordered one; NaN where missing."""

    def __init__(self, column: Column) -> None:
        self.column = column

    def __call__(self, frame: Any) -> Floats:
        return _numbers(frame, [self.column])


def _numbers(frame: Any, columns: list[Column]) -> Floats:
    """(n, d) numbers; of ordered categories their ranks from 0, NaN for values that have none."""
    ranked = {column.name: _ranks(frame[column.name], column.ranks) for column in columns if column.ranks}
    held = frame[[column.name for column in columns]]
    held = held.assign(**ranked) if ranked else held
    return np.asarray(held.to_numpy(dtype=np.float64, na_value=np.nan))


def _ranks(values: Any, order: tuple[str, ...]) -> Floats:
    places = {value: float(rank) for rank, value in enumerate(order)}
    texts = values.astype(object).map(cell_text, na_action="ignore")
    return np.asarray(texts.map(places), dtype=np.float64)


def _categories(frame: Any, name: str, most: int) -> list[str]:
    """The most frequent values of a column as text, ties by name: no dependence on row order."""
    counts = frame[name].dropna().astype(str).value_counts()
    return sorted(counts.index, key=lambda value: (-int(counts[value]), value))[:most]


def _coded(frame: Any, name: str, categories: list[str]) -> Ints:
    """Position of every value in `categories`; len(categories) for any other, -1 for missing."""
    column = frame[name]
    lookup = {value: code for code, value in enumerate(categories)}
    codes = column.astype(str).map(lookup).fillna(len(categories)).to_numpy(dtype=np.intp)
    return np.where(column.isna().to_numpy(), -1, codes)


class _Indicators:
    """A category column as indicator columns scaled so that two different values are one unit apart."""

    def __init__(self, frame: Any, name: str) -> None:
        self.name, self.categories = name, _categories(frame, name, 64)

    def __call__(self, frame: Any) -> Floats:
        codes = _coded(frame, self.name, self.categories)
        return np.eye(len(self.categories) + 1)[codes][:, : len(self.categories)] * (codes >= 0)[:, None] * np.sqrt(0.5)


class _Codes:
    """A category column as codes, NaN where missing; rare values share the last code."""

    def __init__(self, frame: Any, name: str) -> None:
        self.name, self.categories = name, _categories(frame, name, CATEGORIES)

    def __call__(self, frame: Any) -> Floats:
        codes = _coded(frame, self.name, self.categories).astype(np.float64)[:, None]
        codes[codes < 0] = np.nan
        return codes


class _ReducedPart:
    """A sparse matrix reduced by truncated SVD, or as it is when it is narrow."""

    def __init__(self, matrix: Any, seed: int) -> None:
        rank = min(REDUCED, min(matrix.shape) - 1)
        self.reduction = None
        if matrix.shape[1] > REDUCED and rank >= 1:
            self.reduction = TruncatedSVD(rank, random_state=seed).fit(matrix)

    def __call__(self, matrix: Any) -> Floats:
        if self.reduction is None:
            return np.asarray(matrix.toarray(), dtype=np.float64)
        rows = matrix.tocsr()
        if not rows.has_canonical_format:  # equal rows whose entries are stored in another order would round otherwise
            rows = rows.copy()
            rows.sum_duplicates()
        return np.asarray(self.reduction.transform(rows), dtype=np.float64)


class _TextPart:
    """A text column as TF-IDF of words and word pairs, reduced by truncated SVD.

    Texts that share no word (codes, signs, single letters) are compared by runs of up to three characters; where they
    share none of those either, nothing is read from them.
    """

    def __init__(self, frame: Any, name: str, seed: int) -> None:
        self.name = name
        texts, least = self._texts(frame), 2 if len(frame) > 50 else 1
        for read in ({"ngram_range": (1, 2)}, {"analyzer": "char", "ngram_range": (1, 3)}):
            self.words = TfidfVectorizer(sublinear_tf=True, max_features=50_000, min_df=least, **read)
            try:
                counts = self.words.fit_transform(texts)
            except ValueError:  # scikit-learn's way to say that no word, or none that two texts share, is there
                continue
            self.reduced: _ReducedPart | None = _ReducedPart(counts, seed)
            return
        self.reduced = None

    def __call__(self, frame: Any) -> Floats:
        return _Nothing()(frame) if self.reduced is None else self.reduced(self.words.transform(self._texts(frame)))

    def _texts(self, frame: Any) -> Array:
        return np.asarray(frame[self.name].fillna("").astype(str))


def _image_part(images: Images) -> Floats:
    """Images as the built-in features, which need no fit; duplicates get the features of the first.

    Products in single precision are rounded differently in another batch, and duplicates must be at distance exactly 0.
    """
    features = image_features(images)
    groups = exact_groups(images.content_keys())  # known from the pass for the features
    first = np.unique(groups, return_index=True)[1][groups]
    repeats = np.flatnonzero(first != np.arange(len(first)))
    features[repeats] = features[first[repeats]]
    return np.asarray(features, dtype=np.float64)


class _Nothing:
    """No usable column: one constant, so that the share of the largest class is what a model can learn."""

    def __call__(self, frame: Any) -> Floats:
        return np.zeros((len(frame), 1))
