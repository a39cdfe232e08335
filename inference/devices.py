"""Where networks run, and in which precision."""

from contextlib import AbstractContextManager, nullcontext

import torch


def chosen_device(name: str | None) -> torch.device:
    """The device of that name; without one, a GPU where there is."""
    return torch.device(name or ("cuda" if torch.cuda.is_available() else "cpu"))


def has_native_bfloat16(device: str) -> bool:
    """Whether the hardware of `cpu` or `cuda` multiplies bfloat16; elsewhere it is emulated, slower than float32."""
    return bool(
        torch.cuda.is_bf16_supported(including_emulation=False)
        if device == "cuda"
        else torch.cpu._is_amx_tile_supported()
    )


def fast_precision(device: str) -> AbstractContextManager[object]:
    """In the block, networks on `cpu` or `cuda` compute in bfloat16 where the hardware does."""
    return torch.autocast(device, dtype=torch.bfloat16) if has_native_bfloat16(device) else nullcontext()
