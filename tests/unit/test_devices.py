"""In which precision networks compute on a GPU."""

from types import SimpleNamespace

import pytest
import torch

from inference.devices import has_native_bfloat16
from trainer.detecting.recipe import DetectorRecipe
from trainer.learning import processes


@pytest.mark.parametrize(("generation", "native", "precision"), [(7, False, "fp16"), (8, True, "bf16")])
def test_a_gpu_that_only_emulates_bfloat16_computes_in_another_precision(
    monkeypatch: pytest.MonkeyPatch, generation: int, native: bool, precision: str
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "current_device", lambda: 0)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda _: SimpleNamespace(major=generation))
    monkeypatch.setattr(torch.cuda, "_check_bf16_tensor_supported", lambda _: True)
    assert has_native_bfloat16("cuda") is native
    chosen: dict[str, str] = {}
    monkeypatch.setattr(processes, "Accelerator", lambda **options: chosen.update(options))
    processes.accelerator_for(DetectorRecipe())
    assert chosen["mixed_precision"] == precision
