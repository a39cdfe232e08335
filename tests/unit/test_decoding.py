"""Every kind of file that people bring: decoded whole in its own depth, or refused with its name and a remedy."""

import struct
import tracemalloc
import zlib
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms

from inference.errors import PhotoError
from inference.metadata import read_exif, upright
from inference.photo import DEFAULT_LIMITS, Limits, Photo, decode, read_photo
from inference.png import encode_png

Pixels = NDArray[np.uint8] | NDArray[np.uint16]


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def noise(*shape: int, dtype: type = np.uint8) -> Pixels:
    return np.random.default_rng(5).integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)


def refusal(data: bytes, name: str = "aunt.jpg", limits: Limits = DEFAULT_LIMITS) -> str:
    with pytest.raises(PhotoError) as caught:
        decode(data, name, limits)
    message = str(caught.value)
    assert name in message
    assert ";" in message or ":" in message, "a refusal names the remedy after the cause"
    return message


def tiff(array: Pixels, tags: dict[int, tuple[str, int, int]] | None = None, photometric: int | None = None) -> bytes:
    """An uncompressed, interleaved, little-endian TIFF; `tags` adds or replaces (type, count, value)."""
    planes = array[..., None] if array.ndim == 2 else array
    height, width, channels = planes.shape
    raw = planes.astype(planes.dtype.newbyteorder("<")).tobytes()
    bits = planes.dtype.itemsize * 8
    entries = {
        256: ("I", 1, width), 257: ("I", 1, height), 258: ("H", 1, bits), 259: ("H", 1, 1),
        262: ("H", 1, photometric if photometric is not None else (2 if channels > 2 else 1)), 273: ("I", 1, 8),
        277: ("H", 1, channels), 278: ("I", 1, height), 279: ("I", 1, len(raw)),
    }  # fmt: skip
    extra = b""
    if channels > 1:
        entries[258] = ("H", channels, 8 + len(raw))
        extra = struct.pack(f"<{channels}H", *[bits] * channels)
        if channels in (2, 4):
            entries[338] = ("H", 1, 2)
        if channels == 2:
            entries[258] = ("H", 2, bits | bits << 16)
    entries |= tags or {}
    directory = struct.pack("<H", len(entries))
    for tag, (kind, count, value) in sorted(entries.items()):
        directory += struct.pack("<HHII", tag, {"H": 3, "I": 4}[kind], count, value)
    return b"II*\0" + struct.pack("<I", 8 + len(raw) + len(extra)) + raw + extra + directory + b"\0\0\0\0"


