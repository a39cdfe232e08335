"""Thumbnails, what browsers get to see, and the hash that finds near-copies."""

from io import BytesIO

import cv2
import numpy as np
import pytest
from PIL import Image

from inference.decoding import decode
from inference.png import encode_png
from inference.thumbnails import browser_view, difference_hash, shrunk, thumbnail


def portrait(height: int = 240, width: int = 180) -> np.ndarray:
    noise = np.random.default_rng(1).integers(0, 256, (12, 9, 3), np.uint8)
    return cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC)


def jpeg(pixels: np.ndarray, **options: object) -> bytes:
    buffer = BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", **options)
    return buffer.getvalue()


def test_only_larger_pictures_are_shrunk() -> None:
    upright, wide = np.zeros((300, 200, 3), np.uint8), np.zeros((40, 100, 3), np.uint8)
    assert shrunk(upright, 150).shape == (150, 100, 3)
    assert shrunk(wide, 50).shape == (20, 50, 3)
    assert shrunk(upright, 400) is upright
    assert shrunk(wide, 100) is wide


@pytest.mark.parametrize(
    ("size", "expected"), [((640, 480), (320, 240)), ((100, 4000), (8, 320)), ((90, 60), (90, 60))]
)
def test_thumbnails_fit_their_side(size: tuple[int, int], expected: tuple[int, int]) -> None:
    image = Image.open(BytesIO(thumbnail(portrait(*size))))
    assert image.format == "JPEG"
    assert (image.height, image.width) == expected


def test_a_browser_gets_the_bytes_themselves_where_it_can() -> None:
    data = jpeg(portrait())
    assert browser_view(decode(data, "a.jpg"), data) is data


def test_a_browser_gets_an_upright_png_otherwise() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    data = jpeg(portrait(240, 180), exif=exif.tobytes())
    photo = decode(data, "a.jpg")
    view = decode(browser_view(photo, data), "view")
    assert view.format == "PNG"
    assert view.size == (180, 240)
    np.testing.assert_array_equal(view.pixels, photo.pixels)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_a_browser_gets_eight_bits(channels: int) -> None:
    deep = np.random.default_rng(0).integers(0, 65536, (20, 30, channels), np.uint16)
    data = encode_png(deep)
    photo = decode(data, "a.png")
    view = decode(browser_view(photo, data), "view")
    assert view.bit_depth == 8
    np.testing.assert_array_equal(view.pixels, photo.pixels)


def test_near_copies_have_near_hashes() -> None:
    pixels = portrait()
    near = decode(jpeg(cv2.resize(pixels, (120, 160)), quality=60), "near.jpg").pixels
    other = np.random.default_rng(9).integers(0, 256, (200, 150, 3), np.uint8)
    first = difference_hash(pixels)
    assert -(2**63) <= first < 2**63
    assert (first ^ difference_hash(near)).bit_count() <= 4
    assert ((first ^ difference_hash(other)) & (2**64 - 1)).bit_count() > 12


def test_the_hash_is_the_published_one() -> None:
    """Rows that darken to the right have no bit set, rows that brighten all of them."""
    row = np.linspace(0, 255, 90, dtype=np.uint8)
    rising = np.repeat(np.repeat(row[None, :, None], 80, 0), 3, 2)
    assert difference_hash(rising) == -1
    assert difference_hash(np.ascontiguousarray(rising[:, ::-1])) == 0
