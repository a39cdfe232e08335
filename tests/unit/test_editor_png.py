"""The editor's decoder of grey PNGs gives back every byte, whatever filters the encoder chose."""

import base64
import io
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from inference.png import encode_png
from tests.support.editor_bundle import bundle, run_node

DECODE = """
const { decodeGrey } = await import(input.module);
const results = [];
for (const picture of input.pictures) {
  try {
    const { width, height, pixels } = await decodeGrey(new Uint8Array(Buffer.from(picture, "base64")));
    results.push([height, width, Buffer.from(pixels).toString("base64")]);
  } catch (error) { results.push(error.message); }
}
answer(results);
"""
FILTERS = (
    cv2.IMWRITE_PNG_FILTER_NONE,
    cv2.IMWRITE_PNG_FILTER_SUB,
    cv2.IMWRITE_PNG_FILTER_UP,
    cv2.IMWRITE_PNG_FILTER_AVG,
    cv2.IMWRITE_PNG_FILTER_PAETH,
    cv2.IMWRITE_PNG_ALL_FILTERS,
)


@pytest.fixture(scope="module")
def module(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder: Path = tmp_path_factory.mktemp("editor")
    return bundle("headless.ts", folder / "headless.mjs").as_uri()


def decoded(module: str, *files: bytes) -> list[object]:
    pictures = [base64.b64encode(file).decode() for file in files]
    return list(run_node(DECODE, {"module": module, "pictures": pictures}))


def test_every_filter_comes_back_exactly(module: str) -> None:
    chance = np.random.default_rng(5)
    smooth = np.tile(np.linspace(0, 255, 301).astype(np.uint8), (77, 1))
    pixels = np.where(chance.random(smooth.shape) < 0.4, chance.integers(0, 256, smooth.shape), smooth).astype(np.uint8)
    files = [cv2.imencode(".png", pixels, [cv2.IMWRITE_PNG_FILTER, filtered])[1].tobytes() for filtered in FILTERS]
    files.append(encode_png(pixels))
    expected = [77, 301, base64.b64encode(pixels.tobytes()).decode()]
    assert decoded(module, *files) == [expected] * len(files)


def test_a_cut_or_foreign_file_is_refused_in_words(module: str) -> None:
    whole = encode_png(np.random.default_rng(1).integers(0, 256, (60, 60), np.uint8))
    colour = io.BytesIO()
    Image.new("RGB", (4, 4)).save(colour, "PNG")
    cut, foreign, other = decoded(module, whole[: len(whole) // 2], b"no picture at all", colour.getvalue())
    assert isinstance(cut, str), "half a mask must never pass as a whole one"
    assert foreign == "The server's mask is not a PNG."
    assert other == "The server's mask is not an 8-bit grey PNG."
