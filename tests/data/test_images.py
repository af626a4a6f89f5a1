"""Pictures in memory and in files, at one size, with thumbnails that any browser can draw."""

import base64
import io
import sys

import numpy as np
import pytest
from PIL import Image

from samplewise.core.errors import InputError
from samplewise.data.images import Images

GRAY = np.arange(4 * 6 * 5, dtype=np.uint8).reshape(4, 6, 5)
COLOR = np.arange(4 * 6 * 5 * 3, dtype=np.uint16).reshape(4, 6, 5, 3).astype(np.uint8)


@pytest.fixture
def files(tmp_path):
    paths = []
    for number, side in enumerate((20, 30, 30, 40)):
        paths.append(tmp_path / f"{number}.png")
        Image.fromarray(np.full((side, side, 3), 10 * number, dtype=np.uint8)).save(paths[-1])
    return paths


def read_back(uri):
    assert uri.startswith("data:image/png;base64,")
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2]))))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (GRAY, GRAY[..., np.newaxis]),
        (COLOR, COLOR),
        (np.moveaxis(COLOR, 3, 1), COLOR),
        (GRAY.astype(np.int64), GRAY[..., np.newaxis]),
        (GRAY / 255, GRAY[..., np.newaxis]),
    ],
)
def test_arrays_become_bytes_channels_last(values, expected):
    images = Images.from_array(values)
    assert images.shape == expected.shape
    np.testing.assert_array_equal(np.concatenate(list(images.blocks(3))), expected)


def test_more_than_8_bits_have_the_white_of_their_bits():
    deep = np.array([[[0, 2000], [4000, 1000]]] * 2)
    for values in (deep, deep.astype(np.uint16), deep.astype(np.int32)):
        images = Images.from_array(values)
        assert images.scale == (0, 4095)
        assert images.pixels[0, ..., 0].tolist() == [[0, 125], [249, 62]]
        assert images.notes == ("pixels: 0 is shown as black, 4095 as white",)


@pytest.mark.parametrize("values", [GRAY > 50, (GRAY > 50).astype(np.uint8), (GRAY > 50).astype(float)])
def test_two_values_are_black_and_white(values):
    np.testing.assert_array_equal(Images.from_array(values).pixels[..., 0], np.where(GRAY > 50, 255, 0))


def test_bytes_written_as_fractions_stay_what_they_are():
    images = Images.from_array(np.maximum(GRAY, 9) + (GRAY == 200) + 80.0)
    assert images.pixels.min() == 89
    assert images.notes == ()


def test_blank_pictures_show_nothing():
    draw = np.random.default_rng(0).integers(0, 256, (4, 9, 9, 4), dtype=np.uint8)
    draw[1, ..., :3] = 77  # only its opacity varies
    draw[2] = 200 + draw[2] % 4
    images = Images.from_array(draw)
    assert images.blank().tolist() == [False, True, True, False]
    assert images[[2, 0]].blank().tolist() == [True, False]
    assert images[:0].blank().shape == (0,)


def test_test_pictures_take_black_and_white_of_the_others(tmp_path):
    train, test = np.array([[[0, 4000]]], dtype=np.uint16), np.array([[[0, 1000]]], dtype=np.uint16)
    first, second = Images.from_array(train), Images.from_array(test)
    assert second.pixels.max() == 249
    assert second.at_size(first).pixels.max() == 62
    assert Images.from_array(test / 4096).at_size(first).pixels.max() == 62  # 0..1 has a white of its own
    for name, values in (("a", train), ("b", test)):
        Image.fromarray(values[0]).save(tmp_path / f"{name}.png")
    files = Images.from_files([tmp_path / "b.png"]).at_size(Images.from_files([tmp_path / "a.png"]))
    assert files.scale == (0, 4095)
    assert files.pixels.max() == 62


