"""Pictures as a browser is given them: from inside the folder, whatever their names say."""

import io

import numpy as np
import pytest
from PIL import Image

from samplewise.core.errors import InputError
from samplewise.data.images import Images
from samplewise.review.pictures import SMALL, picture_bytes


@pytest.fixture
def folder(tmp_path):
    inside = tmp_path / "data"
    inside.mkdir()
    noise = np.random.default_rng(0).integers(0, 255, (40, 60, 3), dtype=np.uint8)
    Image.fromarray(noise).save(inside / "a.png")
    Image.fromarray(noise).save(inside / "b.jpg")
    Image.fromarray(noise).save(inside / "c.bmp")
    Image.fromarray(noise).save(tmp_path / "outside.png")
    return inside


def size(content):
    return Image.open(io.BytesIO(content)).size


def test_a_file_is_sent_as_it_is_and_small_drawn_anew(folder):
    images = Images.from_files([folder / "a.png", folder / "b.jpg", folder / "c.bmp"])
    assert picture_bytes(images, 0, folder) == ((folder / "a.png").read_bytes(), "image/png")
    assert picture_bytes(images, 1, folder) == ((folder / "b.jpg").read_bytes(), "image/jpeg")
    content, kind = picture_bytes(images, 2, folder)  # of a kind that not every browser shows
    assert (kind, size(content)) == ("image/png", (60, 40))
    content, kind = picture_bytes(images, 1, folder, small=True)
    assert kind == "image/png"
    assert max(size(content)) <= SMALL


def test_a_picture_in_memory_needs_no_folder():
    images = Images.from_array(np.zeros((2, 8, 8), dtype=np.uint8))
    content, kind = picture_bytes(images, 1, None)
    assert (kind, size(content)) == ("image/png", (8, 8))


@pytest.mark.parametrize("small", [False, True])
def test_a_file_outside_the_folder_is_not_shown(folder, small):
    images = Images.from_files([folder / "a.png", folder / ".." / "outside.png"])
    with pytest.raises(InputError, match="outside the data folder"):
        picture_bytes(images, 1, folder, small=small)
    with pytest.raises(InputError, match="outside the data folder"):
        picture_bytes(images, 0, None, small=small)


def test_nor_through_a_link(folder):
    (folder / "link.png").symlink_to(folder.parent / "outside.png")
    images = Images.from_files([folder / "link.png"])
    with pytest.raises(InputError, match="outside the data folder"):
        picture_bytes(images, 0, folder)


def test_what_cannot_be_opened_says_why(folder):
    (folder / "broken.png").write_bytes(b"no picture")
    images = Images.from_files([folder / "a.png", folder / "broken.png"])
    with pytest.raises(InputError, match="cannot be opened") as refused:
        picture_bytes(images, 1, folder)
    assert refused.value.got
    (folder / "a.png").unlink()
    with pytest.raises(InputError, match="cannot be read"):
        picture_bytes(images, 0, folder)


def test_a_file_that_only_is_named_a_picture_is_not_sent(folder):
    images = Images.from_files([folder / "a.png"])
    (folder / "a.png").write_text("<script>alert(1)</script>")
    content, kind = picture_bytes(images, 0, folder)  # the pixels that were read when it was one
    assert (kind, size(content)) == ("image/png", (60, 40))
