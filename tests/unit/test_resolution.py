"""The resolution of a scan in dpi goes with its results, whatever the format of the photo."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from inference.cli import commands
from inference.decoding import decode
from inference.masks import encode_mask
from inference.metadata import ACROSS, DOWN
from inference.png import encode_png
from tests.support.picture_files import noise, saved, tiff, with_orientation

UNIT = 296


def dpi_of(data: bytes, name: str = "scan") -> tuple[float, float] | None:
    """What others read from a PNG made of a photo."""
    photo = decode(data, name)
    found = Image.open(BytesIO(encode_png(photo.source, resolution=photo.resolution))).info.get("dpi")
    return found and (round(found[0]), round(found[1]))


def scan() -> Image.Image:
    return Image.fromarray(noise(20, 30, 3))


def in_exif(across: object, down: object, unit: int) -> bytes:
    exif = Image.Exif()
    exif.update({ACROSS: across, DOWN: down, UNIT: unit})
    return exif.tobytes()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "BMP"])
def test_a_scan_keeps_its_resolution(kind: str) -> None:
    assert dpi_of(saved(scan(), kind, dpi=(600, 300))) == (600, 300)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WebP"])
@pytest.mark.parametrize(("unit", "of"), [(2, 300.0), (3, 300 / 2.54)])
def test_where_the_format_says_nothing_exif_does(kind: str, unit: int, of: float) -> None:
    assert dpi_of(saved(scan(), kind, exif=in_exif(of, of, unit))) == (300, 300)


def test_a_jpeg_in_centimetres() -> None:
    data = saved(scan(), "JPEG", dpi=(236, 236)).replace(b"JFIF\0\1\1\1", b"JFIF\0\1\1\2", 1)
    assert dpi_of(data) == (599, 599)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WebP", "TIFF", "BMP"])
def test_no_resolution_is_made_up(kind: str) -> None:
    options = {} if kind == "BMP" else {"exif": with_camera()}
    data = saved(scan(), kind, **options)
    assert dpi_of(data if kind != "BMP" else data[:38] + bytes(8) + data[46:]) is None


def with_camera() -> bytes:
    exif = Image.Exif()
    exif[0x010F] = "Leica"
    return exif.tobytes()


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
@pytest.mark.parametrize(("orientation", "expected"), [(3, (600, 300)), (6, (300, 600))])
def test_resolution_is_that_of_the_upright_photo(kind: str, orientation: int, expected: tuple[int, int]) -> None:
    assert dpi_of(with_orientation(scan(), kind, orientation, dpi=(600, 300))) == expected


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WebP", "TIFF"])
@pytest.mark.parametrize(("orientation", "expected"), [(3, (600, 300)), (6, (300, 600))])
def test_the_exif_that_is_written_says_the_same(kind: str, orientation: int, expected: tuple[int, int]) -> None:
    exif = Image.Exif()
    exif.update({0x0112: orientation, ACROSS: 600.0, DOWN: 300.0, UNIT: 2})
    photo = decode(saved(scan(), kind, exif=exif.tobytes()), "scan")
    written = Image.open(BytesIO(encode_png(photo.source, exif=photo.exif))).getexif()
    assert (written[ACROSS], written[DOWN], written[0x0112]) == (*expected, 1)


def test_deep_tiffs_have_one_too() -> None:
    data = saved(Image.fromarray(noise(20, 30, dtype=np.uint16)), "TIFF", dpi=(600, 300))
    assert decode(data, "deep.tif").bit_depth == 16
    assert dpi_of(data) == (600, 300)


@pytest.mark.parametrize("bad", [(0, 0), (1, 0)])
def test_impossible_resolutions_are_none(bad: tuple[int, int]) -> None:
    raw = saved(scan(), "TIFF", dpi=(300, 300))
    at = raw.index(b"\x1a\x01\x05\x00")
    place = int.from_bytes(raw[at + 8 : at + 12], "little")
    broken = raw[:place] + bad[0].to_bytes(4, "little") + bad[1].to_bytes(4, "little") + raw[place + 8 :]
    assert dpi_of(broken) is None
    assert dpi_of(tiff(noise(20, 30))) is None


@pytest.mark.parametrize("command", ["restore", "colorize", "inpaint"])
def test_all_results_have_it(command: str, models: dict[str, Path], tmp_path: Path) -> None:
    Image.fromarray(noise(40, 50)).save(tmp_path / "a.jpg", dpi=(300, 300))
    (tmp_path / "mask.png").write_bytes(encode_mask(np.eye(40, 50, dtype=bool)))
    out = tmp_path / "out"
    kinds = {"restore": list(models), "colorize": ["colorizer"], "inpaint": ["inpainter"]}[command]
    words = [command, tmp_path / "a.jpg", *([tmp_path / "mask.png"] if command == "inpaint" else [])]
    words += ["--out", out / "a.restored.png" if command == "inpaint" else out]
    words += [word for kind in kinds for word in ("--model", models[kind])]
    result = CliRunner().invoke(commands, [str(word) for word in words])
    assert result.exit_code == 0, result.output
    pictures = [path for path in out.glob("*.png") if not path.name.endswith("mask.png")]
    assert len(pictures) == (3 if command == "restore" else 1)
    for path in pictures:
        with Image.open(path) as picture:
            assert picture.info["dpi"] == pytest.approx((300, 300), abs=0.01), path.name