def test_pictures_that_follow_others_are_read_like_them(files):
    train, test = Images.from_files(files), Images.from_files(files[:1])
    train.content_keys()
    both = train.followed_by(test)
    assert both.shape == (5, 30, 30, 3)
    assert np.array_equal(both.content_keys()[4], both.content_keys()[0])
    files[0].write_bytes(b"broken")
    both = Images.from_files(files).followed_by(train)
    assert both.unreadable.tolist() == [True] + [False] * 7
    with pytest.raises(InputError, match="differ in size"):
        Images.from_array(GRAY).followed_by(Images.from_array(COLOR))


def test_any_range_of_numbers_is_stretched_to_bytes():
    pixels = Images.from_array(np.linspace(-5, 700, 32).reshape(2, 4, 4)).pixels
    assert (pixels.min(), pixels.max()) == (0, 255)


def test_bytes_are_not_copied():
    assert np.shares_memory(Images.from_array(GRAY).pixels, GRAY)


@pytest.mark.parametrize("positions", [[3, 1], np.array([3, 1]), slice(1, 3), np.array([False, True, False, True]), 2])
def test_subsets_are_images(positions):
    chosen = Images.from_array(GRAY)[positions]
    expected = GRAY[np.atleast_1d(positions) if not isinstance(positions, slice) else positions]
    np.testing.assert_array_equal(chosen.pixels[..., 0], expected)


def test_files_are_read_in_blocks_at_the_median_size(files):
    images = Images.from_files(files)
    assert images.shape == (4, 30, 30, 3)
    blocks = list(images.blocks(3))
    assert [block.shape for block in blocks] == [(3, 30, 30, 3), (1, 30, 30, 3)]
    assert [int(picture[0, 0, 0]) for block in blocks for picture in block] == [0, 10, 20, 30]
    assert images[[2]].shape == (1, 30, 30, 3)


def test_large_pictures_are_read_smaller_and_gray_ones_gray(tmp_path):
    path = tmp_path / "large.png"
    Image.fromarray(np.zeros((512, 1024), dtype=np.uint8)).save(path)
    assert Images.from_files([path]).shape == (1, 128, 256, 1)


def test_the_common_size_does_not_depend_on_the_order(files):
    assert Images.from_files(files[::-1]).shape == Images.from_files(files).shape


def test_pictures_in_memory_are_resized_to_one_size(files):
    opened = [Image.open(path) for path in files]
    encoded = [{"bytes": path.read_bytes()} for path in files]
    arrays = [np.asarray(picture) for picture in opened]
    for pictures in (opened, encoded, arrays):
        images = Images.from_pictures(pictures)
        assert images.shape == (4, 30, 30, 3)
        assert images.pixels[:, 0, 0, 0].tolist() == [0, 10, 20, 30]


def test_thumbnails_show_the_picture():
    drawn = read_back(Images.from_array(GRAY).thumbnail(1, size=6))
    np.testing.assert_array_equal(drawn, GRAY[1])
    larger = read_back(Images.from_array(COLOR).thumbnail(2, size=12))
    np.testing.assert_array_equal(larger[::2, ::2], COLOR[2])
    assert read_back(Images.from_array(np.zeros((1, 300, 200), dtype=np.uint8)).thumbnail(0)).shape == (96, 64)


def test_thumbnails_of_files_show_the_file(files):
    drawn = read_back(Images.from_files(files).thumbnail(3))
    assert drawn.shape == (96, 96, 3)
    assert (drawn == 30).all()


def test_fingerprints_follow_the_content(files):
    assert Images.from_array(GRAY).fingerprint() == Images.from_array(GRAY.copy()).fingerprint()
    assert Images.from_array(GRAY).fingerprint() != Images.from_array(GRAY[::-1]).fingerprint()
    before = Images.from_files(files).fingerprint()
    assert before == Images.from_files(files).fingerprint()
    Image.fromarray(np.full((20, 20, 3), 99, dtype=np.uint8)).save(files[0])
    assert Images.from_files(files).fingerprint() != before


def test_pillow_is_not_loaded_for_arrays_and_is_required_by_name(monkeypatch, files):
    monkeypatch.setitem(sys.modules, "PIL", None)
    assert Images.from_array(GRAY).thumbnail(0)
    with pytest.raises(InputError, match=r"(?s)needs Pillow.*pip install .samplewise\[images\]"):
        Images.from_files(files)


