"""Files and pictures of every mode: what they look like once read, whose white counts, and which are broken."""

import errno
import io
import os

import numpy as np
import pytest
from PIL import Image, ImageOps

from samplewise.core.errors import InputError
from samplewise.data import picture_files
from samplewise.data.images import Images
from samplewise.data.picture_files import (
    Decoded,
    as_bytes,
    decode,
    decoded,
    is_measured,
    require_pillow,
    scale_note,
    scale_of,
    survey,
    unreadable,
)

LEVELS = np.linspace(0, 1, 64).reshape(8, 8)
SIZE = (8, 8, 1)


def saved(path, picture, **options):
    picture.save(path, **options)
    return str(path)


def read(path, size=SIZE):
    return decode(str(path), size, require_pillow())


def listed(*items):
    held = np.empty(len(items), dtype=object)
    for place, item in enumerate(items):
        held[place] = item
    return held


@pytest.mark.parametrize(
    ("low", "high", "whole", "expected"),
    [
        (0, 4001, True, (0, 4095)),
        (0, 4096, True, (0, 8191)),
        (7, 65535, True, (0, 65535)),
        (0, 16, True, (0, 255)),
        (0, 1, True, (0, 1)),
        (0.1, 0.9, False, (0, 1)),
        (3.5, 250.5, False, (0, 255)),
        (0.5, 12.5, False, (0.5, 12.5)),
        (-1000, 3000, True, (-1000, 3000)),
        ([0, 5], [9.5, 300.5], False, (0, 300.5)),
    ],
)
def test_white_is_that_of_the_values(low, high, whole, expected):
    assert scale_of(low, high, whole) == expected
    assert is_measured(expected) == (expected not in ((0, 1), (0, 255)))


def test_without_pictures_there_is_no_white():
    assert scale_of([], [], whole=True) is None
    assert not is_measured(None)
    assert "4095 as white" in scale_note("x", (0.0, 4095.0))


def test_values_become_bytes_between_black_and_white():
    assert as_bytes(np.array([-5.0, 0.0, 40.0, 100.0, 900.0]), (0.0, 100.0)).tolist() == [0, 0, 102, 255, 255]
    assert as_bytes(np.array([7.0]), (7.0, 7.0)).tolist() == [0]
    assert as_bytes(np.array([7.4]), None).tolist() == [7]


@pytest.mark.parametrize("top", [4095, 65535])
def test_deep_pictures_look_like_their_twin_of_8_bits(tmp_path, top):
    saved(tmp_path / "a.png", Image.fromarray((LEVELS * top).round().astype(np.uint16)))
    saved(tmp_path / "b.png", Image.fromarray((LEVELS * top / 4).round().astype(np.uint16)))
    images = Images.from_files([tmp_path / "a.png", tmp_path / "b.png"])
    assert images.scale == (0, top)
    wanted = np.stack([LEVELS, LEVELS / 4]) * 255
    assert np.abs(images.pixels[..., 0] - wanted).max() <= 0.51
    assert f"2 pictures of more than 8 bits: 0 is shown as black, {top} as white" in images.notes


def test_fractions_and_signed_values_in_files_keep_their_range(tmp_path):
    saved(tmp_path / "f.tif", Image.fromarray(LEVELS.astype(np.float32)))
    assert np.abs(Images.from_files([tmp_path / "f.tif"]).pixels[0, ..., 0] - LEVELS * 255).max() <= 0.51
    saved(tmp_path / "s.tif", Image.fromarray((LEVELS * 4000 - 1000).round().astype(np.int32)))
    images = Images.from_files([tmp_path / "s.tif"])
    assert images.scale == (-1000, 3000)
    assert (images.pixels.min(), images.pixels.max()) == (0, 255)
    saved(tmp_path / "n.tif", Image.fromarray(np.where(LEVELS > 0.5, np.nan, 1.0).astype(np.float32)))
    assert read(tmp_path / "n.tif") == "missing or infinite pixels"


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr"])
def test_every_mode_shows_a_white_half_and_a_black_one(tmp_path, mode):
    half = np.zeros((8, 8), dtype=np.uint8)
    half[:, 4:] = 255
    picture = Image.fromarray(half).convert("RGB").convert(mode)
    suffix = "tif" if mode in ("CMYK", "YCbCr") else "png"
    got = read(saved(tmp_path / f"a.{suffix}", picture), (8, 8, 3))
    assert isinstance(got, Decoded)
    assert got.values.shape == (8, 8, 3)
    assert got.values[:, :4].max() <= 1
    assert got.values[:, 4:].min() >= 254


