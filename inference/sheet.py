"""Contact sheets: a row per photo with its mask and its three results, on as many pages as it takes."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from inference.arrays import Array, Mask, Pixels
from inference.errors import OutputError
from inference.png import encode_png
from inference.samples import to_eight_bits
from inference.text import one_line
from inference.thumbnails import shrunk
from inference.writing import write_file

ROWS = 24
"""Rows of one page; all that is kept in memory."""
_SIDE = 384
_GAP = 8
_LINE = 24
_TEXT = 15
_GROUND = (38, 38, 38)
_INK = (222, 222, 222)
_MARK = (240, 96, 58)
_STILL_SEEN = 0.15
_TITLES = ("photo", "mask", "restored", "restored in colour", "only coloured")
_WIDTH = len(_TITLES) * (_SIDE + _GAP) + _GAP


class ContactSheet:
    """Writes page after page beside `path`: FILE.png, FILE-2.png and so on, each of at most ROWS rows.

    A page that cannot be written does not stop the photos; `close` tells of it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._rows: list[Pixels] = []
        self._count = 0
        self._written: list[Path] = []
        self._problem: OutputError | None = None

    def pages(self, rows: int) -> list[Path]:
        """The files that so many rows will be written to."""
        further = range(2, -(-rows // ROWS) + 1)
        return [self.path, *(self.path.with_name(f"{self.path.stem}-{page}{self.path.suffix}") for page in further)]

    def add(self, caption: str, source: Array, mask: Mask, results: Sequence[Array]) -> None:
        """A row: photo, mask over it, results. Arrays are H×W or H×W×C in 8 or 16 bits, `mask` is bool H×W."""
        photo = _small(source)
        self._append(caption, [photo, _marked(photo, mask), *(_small(each) for each in results)])

    def add_failed(self, caption: str) -> None:
        """A row of words alone, for a photo that came to nothing."""
        self._append(caption, [])

    def close(self) -> list[Path]:
        """Write what is left and return all pages. Raises OutputError if a page could not be written."""
        self._flush()
        if self._problem:
            raise self._problem
        return self._written

    def _append(self, caption: str, pictures: Sequence[Pixels]) -> None:
        self._rows.append(_row(caption, pictures))
        self._count += 1
        if len(self._rows) == ROWS:
            self._flush()

    def _flush(self) -> None:
        if not self._rows:
            return
        path = self.pages(self._count)[-1]
        page = encode_png(np.concatenate([_header(), *self._rows]))
        self._rows = []
        try:
            write_file(path, page)
            self._written.append(path)
        except OutputError as error:
            self._problem = error


def _header() -> Pixels:
    strip = _ground(_LINE + _GAP)
    for place, title in enumerate(_TITLES):
        _write(strip, title, _left(place), _LINE)
    return strip


def _row(caption: str, pictures: Sequence[Pixels]) -> Pixels:
    tallest = max((each.shape[0] for each in pictures), default=0)
    strip = _ground(tallest + _LINE + 2 * _GAP)
    for place, picture in enumerate(pictures):
        strip[: picture.shape[0], _left(place) : _left(place) + picture.shape[1]] = picture
    _write(strip, caption, _GAP, tallest + _TEXT + 3)
    return strip


def _left(place: int) -> int:
    return _GAP + place * (_SIDE + _GAP)


def _ground(height: int) -> Pixels:
    return np.full((height, _WIDTH, 3), _GROUND, np.uint8)


def _write(strip: Pixels, text: str, left: int, baseline: int) -> None:
    cv2.putText(strip, one_line(text), (left, baseline), _INK, cv2.FontFace("sans"), _TEXT)


def _small(array: Array) -> Pixels:
    """uint8 RGB with its longer side at most _SIDE; scaled down before anything else is done with it."""
    return to_eight_bits(shrunk(array, _SIDE))


def _marked(photo: Pixels, mask: Mask) -> Pixels:
    """The mask over the greyed photo; of what shrinks below a pixel, _STILL_SEEN of one is enough to be shown."""
    size = (photo.shape[1], photo.shape[0])
    share = cv2.resize(mask.view(np.uint8) * np.uint8(255), size, interpolation=cv2.INTER_AREA)
    grey = cv2.cvtColor(cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    shown = np.asarray(grey, np.uint8)
    shown[share > _STILL_SEEN * 255] = _MARK
    return shown
