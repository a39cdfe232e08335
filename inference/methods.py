"""What may be chosen, known without loading a network: the classical ways of filling, and the strength of colours."""

from typing import Literal

from inference.names import ModelName

FillMethod = Literal["telea", "ns"]
MOST_SATURATION = 4.0
"""How many times as strong as the colorizer paints colours may be."""


def fill_name(method: FillMethod) -> ModelName:
    """What results call a classical fill: the method and the version of OpenCV that did it."""
    import cv2

    return ModelName(method, cv2.__version__, "opencv")
