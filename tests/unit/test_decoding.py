"""Every kind of file that people bring is decoded whole, in its own depth and channels."""

import struct
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image

from inference.decoding import decode
from inference.errors import PhotoError
from inference.png import encode_png
from tests.support.picture_files import chunk, noise, png_chunks, saved, tiff


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "BMP", "WebP", "JPEG"])
def test_every_format_gives_rgb(kind: str) -> None:
    truth = cv2.GaussianBlur(noise(40, 30, 3), (0, 0), 4)
    photo = decode(
        saved(Image.fromarray(truth), kind, **({"lossless": True} if kind == "WebP" else {})), f"a.{kind.lower()}"
    )
    assert photo.format == kind
    assert photo.size == (40, 30)
    assert photo.pixels.dtype == np.uint8
    if kind == "JPEG":
        assert np.abs(photo.pixels.astype(int) - truth).mean() < 4
    else:
        np.testing.assert_array_equal(photo.source, truth)
    assert photo.warnings == ()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_png_keeps_depth_and_channels(dtype: type, channels: int) -> None:
    truth = noise(20, 31, channels, dtype=dtype)
    truth = truth[..., 0] if channels == 1 else truth
    photo = decode(encode_png(truth), "a.png")
    assert photo.source.dtype == dtype
    np.testing.assert_array_equal(photo.source, truth)
    assert (photo.channels, photo.bit_depth) == (channels, truth.dtype.itemsize * 8)
    colour = truth if channels in (1, 3) else truth[..., 0] if channels == 2 else truth[..., :3]
    seen = np.rint(colour / 257).astype(int) if dtype == np.uint16 else colour.astype(int)
    np.testing.assert_array_equal(photo.pixels, seen if seen.ndim == 3 else np.repeat(seen[..., None], 3, 2))


@pytest.mark.parametrize("shape", [(20, 31), (20, 31, 3), (20, 31, 4)])
def test_sixteen_bit_tiff_keeps_every_level(shape: tuple[int, ...]) -> None:
    truth = noise(*shape, dtype=np.uint16)
    photo = decode(tiff(truth), "a.tif")
    assert photo.source.dtype == np.uint16
    np.testing.assert_array_equal(photo.source, truth)


def test_white_is_zero_tiff_is_turned_round() -> None:
    for dtype in (np.uint8, np.uint16):
        truth = noise(20, 31, dtype=dtype)
        np.testing.assert_array_equal(decode(tiff(truth, photometric=0), "a.tif").source, np.iinfo(dtype).max - truth)


def test_premultiplied_tiff_is_divided_by_its_alpha() -> None:
    truth = np.full((20, 20, 4), 20000, np.uint16)
    truth[..., 3] = 40000
    photo = decode(tiff(truth, {338: ("H", 1, 1)}), "a.tif")
    assert abs(int(photo.source[0, 0, 0]) - 32768) < 2
    assert photo.source[0, 0, 3] == 40000


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_scanners_infrared_is_left_out_with_a_warning(dtype: type) -> None:
    truth = noise(20, 31, 4, dtype=dtype)
    photo = decode(tiff(truth, {338: ("H", 1, 0)}), "film.tif")
    np.testing.assert_array_equal(photo.source, truth[..., :3])
    assert photo.warnings == ("film.tif has 4 channels; what goes beyond the first 3, infrared perhaps, was left out.",)


def test_palette_without_transparency_becomes_rgb() -> None:
    truth = noise(20, 31, 3) // 128 * 255
    photo = decode(saved(Image.fromarray(truth).quantize(8), "PNG"), "a.png")
    assert photo.channels == 3
    np.testing.assert_array_equal(photo.pixels, truth)


def test_palette_with_transparency_becomes_rgba() -> None:
    image = Image.new("P", (20, 20))
    image.putpalette([255, 0, 0, 0, 255, 0])
    image.paste(1, (0, 0, 10, 20))
    photo = decode(saved(image, "PNG", transparency=1), "a.png")
    assert photo.source[0, 0].tolist() == [0, 255, 0, 0]
    assert photo.source[0, 19].tolist() == [255, 0, 0, 255]


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "BMP"])
def test_one_bit_becomes_grey(kind: str) -> None:
    truth = noise(20, 31) > 127
    photo = decode(saved(Image.fromarray(truth), kind), f"a.{kind.lower()}")
    assert photo.channels == 1
    np.testing.assert_array_equal(photo.source, truth * 255)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 3])
def test_a_transparent_colour_becomes_alpha(dtype: type, channels: int) -> None:
    truth = noise(20, 31, channels, dtype=dtype)
    key = struct.pack(f">{channels}H", *map(int, truth[3, 4]))
    photo = decode(png_chunks(encode_png(truth), chunk(b"tRNS", key)), "a.png")
    assert photo.channels == channels + 1
    np.testing.assert_array_equal(photo.source[..., :-1], truth)
    hidden = (truth == truth[3, 4]).all(axis=2)
    np.testing.assert_array_equal(photo.source[..., -1], np.where(hidden, 0, np.iinfo(dtype).max))


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_a_transparent_level_of_few_bits_becomes_alpha(bits: int) -> None:
    levels = (np.arange(16 * 16) % 2**bits).astype(np.uint8).reshape(16, 16)
    raw = np.unpackbits(levels[..., None], axis=2)[..., 8 - bits :]
    rows = np.insert(np.packbits(raw.reshape(16, -1), axis=1), 0, 0, axis=1)
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 16, 16, bits, 0, 0, 0, 0))
    body = chunk(b"IDAT", zlib.compress(rows.tobytes())) + chunk(b"IEND", b"")
    photo = decode(b"\x89PNG\r\n\x1a\n" + header + chunk(b"tRNS", struct.pack(">H", 1)) + body, "a.png")
    np.testing.assert_array_equal(photo.source[..., 0], levels * (255 // (2**bits - 1)))
    np.testing.assert_array_equal(photo.source[..., 1], np.where(levels == 1, 0, 255))


def test_a_wrong_ending_is_read_by_its_content_and_said() -> None:
    photo = decode(saved(Image.new("RGB", (20, 20)), "PNG"), "aunt.jpg")
    assert photo.format == "PNG"
    assert photo.warnings == ("aunt.jpg is a PNG file though its name ends in .jpg; it was read as PNG.",)


def test_a_phones_second_picture_is_left_out_with_a_warning() -> None:
    second = Image.new("RGB", (20, 20))
    data = saved(Image.new("RGB", (40, 40)), "MPO", save_all=True, append_images=[second])
    photo = decode(data, "phone.jpg")
    assert (photo.format, photo.size) == ("JPEG", (40, 40))
    assert "2 pictures" in photo.warnings[0]


def test_a_photos_arrays_cannot_be_changed() -> None:
    photo = decode(saved(Image.new("RGB", (20, 20)), "PNG"), "a.png")
    with pytest.raises(ValueError, match="read-only"):
        photo.pixels[0, 0] = 1


def test_a_photos_name_can_be_written_anywhere() -> None:
    data = saved(Image.new("RGB", (20, 20)), "PNG")
    assert decode(data, "m\udce4dchen.jpg").name == "m?dchen.jpg"
    with pytest.raises(PhotoError, match=r"m\?dchen\.jpg is empty"):
        decode(b"", "m\udce4dchen.jpg")
