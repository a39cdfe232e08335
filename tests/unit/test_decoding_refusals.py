"""What cannot be decoded whole is refused, with its name and a remedy, before it takes memory."""

import struct
import tracemalloc
from contextlib import suppress
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from inference.decoding import DEFAULT_LIMITS, Limits, decode, read_photo
from inference.errors import PhotoError
from inference.photo import Photo
from inference.png import encode_png
from tests.support.picture_files import noise, png_chunks, saved, tiff


def refusal(data: bytes, name: str = "aunt.jpg", limits: Limits = DEFAULT_LIMITS) -> str:
    with pytest.raises(PhotoError) as caught:
        decode(data, name, limits)
    message = str(caught.value)
    assert name in message
    assert ";" in message or ":" in message, "a refusal names the remedy after the cause"
    return message


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


@pytest.mark.parametrize("seed", range(40))
def test_damaged_bytes_never_raise_anything_else(seed: int) -> None:
    rng = np.random.default_rng(seed)
    kind = ["JPEG", "PNG", "TIFF", "WebP", "BMP"][seed % 5]
    data = np.frombuffer(saved(Image.fromarray(noise(40, 40, 3)), kind), np.uint8).copy()
    places = rng.integers(0, min(len(data), 400), 12)
    data[places] = rng.integers(0, 256, 12)
    with suppress(PhotoError):
        assert isinstance(decode(data.tobytes(), "a.jpg", Limits(max_pixels=10**6)), Photo)


@pytest.mark.parametrize("lack", [MemoryError(), cv2.error("(-4:Insufficient memory) Failed to allocate 9 bytes")])
def test_a_photo_that_memory_is_too_small_for_is_not_called_damaged(
    monkeypatch: pytest.MonkeyPatch, lack: Exception
) -> None:
    def decoded(*_: object) -> None:
        raise lack

    monkeypatch.setattr("inference.decoding.deep_samples", decoded)
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
