import sys

import numpy as np
import pytest
from sklearn.linear_model import RidgeClassifier

from samplewise.core.errors import InputError
from samplewise.data.images import Images
from samplewise.engine.models import image_features

module = sys.modules[image_features.__module__]  # the package's attribute of this name is the function
SAME = 5e-4


def pictures(count=70, shape=(20, 14), seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, *shape), dtype=np.uint8)


def test_beats_pixels_on_clothing(shared_data):
    train = np.load(shared_data / "fashion-mnist" / "train.npz")
    images, labels = train["images"][:4000], train["labels"][:4000]
    accuracy = {}
    for name, rows, ridge in [
        ("pixels", images.reshape(4000, -1) / 255, 100.0),
        ("features", image_features(images), 10.0),
    ]:
        accuracy[name] = RidgeClassifier(alpha=ridge).fit(rows[:2000], labels[:2000]).score(rows[2000:], labels[2000:])
    assert accuracy["features"] > accuracy["pixels"] + 0.04
    assert accuracy["features"] > 0.85


@pytest.mark.parametrize(
    ("shape", "width"), [((20, 14), 960), ((20, 14, 1), 960), ((9, 50, 3), 992), ((40, 40, 4), 992)]
)
def test_width_depends_on_color_only(shape, width):
    features = image_features(pictures(3, shape))
    assert features.shape == (3, width)
    assert features.dtype == np.float32
    assert np.isfinite(features).all()


def on_white(count=150, seed=0):
    images = np.full((count, 28, 28), 255, dtype=np.uint8)
    images[:, 10:18, 10:18] = pictures(count, (8, 8), seed)
    return images


@pytest.mark.parametrize(
    "images", [pictures(150), on_white(), pictures(150, (40, 40, 3))], ids=["noise", "white", "color"]
)
def test_a_picture_has_the_same_features_in_any_batch(images):
    features = image_features(images)
    order = np.random.default_rng(1).permutation(150)
    for found, expected in [
        (image_features(images[order]), features[order]),
        (image_features([images[:1], images[1:100], images[100:]]), features),
        (image_features(images[7:8]), features[7:8]),
        (image_features(Images.from_array(images)), features),
    ]:
        np.testing.assert_allclose(found, expected, rtol=0, atol=SAME)


def test_features_are_those_of_sums_in_another_order(monkeypatch):
    """Products as another processor may take them: in double precision, each rounded once."""
    images = on_white()
    features = image_features(images)
    for name in ("_triangles", "_cell_weights", "_neighbor_means"):
        narrow = getattr(module, name)
        monkeypatch.setattr(module, name, lambda *sizes, narrow=narrow: narrow(*sizes).astype(np.float64))
    np.testing.assert_allclose(image_features(images), features, rtol=0, atol=SAME)


def test_a_white_border_says_nothing():
    features = image_features(on_white())
    assert (features[:, :8] == 0).any(axis=1).all()
    assert len(np.flatnonzero((features == 0).all(axis=0))) > 100  # exactly, and not nearly


def test_types_of_equal_brightness_give_equal_features():
    images = pictures(4)
    features = image_features(images)
    np.testing.assert_allclose(image_features(images / 255), features, atol=1e-3)
    np.testing.assert_allclose(image_features(images.astype(np.uint16) * 257), features, atol=1e-3)
    np.testing.assert_allclose(image_features(np.repeat(images[..., None], 3, axis=-1))[:, :960], features, atol=5e-3)
    assert np.array_equal(image_features(images > 127), image_features((images > 127) * np.uint8(255)))


def test_opacity_is_laid_on_white():
    images = pictures(3, (16, 16, 4))
    images[..., 3] = 0
    blank = image_features(np.full((3, 16, 16, 3), 255, dtype=np.uint8))
    np.testing.assert_allclose(image_features(images), blank, atol=1e-4)


def test_a_flat_picture_has_tone_and_nothing_else():
    features = image_features(np.full((1, 28, 28, 3), [200, 100, 0], dtype=np.uint8))[0]
    np.testing.assert_allclose(features[:944], 0, atol=0.05)
    np.testing.assert_allclose(features[944:960], (0.299 * 200 + 0.587 * 100) / 255, rtol=1e-4)
    np.testing.assert_allclose(features[960:976], 100 / 255, rtol=1e-4)
    np.testing.assert_allclose(features[976:], 150 / 255, rtol=1e-4)


def test_edges_point_where_the_picture_brightens():
    image = np.zeros((1, 32, 32))
    image[:, :, 16:] = 1
    strength = image_features(image)[0, :512].reshape(8, 8, 8)  # direction, down, across
    assert strength.sum(axis=(1, 2)).argmax() == 0  # to the right
    assert strength[0].sum(axis=0)[3:5].min() > 10 * strength[0].sum(axis=0)[[0, 7]].max()
    turned = image_features(np.swapaxes(image, 1, 2))[0, :512].reshape(8, 8, 8)
    np.testing.assert_allclose(turned[2], strength[0].T, atol=1e-4)  # down


def test_color_enters_by_its_own_features():
    red, green = np.zeros((2, 1, 24, 24, 3))
    red[..., 0], green[..., 1] = 1, 1
    apart = image_features(red)[0, 960:976] - image_features(green)[0, 960:976]
    np.testing.assert_allclose(apart, 2, rtol=1e-5)


def test_an_empty_array_has_no_rows_and_the_same_width():
    assert image_features(np.zeros((0, 8, 8), dtype=np.uint8)).shape == (0, 960)


@pytest.mark.parametrize(
    ("images", "where", "fix"),
    [
        (np.zeros((3, 8)), "array 0", r"one picture as picture\[np.newaxis\]"),
        (np.zeros((3, 8, 8, 2)), "array 0", "c = 1, 3 or 4"),
        ([np.zeros((1, 8, 8)), np.zeros((1, 8, 0))], "array 1", "pass"),
        (np.zeros((3, 8, 8), dtype=np.int64), "array 0", "convert to uint8"),
        (np.full((3, 8, 8), 255.0), "array 0", "divide by the value of white"),
        (np.full((3, 8, 8), np.nan), "array 0", "fill missing pixels"),
        (iter([]), "", "at least one array"),
        ([np.zeros((1, 8, 8)), np.zeros((1, 8, 8, 3))], "", "give all arrays 3 channels"),
    ],
)
def test_what_is_no_picture_is_refused(images, where, fix):
    with pytest.raises(InputError, match=fix) as caught:
        image_features(images)
    assert caught.value.where == where