def test_unreadable_files_are_named(files):
    files[2].write_bytes(b"not a picture")
    images = Images.from_files(files)
    assert images.unreadable.tolist() == [False, False, True, False]
    with pytest.raises(InputError, match=r"(?s)cannot be read.*2\.png.*replace them"):
        list(images.blocks())
    with pytest.raises(InputError, match=r"2\.png"):
        images.thumbnail(2)
    assert images[~images.unreadable].blank().all()


@pytest.mark.parametrize(
    ("values", "what", "fix"),
    [
        (np.zeros((2, 5, 5, 7)), "this one is none.*2, 5, 5, 7", "reshape"),
        (np.zeros((2, 0, 5)), "this one is none", "reshape"),
        (np.array([[["a"]]]), "must be numbers", "uint8"),
        (np.array([[[0.5]], [[np.nan]]]), "missing or infinite.*rows id 1", "drop those images"),
    ],
)
def test_arrays_that_are_no_images_are_refused(values, what, fix):
    with pytest.raises(InputError, match=f"(?s){what}.*fix: .*{fix}"):
        Images.from_array(values)


def test_no_files_and_no_pictures_are_refused():
    with pytest.raises(InputError, match=r"(?s)no image files.*at least one"):
        Images.from_files([])
    with pytest.raises(InputError, match=r"(?s)no picture.*got: +int.*Pillow images"):
        Images.from_pictures([3])


def test_what_it_shows_of_itself(files):
    assert repr(Images.from_array(GRAY)) == "Images(4 of 6 x 5, 1 channels, in memory)"
    assert "in files" in repr(Images.from_files(files))


def test_content_keys_name_the_pixels_at_the_common_size(tmp_path):
    draw = np.random.default_rng(0).integers(0, 256, (4, 12, 10, 3), dtype=np.uint8)
    paths = []
    for number, (picture, kind) in enumerate(zip(draw[[0, 1, 0, 2]], ("png", "png", "bmp", "png"), strict=True)):
        paths.append(tmp_path / f"{number}.{kind}")  # 0 and 2: other bytes, the same pixels
        Image.fromarray(picture).save(paths[-1])
    files, held = Images.from_files(paths), Images.from_array(draw[[0, 1, 0, 2]])
    keys = files.content_keys()
    assert keys.dtype == np.uint8
    assert len(np.unique(keys, axis=0)) == 3
    assert np.array_equal(keys[0], keys[2])
    assert np.array_equal(keys, held.content_keys())
    assert np.array_equal(files[[3, 0]].content_keys(), keys[[3, 0]])
    assert np.array_equal(files[1].content_keys(), keys[[1]])
    turned = Images.from_array(np.swapaxes(draw, 1, 2))
    assert not np.isin(keys, turned.content_keys()).all(axis=1).any()
    assert files[:0].content_keys().shape == (0, 16)


def test_a_full_pass_finds_the_keys_on_its_way(files, monkeypatch):
    images = Images.from_files(files)
    next(images.blocks(2))  # a pass that is broken off finds nothing
    assert images._keys is None
    blocks = [block.copy() for block in images.blocks(2)]
    expected = Images.from_array(np.concatenate(blocks)).content_keys()
    monkeypatch.setattr(Images, "_block", lambda self, part: pytest.fail(f"{part} is read again"))
    keys = images.content_keys()
    assert np.array_equal(keys, expected)
    assert np.array_equal(images[2:].content_keys(), keys[2:])


def test_pictures_are_compared_at_the_size_of_the_others(files):
    train, test = Images.from_files(files), Images.from_files(files[:1])
    assert train.shape[1:] != test.shape[1:]
    assert np.array_equal(test.at_size(train).content_keys(), train.content_keys()[:1])
    held = Images.from_array(GRAY)
    assert held.at_size(train) is held
    assert train.at_size(train) is train