def with_orientation(image: Image.Image, kind: str, orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "Leica"
    return saved(image, kind, exif=exif.tobytes(), **({"lossless": True} if kind == "WebP" else {}))


def png_chunks(data: bytes, *extra: bytes, replace_size: tuple[int, int] | None = None) -> bytes:
    """Put chunks after a PNG's header, and another size into the header."""
    header = bytearray(data[16:29])
    if replace_size:
        struct.pack_into(">II", header, 0, *replace_size)
    return data[:8] + chunk(b"IHDR", bytes(header)) + b"".join(extra) + data[33:]


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


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


@pytest.mark.parametrize(
    ("channels", "tags", "cause"),
    [
        (3, {284: ("H", 1, 2)}, "separate planes"),
        (3, {339: ("H", 1, 3)}, "cannot be decoded"),
        (1, {339: ("H", 1, 2)}, "not read"),
    ],
)
def test_odd_sixteen_bit_tiffs_are_refused(channels: int, tags: dict[int, tuple[str, int, int]], cause: str) -> None:
    assert cause in refusal(tiff(noise(20, 31, channels, dtype=np.uint16), tags), "scan.tif")


def test_grey_alpha_sixteen_bit_tiff_is_refused() -> None:
    refusal(tiff(noise(20, 31, 2, dtype=np.uint16)), "scan.tif")


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


def test_a_wrong_ending_is_read_by_its_content_and_said() -> None:
    photo = decode(saved(Image.new("RGB", (20, 20)), "PNG"), "aunt.jpg")
    assert photo.format == "PNG"
    assert photo.warnings == ("aunt.jpg is a PNG file though its name ends in .jpg; it was read as PNG.",)


@pytest.mark.parametrize("kind", ["PNG", "WebP"])
def test_animations_are_refused(kind: str) -> None:
    frames = [Image.new("RGB", (20, 20), (i * 60, 0, 0)) for i in range(3)]
    data = saved(frames[0], kind, save_all=True, append_images=frames[1:])
    assert "as a picture of its own" in refusal(data, "a." + kind)


def test_pages_are_refused_and_their_small_copies_are_not() -> None:
    pages = [Image.new("RGB", (40, 40)), Image.new("RGB", (20, 20))]
    assert "2 pages" in refusal(saved(pages[0], "TIFF", save_all=True, append_images=pages[1:]), "scan.tif")
    small = Image.new("RGB", (20, 20))
    small.encoderinfo = {"tiffinfo": {254: 1}}  # type: ignore[attr-defined]
    data = saved(pages[0], "TIFF", save_all=True, append_images=[small])
    assert decode(data, "scan.tif").size == (40, 40)


def test_a_phones_second_picture_is_left_out_with_a_warning() -> None:
    second = Image.new("RGB", (20, 20))
    data = saved(Image.new("RGB", (40, 40)), "MPO", save_all=True, append_images=[second])
    photo = decode(data, "phone.jpg")
    assert (photo.format, photo.size) == ("JPEG", (40, 40))
    assert "2 pictures" in photo.warnings[0]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WebP", "BMP"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.95])
def test_truncated_files_are_refused(kind: str, share: float) -> None:
    data = saved(Image.fromarray(noise(100, 80, 3)), kind)
    refusal(data[: int(len(data) * share)], f"a.{kind.lower()}")


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_truncated_sixteen_bit_files_are_refused(dtype: type) -> None:
    for data in (encode_png(noise(60, 60, 3, dtype=dtype)), tiff(noise(60, 60, 3, dtype=dtype))):
        refusal(data[: len(data) // 2])


@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_that_promises_more_rows_than_it_has_is_refused(progressive: bool) -> None:
    data = bytearray(saved(Image.fromarray(noise(64, 64, 3)), "JPEG", progressive=progressive))
    struct.pack_into(">H", data, data.index(b"\xff\xc2" if progressive else b"\xff\xc0") + 5, 640)
    assert "truncated" in refusal(bytes(data))


def test_a_jpeg_cut_short_and_closed_again_is_refused() -> None:
    data = saved(Image.fromarray(noise(100, 80, 3)), "JPEG")
    assert "truncated" in refusal(data[: len(data) // 2] + b"\xff\xd9")


@pytest.mark.parametrize("subsampling", [0, 2])
@pytest.mark.parametrize("height", [97, 100, 104, 105, 111])
def test_a_jpeg_that_lacks_a_part_of_its_last_blocks_is_refused(height: int, subsampling: int) -> None:
    picture = cv2.GaussianBlur(noise(height, 81, 3), (0, 0), 1)
    data = saved(Image.fromarray(picture), "JPEG", quality=85, subsampling=subsampling)
    assert decode(data, "whole.jpg").size == (height, 81)
    refusal(data[: int(len(data) * 0.96)] + b"\xff\xd9")


@pytest.mark.parametrize("progressive", [False, True])
def test_a_mid_grey_jpeg_is_whole(progressive: bool) -> None:
    data = saved(Image.new("RGB", (100, 80), (128, 128, 128)), "JPEG", progressive=progressive)
    assert decode(data, "grey.jpg").pixels[0, 0].tolist() == [128, 128, 128]


def test_a_png_that_promises_more_rows_than_it_has_is_refused() -> None:
    data = png_chunks(encode_png(noise(40, 40, 3)), replace_size=(40, 400))
    assert "truncated" in refusal(data, "a.png")


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "JPEG", "WebP"])
def test_a_header_beyond_the_limit_is_refused_before_memory_is_taken(kind: str) -> None:
    claimed = 16_000
    if kind == "PNG":
        data = png_chunks(encode_png(noise(20, 20, 3)), replace_size=(claimed, claimed))
    elif kind == "TIFF":
        data = tiff(noise(20, 20, 3), {256: ("I", 1, claimed), 257: ("I", 1, claimed)})
    else:
        data = bytearray(saved(Image.new("RGB", (20, 20)), kind))
        if kind == "BMP":
            struct.pack_into("<ii", data, 18, claimed, claimed)
        elif kind == "JPEG":
            struct.pack_into(">HH", data, data.index(b"\xff\xc0") + 5, claimed, claimed)
        else:
            struct.pack_into("<HH", data, 26, claimed % 2**14, claimed % 2**14)
    tracemalloc.start()
    try:
        message = refusal(bytes(data), "huge." + kind.lower())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert "16000×16000" in message
    assert "100 megapixels" in message
    assert peak < 2**20


def test_limits_are_ours_to_set() -> None:
    data = saved(Image.new("RGB", (50, 40)), "PNG")
    assert "50×40" in refusal(data, limits=Limits(max_pixels=1999))
    assert decode(data, "a.png", Limits(max_pixels=2000)).size == (40, 50)
    assert "MiB" in refusal(data, limits=Limits(max_bytes=len(data) - 1))
    assert "16" in refusal(saved(Image.new("RGB", (15, 40)), "PNG"))


def test_files_beyond_the_byte_limit_are_not_read(tmp_path: Path) -> None:
    path = tmp_path / "big.png"
    with path.open("wb") as file:
        file.truncate(2**32)
    with pytest.raises(PhotoError, match=r"big\.png has 4096 MiB"):
        read_photo(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(PhotoError, match=r"gone\.png cannot be read"):
        read_photo(tmp_path / "gone.png")


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        (b"", "empty"),
        (b"Dear aunt", "not a picture"),
        (b"GIF89a" + b"\0" * 40, "GIF"),
        (b"%PDF-1.7", "PDF"),
        (b"\0\0\0\x18ftypheic" + b"\0" * 40, "HEIC"),
        (b"\xff\xd8\xff", "cannot be decoded"),
        (b"\x89PNG\r\n\x1a\n", "cannot be decoded"),
        (b"RIFF\0\0\0\0WEBP", "cannot be decoded"),
        (b"II*\0\x08\0\0\0\0\0", "cannot be decoded"),
        (b"BM\0\0", "cannot be decoded"),
    ],
)
def test_what_is_no_photo_is_refused(data: bytes, cause: str) -> None:
    assert cause in refusal(data)


def test_broken_exif_is_left_out_with_a_warning() -> None:
    data = saved(Image.new("RGB", (20, 20)), "JPEG", exif=b"Exif\0\0II*\0\xff\xff\0\0")
    photo = decode(data, "a.jpg")
    assert photo.exif is None
    assert "EXIF" in photo.warnings[0]


@pytest.mark.parametrize("seed", range(40))
def test_damaged_bytes_never_raise_anything_else(seed: int) -> None:
    rng = np.random.default_rng(seed)
    kind = ["JPEG", "PNG", "TIFF", "WebP", "BMP"][seed % 5]
    data = np.frombuffer(saved(Image.fromarray(noise(40, 40, 3)), kind), np.uint8).copy()
    places = rng.integers(0, min(len(data), 400), 12)
    data[places] = rng.integers(0, 256, 12)
    with suppress(PhotoError):
        assert isinstance(decode(data.tobytes(), "a.jpg", Limits(max_pixels=10**6)), Photo)


def test_a_photos_arrays_cannot_be_changed() -> None:
    photo = decode(saved(Image.new("RGB", (20, 20)), "PNG"), "a.png")
    with pytest.raises(ValueError, match="read-only"):
        photo.pixels[0, 0] = 1


def test_a_photos_name_can_be_written_anywhere() -> None:
    data = saved(Image.new("RGB", (20, 20)), "PNG")
    assert decode(data, "m\udce4dchen.jpg").name == "m?dchen.jpg"
    with pytest.raises(PhotoError, match=r"m\?dchen\.jpg is empty"):
        decode(b"", "m\udce4dchen.jpg")


@pytest.mark.parametrize("lack", [MemoryError(), cv2.error("(-4:Insufficient memory) Failed to allocate 9 bytes")])
def test_a_photo_that_memory_is_too_small_for_is_not_called_damaged(
    monkeypatch: pytest.MonkeyPatch, lack: Exception
) -> None:
    def decoded(*_: object) -> None:
        raise lack

    monkeypatch.setattr("inference.photo.deep_samples", decoded)
    message = refusal(encode_png(noise(20, 20, dtype=np.uint16)), "large.png")
    assert message == "large.png needs more memory than there is; cut it into parts."


def test_colours_and_packings_that_are_not_read_are_named_with_a_remedy() -> None:
    lab = saved(Image.new("LAB", (20, 20)), "TIFF")
    assert "lab.tif cannot be decoded (colours stored as LAB are not read); open it in" in refusal(lab, "lab.tif")
    packed = tiff(noise(20, 31, dtype=np.uint16), {259: ("H", 1, 50_000)})
    assert "zstd.tif cannot be decoded" in refusal(packed, "zstd.tif")


def test_sixteen_bits_that_opencv_cannot_read_are_named_with_a_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inference.samples.cv2.imdecode", lambda *_: None)
    message = refusal(encode_png(noise(20, 20, dtype=np.uint16)), "deep.png")
    assert message.startswith("deep.png cannot be decoded (its 16-bit samples are not readable); open it in")


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
