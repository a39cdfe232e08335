"""Masks as run lengths, the way COCO, CVAT and Label Studio write them down."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
Box = tuple[int, int, int, int]
LABEL_STUDIO_SIZES = (3, 4, 8, 16)
"""Bits a run's length may take; the index of the smallest that fits is written before it."""
LONGEST_RUN = 2 ** LABEL_STUDIO_SIZES[-1]


def run_lengths(flat: Mask) -> list[int]:
    """Lengths of alternating runs of a flat mask, the first of them clean (0 when it starts with a defect)."""
    if flat.size == 0:
        return []
    starts = [0, *(np.flatnonzero(flat[1:] != flat[:-1]) + 1).tolist(), int(flat.size)]
    lengths = [after - before for before, after in pairwise(starts)]
    return [0, *lengths] if flat[0] else lengths


def bounding_box(mask: Mask) -> Box | None:
    """Left, top, width and height of the defects of an H×W mask; None when there are none."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if rows.size == 0:
        return None
    left, top = int(columns[0]), int(rows[0])
    return left, top, int(columns[-1]) - left + 1, int(rows[-1]) - top + 1


def coco_counts(mask: Mask) -> list[int]:
    """Uncompressed COCO run lengths of an H×W mask: column by column, clean first."""
    return run_lengths(mask.ravel(order="F"))


def cvat_counts(mask: Mask, box: Box) -> list[int]:
    """CVAT run lengths: row by row within the bounding box, clean first."""
    left, top, width, height = box
    return run_lengths(mask[top : top + height, left : left + width].ravel())


def label_studio_rle(mask: Mask) -> list[int]:
    """Label Studio's brush format of an H×W mask: bytes of a bit stream over the four equal channels of each pixel.

    Header: number of values (32 bits), word size − 1 (5), the four length sizes − 1 (4 each). Then per run: 1, the
    index of its length size (2), length − 1, value (8). The last byte is filled up with zeros.
    """
    bits = [f"{mask.size * 4:032b}", f"{8 - 1:05b}", *(f"{size - 1:04b}" for size in LABEL_STUDIO_SIZES)]
    defect = False
    for length in run_lengths(mask.ravel()):
        bits.extend(_label_studio_run(length * 4, 255 if defect else 0))
        defect = not defect
    stream = "".join(bits)
    stream += "0" * (-len(stream) % 8)
    return list(int(stream, 2).to_bytes(len(stream) // 8, "big"))


def _label_studio_run(length: int, value: int) -> list[str]:
    words = []
    while length > 0:
        part = min(length, LONGEST_RUN)
        index = next(i for i, size in enumerate(LABEL_STUDIO_SIZES) if part <= 2**size)
        words.append(f"1{index:02b}{part - 1:0{LABEL_STUDIO_SIZES[index]}b}{value:08b}")
        length -= part
    return words
