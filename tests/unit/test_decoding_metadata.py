"""What a file says beside its pixels: orientation, EXIF, colour profiles."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageCms

from inference.decoding import decode
from inference.metadata import read_exif, upright
from inference.png import encode_png
from tests.support.picture_files import noise, saved, tiff, with_orientation


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WebP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_all_orientations_come_out_upright(kind: str, orientation: int) -> None:
    blocks = np.array([[10, 60, 110], [160, 210, 250]], np.uint8).repeat(16, 0).repeat(16, 1)
    stored = np.repeat(blocks[..., None], 3, 2)
    photo = decode(with_orientation(Image.fromarray(stored), kind, orientation), f"a.{kind.lower()}")
    expected = upright(stored, orientation)
    assert photo.pixels.shape == expected.shape
    assert np.abs(photo.pixels.astype(int) - expected).max() <= 3
    assert photo.exif is not None
    exif = Image.Exif()
    exif.load(photo.exif)
    assert exif[0x0112] == 1
    assert exif[0x010F] == "Leica"


def test_orientations_are_the_published_ones() -> None:
    """EXIF 2.32, 4.6.5: 6 means that row 0 of the file is the right side of the scene, 8 the left, 3 turned round."""
    stored = np.arange(6, dtype=np.uint8).reshape(2, 3)
    assert upright(stored, 6).tolist() == [[3, 0], [4, 1], [5, 2]]
    assert upright(stored, 8).tolist() == [[2, 5], [1, 4], [0, 3]]
    assert upright(stored, 3).tolist() == [[5, 4, 3], [2, 1, 0]]
    assert upright(stored, 2).tolist() == [[2, 1, 0], [5, 4, 3]]
    assert upright(stored, 4).tolist() == [[3, 4, 5], [0, 1, 2]]
    assert upright(stored, 5).tolist() == [[0, 3], [1, 4], [2, 5]]
    assert upright(stored, 7).tolist() == [[5, 2], [4, 1], [3, 0]]


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bit_files_are_turned_too(kind: str, orientation: int) -> None:
    truth = noise(20, 31, 3, dtype=np.uint16)
    if kind == "TIFF":
        data = tiff(truth, {274: ("H", 1, orientation)})
    else:
        exif = Image.Exif()
        exif[0x0112] = orientation
        data = encode_png(truth, exif=exif.tobytes())
    np.testing.assert_array_equal(decode(data, f"a.{kind.lower()}").source, upright(truth, orientation))


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_cmyk_is_converted_with_a_warning(kind: str) -> None:
    image = Image.new("CMYK", (32, 32), (0, 255, 255, 0))
    photo = decode(saved(image, kind), f"a.{kind.lower()}")
    assert photo.channels == 3
    assert photo.pixels[5, 5].tolist() == pytest.approx([255, 0, 0], abs=6)
    assert len(photo.warnings) == 1
    assert "CMYK" in photo.warnings[0]
    assert photo.icc is None


def test_cmyk_with_a_broken_profile_says_so_and_drops_it() -> None:
    data = saved(Image.new("CMYK", (32, 32), (0, 255, 255, 0)), "JPEG", icc_profile=b"x" * 200)
    photo = decode(data, "a.jpg")
    assert photo.icc is None
    assert "broken profile" in photo.warnings[0]


def test_profile_is_kept_where_it_fits_and_left_out_where_not() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    colour = decode(saved(Image.new("RGB", (20, 20)), "PNG", icc_profile=profile), "a.png")
    assert colour.icc == profile
    assert decode(encode_png(colour.source, icc=colour.icc), "b.png").icc == profile
    grey = decode(saved(Image.new("L", (20, 20)), "PNG", icc_profile=profile), "a.png")
    assert grey.icc is None
    assert "profile" in grey.warnings[0]


def test_broken_exif_is_left_out_with_a_warning() -> None:
    data = saved(Image.new("RGB", (20, 20)), "JPEG", exif=b"Exif\0\0II*\0\xff\xff\0\0")
    photo = decode(data, "a.jpg")
    assert photo.exif is None
    assert "EXIF" in photo.warnings[0]


@pytest.mark.parametrize("big", [False, True])
def test_what_a_tiff_knows_of_its_photo_travels_into_a_png(big: bool) -> None:
    exif = Image.Exif()
    exif.update({0x010F: "Leica", 0x8769: {0x9003: "1943:05:06 07:08:09"}, 0x8825: {1: "N", 2: (48.0, 30.0, 1.5)}})
    data = saved(Image.new("RGB", (20, 20)), "TIFF", exif=exif.tobytes(), big_tiff=big)
    assert data[2] == (43 if big else 42)
    photo = decode(data, "scan.tif")
    assert photo.warnings == ()
    found = Image.open(BytesIO(encode_png(photo.pixels, exif=photo.exif))).getexif()
    assert (found[0x0112], found[0x010F]) == (1, "Leica")
    assert found.get_ifd(0x8769)[0x9003] == "1943:05:06 07:08:09"
    assert found.get_ifd(0x8825) == {1: "N", 2: (48.0, 30.0, 1.5)}
    assert 256 not in found


def test_directories_in_directories_of_exif_are_copied_too() -> None:
    """Pillow reads them from a TIFF and cannot write them into one, so a JPEG stands in."""
    exif = Image.Exif()
    exif[0x8769] = {0xA005: {1: "R98"}}
    image = Image.open(BytesIO(saved(Image.new("RGB", (20, 20)), "JPEG", exif=exif.tobytes())))
    copied, orientation = read_exif(image, "TIFF", "scan.tif", [])
    assert orientation == 1
    found = Image.Exif()
    found.load(copied or b"")
    assert found.get_ifd(0xA005) == {1: "R98"}
