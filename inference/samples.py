"""From an opened picture to arrays of its own depth and channels."""

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from inference.arrays import Array
from inference.containers import Layout

_TARGETS = {
    "1": "L", "L": "L", "LA": "LA", "La": "LA", "RGB": "RGB", "RGBX": "RGB", "YCbCr": "RGB", "RGBA": "RGBA",
    "RGBa": "RGBA", "PA": "RGBA", "P": "RGB",
}  # fmt: skip


def plain_samples(image: Image.Image, layout: Layout) -> NDArray[np.uint8]:
    """8-bit samples: H×W for grey, else H×W×C with 2 grey+alpha, 3 RGB, 4 RGBA. A palette becomes RGB or RGBA.

    Raises ValueError for other colours.
    """
    target = _TARGETS.get(image.mode)
    if target is None:
        raise ValueError(f"colours stored as {image.mode} are not read")
    if "transparency" in image.info and image.mode in ("1", "L", "RGB", "P"):
        target = "LA" if target == "L" else "RGBA"
    converted = image if image.mode == target else _converted(image, target, layout.step)
    return np.array(converted)


def _converted(image: Image.Image, target: str, step: int) -> Image.Image:
    if image.mode in ("1", "L") and target == "LA":
        key = image.info["transparency"] * step
        grey = image.convert("L")
        alpha = np.where(np.asarray(grey) == key, 0, 255).astype(np.uint8)
        grey.info.pop("transparency", None)
        return Image.merge("LA", (grey, Image.fromarray(alpha)))
    return image.convert(target)


def deep_samples(data: bytes, image: Image.Image, layout: Layout) -> NDArray[np.uint16]:
    """16-bit samples in the order of `plain_samples`; OpenCV reads them, for Pillow would halve the depth.

    Raises ValueError where OpenCV cannot.
    """
    decoded = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if decoded is None or decoded.dtype != np.uint16:
        raise ValueError("its 16-bit samples are not readable")
    key = image.info.get("transparency") if layout.kind == "PNG" else None
    array = _channels(decoded, layout.mode)
    if layout.inverted:
        array = np.bitwise_not(array)
    if layout.premultiplied and array.ndim == 3 and array.shape[2] == 4:
        array = _unmultiply(array)
    return array if key is None else _keyed(array, key)


def _channels(decoded: NDArray[np.generic], mode: str) -> NDArray[np.uint16]:
    """Take the file's own channels from OpenCV's grey, BGR or BGRA."""
    array = decoded.astype(np.uint16, copy=False)
    if mode == "LA":
        return np.ascontiguousarray(array[..., [0, -1]])
    if mode.startswith("I"):
        return array if array.ndim == 2 else np.ascontiguousarray(array[..., 0])
    if array.shape[2] == 4 and mode == "RGBA":
        return np.ascontiguousarray(array[..., [2, 1, 0, 3]])
    return np.ascontiguousarray(array[..., 2::-1])


def _unmultiply(array: NDArray[np.uint16]) -> NDArray[np.uint16]:
    alpha = array[..., 3:].astype(np.float32)
    colour = array[..., :3] * (65535 / np.maximum(alpha, 1))
    return np.concatenate([np.clip(np.rint(colour), 0, 65535).astype(np.uint16), array[..., 3:]], axis=2)


def _keyed(array: NDArray[np.uint16], key: int | tuple[int, ...]) -> NDArray[np.uint16]:
    """Turn a PNG's transparent colour into an alpha channel."""
    planes = array if array.ndim == 3 else array[..., None]
    hidden = (planes == np.asarray(key, np.uint16)).all(axis=2, keepdims=True)
    return np.concatenate([planes, np.where(hidden, 0, 65535).astype(np.uint16)], axis=2)


def to_eight_bits(source: Array) -> NDArray[np.uint8]:
    """uint8 H×W×3 RGB of any `source`: depth rounded (257 levels to one), grey repeated, alpha left out."""
    colour: cv2.typing.MatLike = source
    if source.ndim == 3 and source.shape[2] in (2, 4):
        colour = np.ascontiguousarray(source[..., :-1] if source.shape[2] == 4 else source[..., 0])
    if colour.dtype == np.uint16:
        colour = cv2.convertScaleAbs(colour, alpha=1 / 257)
    return np.asarray(cv2.cvtColor(colour, cv2.COLOR_GRAY2RGB) if colour.ndim == 2 else colour, np.uint8)
