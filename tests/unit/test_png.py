"""PNG at both depths with any number of channels: OpenCV's encoder and our own."""

from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image, ImageCms

from inference.decoding import decode
from inference.errors import OutputError
from inference.png import encode_png


@settings(max_examples=80)
@given(st.data())
def test_every_array_comes_back_from_png(data: st.DataObject) -> None:
    channels = data.draw(st.sampled_from([1, 2, 3, 4]))
    shape = (data.draw(st.integers(16, 50)), data.draw(st.integers(16, 50)), channels)
    array = data.draw(arrays(data.draw(st.sampled_from([np.uint8, np.uint16])), shape))
    array = array[..., 0] if channels == 1 else array
    back = decode(encode_png(array), "a.png").source
    assert back.dtype == array.dtype
    np.testing.assert_array_equal(back, array)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_blocks_of_our_own_encoder_join_without_a_seam(
    channels: int, dtype: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    array = np.random.default_rng(0).integers(0, np.iinfo(dtype).max, (300, 50, channels), dtype)
    monkeypatch.setattr("inference.png._BLOCK_ROWS", 7)
    monkeypatch.setattr("inference.png._LONGEST_SIDE", 299)
    back = decode(encode_png(array), "a.png").source
    np.testing.assert_array_equal(back, array[..., 0] if channels == 1 else array)


@pytest.mark.parametrize("shape", [(16, 1_100_000), (1_100_000, 16), (16, 1_100_000, 3)])
def test_sides_longer_than_libpng_takes_are_written(shape: tuple[int, ...]) -> None:
    array = np.zeros(shape, np.uint8)
    array[::5, ::7] = 200
    np.testing.assert_array_equal(decode(encode_png(array), "panorama.png").source, array)


def test_an_encoder_that_fails_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inference.png.cv2.imencode", lambda *_: (False, np.zeros(0, np.uint8)))
    with pytest.raises(OutputError, match="30×20 pixels cannot be written as PNG; cut"):
        encode_png(np.zeros((20, 30), np.uint8))


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_metadata_is_written_whatever_the_channels(channels: int) -> None:
    exif = Image.Exif()
    exif[0x010F] = "Leica"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    image = Image.open(BytesIO(encode_png(np.zeros((20, 20, channels), np.uint8), exif=exif.tobytes(), icc=profile)))
    assert image.getexif()[0x010F] == "Leica"
    assert image.info["icc_profile"] == profile


def test_other_arrays_are_refused() -> None:
    for array in (np.zeros((20, 20), np.float32), np.zeros((20, 20, 5), np.uint8)):
        with pytest.raises(ValueError, match="PNG holds"):
            encode_png(array)  # type: ignore[arg-type]