@pytest.mark.parametrize("mode", ["LA", "RGBA", "P"])
def test_what_is_transparent_is_white(tmp_path, mode):
    clear = np.zeros((8, 8, 4), dtype=np.uint8)
    clear[:4, :, 3] = 255  # the upper half is black and opaque, the lower is black and cannot be seen
    picture = Image.fromarray(clear)
    if mode == "P":
        indexed = Image.fromarray((clear[..., 3] == 0).astype(np.uint8), mode="P")
        indexed.putpalette([0, 0, 0, 0, 0, 0])
        path = saved(tmp_path / "a.png", indexed, transparency=1)
    else:
        path = saved(tmp_path / "a.png", picture.convert(mode))
    values = read(path).values
    assert values[:4].max() == 0
    assert values[4:].min() == 255


@pytest.mark.parametrize("orientation", [2, 3, 6, 8])
@pytest.mark.parametrize("kind", ["tif", "png", "jpg"])
def test_the_tag_of_a_camera_is_applied(tmp_path, orientation, kind):
    draw = np.random.default_rng(orientation).integers(0, 255, (6, 10, 3), dtype=np.uint8)
    tags = Image.Exif()
    tags[0x0112] = orientation
    saved(tmp_path / f"a.{kind}", Image.fromarray(draw), exif=tags)
    images = Images.from_files([tmp_path / f"a.{kind}"])
    with Image.open(tmp_path / f"a.{kind}") as opened:
        upright = np.asarray(ImageOps.exif_transpose(opened))
    assert images.shape[1:] == upright.shape
    np.testing.assert_array_equal(images.pixels[0], upright)
    assert not np.array_equal(upright, draw)
    assert "1 picture turned upright by the orientation tag" in images.notes


def test_of_several_frames_the_first_is_read(tmp_path):
    frames = [Image.fromarray(np.full((8, 8), level, dtype=np.uint8)) for level in (10, 200)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    images = Images.from_files([tmp_path / "a.gif"])
    assert np.abs(images.pixels.astype(int) - 10).max() <= 1
    assert "1 file with several frames: the first is read" in images.notes


def broken(kind, path):
    whole = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)).save(whole, "JPEG")
    content = {"truncated": whole.getvalue()[:900], "empty": b"", "text": b"no picture"}.get(kind)
    if content is not None:
        path.write_bytes(content)
    elif kind == "folder":
        path.mkdir()
    elif kind != "absent":
        path.symlink_to({"link": "nowhere.jpg", "loop": path.name}[kind])
    return str(path)


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("truncated", "truncated"),
        ("empty", "the file is empty"),
        ("text", "no picture of a known kind"),
        ("absent", "there is no such file"),
        ("link", "the link leads to no file"),
        ("loop", "symbolic links"),
        ("folder", "no file, but a pipe"),
    ],
)
def test_a_broken_file_has_a_reason_and_costs_no_other(tmp_path, kind, reason):
    good = saved(tmp_path / "good.png", Image.fromarray((LEVELS * 255).astype(np.uint8)))
    bad = broken(kind, tmp_path / "bad.jpg")
    images = Images.from_files([bad, good])
    assert images.unreadable.tolist() == [True, False]
    assert reason in images.faults[0]
    assert images[[1]].faults is None
    assert len(images[[1]].content_keys()) == 1
    with pytest.raises(InputError, match=rf"(?s)cannot be read.*bad\.jpg.*{reason}.*rows\.drop"):
        images.content_keys()
    with pytest.raises(InputError, match=r"bad\.jpg"):
        images.thumbnail(0)
    with pytest.raises(InputError, match=r"(?s)cannot be read.*bad\.jpg"):
        Images.from_files([bad])


