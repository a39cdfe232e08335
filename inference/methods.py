"""The classical ways of filling, by name."""

from typing import Literal

from inference.names import ModelName

FillMethod = Literal["telea", "ns"]


def fill_name(method: FillMethod) -> ModelName:
    """What results call a classical fill: the method and the version of OpenCV that did it."""
    import cv2

    return ModelName(method, cv2.__version__, "opencv")
