"""One photo in, restored photos out: the part of heirloom that others embed.

Importing this package is light: what needs torch is loaded when it is first asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from inference.colorizer import Colorizer
    from inference.decoding import decode
    from inference.detector import Detector
    from inference.inpainter import Inpainter
    from inference.photo import Photo
    from inference.restorer import Restorer

__all__ = ["Colorizer", "Detector", "Inpainter", "Photo", "Restorer", "decode"]
_HOMES = {
    "Colorizer": "inference.colorizer",
    "Detector": "inference.detector",
    "Inpainter": "inference.inpainter",
    "Photo": "inference.photo",
    "Restorer": "inference.restorer",
    "decode": "inference.decoding",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