def test_a_picture_of_enormous_size_is_not_decoded(tmp_path, monkeypatch):
    path = saved(tmp_path / "a.png", Image.new("L", (40, 40)))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 500)
    assert read(path).startswith("more than 1,000 pixels")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with a name")
def test_what_has_no_end_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    assert read(str(tmp_path / "pipe.png")).startswith("no file, but a pipe")


def test_a_file_that_may_not_be_read_says_so(tmp_path, monkeypatch):
    path = saved(tmp_path / "a.png", Image.new("L", (4, 4)))

    def refused(name):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), name)

    monkeypatch.setattr(Image, "open", refused)
    assert read(path) == "Permission denied"


def test_large_jpegs_look_as_when_they_are_decoded_in_full(tmp_path):
    down, across = np.mgrid[0:1200, 0:1600] / 100.0
    waves = np.stack([np.sin(down), np.cos(across), np.sin(down + across)], axis=2)
    saved(tmp_path / "a.jpg", Image.fromarray((waves * 100 + 120).astype(np.uint8)), quality=95)
    got = read(tmp_path / "a.jpg", (96, 128, 3)).values
    with Image.open(tmp_path / "a.jpg") as opened:
        whole = np.asarray(opened.resize((128, 96), Image.Resampling.BOX)).astype(int)
    assert np.abs(got - whole).mean() <= 1
    assert np.abs(got - whole).max() <= 6
    with Image.open(tmp_path / "a.jpg") as held:
        Images.from_pictures([held])
        assert held.size == (1600, 1200)  # the user's picture is as it was


def test_pictures_that_take_too_much_memory_stay_in_their_files(tmp_path, monkeypatch):
    deep = [saved(tmp_path / f"{k}.png", Image.fromarray((LEVELS * k).astype(np.uint16))) for k in (1000, 4095)]
    held = Images.from_files(deep)
    monkeypatch.setattr(picture_files, "MOST_HELD", 100)
    images = Images.from_files(deep)
    assert images.pixels is None
    assert images.scale == held.scale == (0, 4095)
    np.testing.assert_array_equal(np.concatenate(list(images.blocks(1))), held.pixels)
    assert np.array_equal(images.content_keys(), held.content_keys())
    assert images.thumbnail(1) == held.thumbnail(1)
    (tmp_path / "1000.png").write_bytes(b"changed since")
    with pytest.raises(InputError, match=r"1000\.png"):
        list(images.blocks())


def test_pictures_in_memory_of_every_kind():
    gray = (LEVELS * 255).astype(np.uint8)
    encoded = io.BytesIO()
    Image.fromarray(gray).save(encoded, "PNG")
    cells = [Image.fromarray(gray), gray, {"bytes": encoded.getvalue()}, LEVELS > 0.5, None, {"bytes": b"no picture"}]
    images = Images.from_pictures(cells)
    assert images.unreadable.tolist() == [False] * 4 + [True] * 2
    assert images.faults.tolist()[4:] == ["no picture is given", "no picture of a known kind"]
    assert len(np.unique(images[:3].content_keys(), axis=0)) == 1
    assert set(np.unique(images.pixels[3])) == {0, 255}
    assert Images.from_pictures([(LEVELS * 4000).astype(np.uint16), LEVELS.astype(float)]).scale == (0, 4000)
    cells[0].load()  # the user's picture is still open


def test_a_survey_takes_size_and_scale_of_others(tmp_path):
    path = saved(tmp_path / "a.png", Image.fromarray((LEVELS * 1000).astype(np.uint16)))
    seen = survey(listed(path), listed(path), size=(4, 4, 3), scale=(0.0, 4095.0))
    assert seen.pixels.shape == (1, 4, 4, 3)
    assert seen.pixels.max() < 70
    assert [one.whole for one in decoded(listed(path), SIZE)] == [True]


def test_the_error_names_files_and_positions():
    items, faults = listed("a.png", 3), np.array(["x", "broken"], dtype=object)
    assert "a.png, picture 1" in str(unreadable(items, faults, np.array([True, True])))
