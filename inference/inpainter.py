"""The inpainter in use: a photo and the mask of its defects in, the photo with the defects filled out."""

import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from inference.arrays import Array, Mask
from inference.devices import chosen_device, has_native_bfloat16
from inference.errors import InferenceError, not_finite
from inference.fill import Filled, check_mask
from inference.holes import coarser, depth_of, put_coarse, widest_hole
from inference.loading import load_network
from inference.names import ModelName
from inference.networks.filling import filling
from inference.networks.inpainter import InpainterArchitecture, InpainterNetwork, build_inpainter
from inference.patchwork import fill_by_tiles
from inference.photo import Photo

_SMALLEST_TILE = 128
_CONTEXT = 64
"""Pixels around a hole that a tile brings at least; what lies deeper in a hole is filled at a coarser scale first."""
Progress = Callable[[float], None]
_log = logging.getLogger(__name__)


class Inpainter:
    """An inpainter network with the largest hole it was trained on and the name it goes by in results."""

    def __init__(
        self, network: InpainterNetwork, largest_hole: int, name: ModelName, *, tile: int = 512,
        device: str | None = None,
    ) -> None:  # fmt: skip
        """Use `network` as it is now on `device`; without one, a GPU where there is.

        `largest_hole` is the diameter in pixels of the widest hole seen in training. Photos go through the network in
        tiles of `tile` pixels, a multiple of 64 and 256 or more.
        """
        self.name = name
        self.largest_hole = largest_hole
        self._reach = max(1, min(_CONTEXT, largest_hole // 2))
        self._device = chosen_device(device)
        self._tile = tile
        dtype = torch.bfloat16 if has_native_bfloat16(self._device.type) else torch.float32
        self._network = filling(network, dtype).to(self._device)

    @classmethod
    def load(
        cls, path: Path | None = None, *, name: ModelName | None = None, threads: int | None = None,
        device: str | None = None,
    ) -> "Inpainter":  # fmt: skip
        """Load a checkpoint file, or the shipped inpainter when `path` is None.

        `name` is what results call it (by default the file's name and hash); `threads` sets torch's threads for the
        whole process. Raises CheckpointError naming the file and the remedy.
        """
        network, largest_hole, called = load_network(
            "inpainter",
            path,
            name,
            build=lambda described: build_inpainter(InpainterArchitecture.from_dict(described)),
            read=lambda settings: int(settings["largest_hole"]),
        )
        if threads is not None:
            torch.set_num_threads(threads)
        return cls(network, largest_hole, called, device=device)

    def fill(self, photo: Photo, mask: Mask, progress: Progress | None = None) -> Filled:
        """Fill the defects of `photo`; `mask` is bool H×W, true = defect. `progress` gets the share done.

        Outside the mask the result is `photo.source` bit for bit, alpha everywhere; a photo without colours gets none.
        Any size up to 100 megapixels: only tiles that hold defects are computed. Raises PhotoError for a mask of
        another size or one that leaves nothing to fill from.
        """
        check_mask(mask, photo)
        return Filled(self.filled(photo.source, mask, progress), self._warnings(photo, mask))

    def filled(self, source: Array, mask: Mask, progress: Progress | None = None) -> Array:
        """As `fill`, of samples alone: uint8 or uint16, H×W or H×W×C with 2 grey+alpha, 3 RGB, 4 RGBA."""
        if source.shape[:2] != mask.shape or mask.all():
            raise InferenceError(f"A mask of {mask.shape} does not go with samples of {source.shape}, or covers all.")
        while True:
            try:
                return self._fill(source, mask, progress)
            except torch.OutOfMemoryError:
                if self._device.type != "cuda" or self._tile <= _SMALLEST_TILE:
                    raise
                self._tile //= 2
            _log.warning("The GPU's memory ran out; filling goes on with tiles of %d pixels.", self._tile)
            torch.cuda.empty_cache()

    def _fill(self, source: Array, mask: Mask, progress: Progress | None) -> Array:
        result = source.copy()
        if not mask.any():
            return result
        planes = result.reshape(*mask.shape, -1)
        colours = planes[..., :1] if planes.shape[2] <= 2 else planes[..., :3]
        deep = depth_of(mask) > self._reach
        shallow = mask
        if deep.any() and min(mask.shape) > 2:
            small, small_mask = coarser(colours, mask)
            if small_mask.any() and not small_mask.all():
                small = self._fill(small, small_mask, None)
            put_coarse(small, colours, deep)
            shallow = mask & ~deep
        fill_by_tiles(self._run, colours, shallow, self._tile, progress)
        return result

    @torch.inference_mode()
    def _run(self, pixels: NDArray[np.float32], hole: Mask) -> NDArray[np.float32]:
        """The network's picture of `float32 h×w×3` in [0, 1] with holes `bool h×w`; the same shape, in [0, 1]."""
        photo = torch.from_numpy(pixels).to(self._device).permute(2, 0, 1)[None]
        valid = torch.from_numpy(~hole).to(self._device)[None, None].float()
        result: NDArray[np.float32] = self._network(photo, valid)[0].clamp(0, 1).permute(1, 2, 0).cpu().numpy()
        if not np.isfinite(result).all():
            raise not_finite(self.name)
        return result

    def _warnings(self, photo: Photo, mask: Mask) -> tuple[str, ...]:
        widest = widest_hole(mask, self.largest_hole)
        if widest <= self.largest_hole:
            return ()
        return (
            f"{photo.name} has a hole {widest} pixels wide, and {self.name} has seen none wider than "
            f"{self.largest_hole} in training: look closely at what it filled in there.",
        )
