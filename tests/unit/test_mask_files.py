"""Masks as pictures: what is read of them, what is written, and which are doubted."""

from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.extra.numpy import array_shapes, arrays
from PIL import Image

from inference.errors import PhotoError
from inference.masks import decode_mask, doubt_of_mask, encode_mask
from inference.png import encode_png


@settings(max_examples=60)
@given(arrays(np.bool_, array_shapes(min_dims=2, max_dims=2, min_side=16, max_side=70)))
def test_masks_come_back_from_png(mask: np.ndarray) -> None:
    data = encode_mask(mask)
    np.testing.assert_array_equal(decode_mask(data, mask.shape, "m.png"), mask)
    image = Image.open(BytesIO(data))
    assert image.mode == "L"
    np.testing.assert_array_equal(np.asarray(image), mask * 255)


def test_other_arrays_are_no_masks() -> None:
    with pytest.raises(ValueError, match="mask is bool"):
        encode_mask(np.zeros((20, 20), np.uint8))  # type: ignore[arg-type]


def test_a_mask_of_zeros_and_ones_is_no_empty_one() -> None:
    mask = np.zeros((16, 16), np.uint8)
    assert not decode_mask(encode_png(mask), (16, 16), "m.png").any()
    mask[2:5, 2:5] = 1
    with pytest.raises(PhotoError, match=r"m\.png .* brightest value is 1 of 255"):
        decode_mask(encode_png(mask), (16, 16), "m.png")


@pytest.mark.parametrize(("colour", "opacity"), [(0, 255), (255, 120)])
def test_a_mask_drawn_by_transparency_alone_is_no_empty_one(colour: int, opacity: int) -> None:
    layer = np.zeros((16, 16, 4), np.uint8)
    layer[..., 3] = 255
    assert not decode_mask(encode_png(layer), (16, 16), "m.png").any()
    layer[..., 3] = 0
    layer[2:5, 2:5] = colour, colour, colour, opacity
    with pytest.raises(PhotoError, match=r"m\.png marks nothing.* without transparency"):
        decode_mask(encode_png(layer), (16, 16), "m.png")


@pytest.mark.parametrize(("rows", "doubted"), [(0, False), (16, False), (17, True), (20, True)])
def test_a_mask_that_marks_nearly_all_is_doubted(rows: int, doubted: bool) -> None:
    mask = np.zeros((20, 30), bool)
    mask[:rows] = True
    doubt = doubt_of_mask(mask, "m.png")
    assert (doubt is not None) == doubted
    assert doubt is None or doubt.startswith(f"m.png marks {5 * rows}.0 % of its photo")


def test_a_mask_is_true_above_127_in_any_channel() -> None:
    grey = np.zeros((16, 16), np.uint8)
    grey[0, :3] = 127, 128, 255
    assert decode_mask(encode_png(grey), (16, 16), "m.png").sum() == 2
    colour = np.zeros((16, 16, 4), np.uint8)
    colour[0, 0] = 0, 200, 0, 255
    colour[0, 1] = 200, 200, 200, 0
    assert decode_mask(encode_png(colour), (16, 16), "m.png").sum() == 1
    assert decode_mask(encode_png(grey.astype(np.uint16) * 257), (16, 16), "m.png").sum() == 2


def test_a_mask_of_another_size_is_refused() -> None:
    with pytest.raises(PhotoError, match=r"m\.png is 30×20 pixels but its photo is 20×30"):
        decode_mask(encode_mask(np.zeros((20, 30), bool)), (30, 20), "m.png")
