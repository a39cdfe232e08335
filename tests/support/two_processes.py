"""Training over processes, for tests: each takes its share of one batch through the same network."""

import copy
from pathlib import Path

import torch
from torch import distributed, nn
from torch.multiprocessing.spawn import spawn

Outcome = dict[str, torch.Tensor]


def outcome(network: nn.Module, photos: torch.Tensor) -> Outcome:
    """One pass of `N×3×H×W` in training: output, gradients of a sum by input and parameters, and statistics."""
    leaf = photos.clone().requires_grad_()
    output = network(leaf)
    output.pow(3).sum().backward()
    assert leaf.grad is not None
    found = {"output": output.detach(), "input gradient": leaf.grad}
    found |= {f"gradient of {name}": each.grad for name, each in network.named_parameters() if each.grad is not None}
    return found | {name: each for name, each in network.named_buffers() if "running" in name}


def shared_outcome(network: nn.Module, photos: torch.Tensor, shares: list[int], folder: Path) -> Outcome:
    """The same, by a process for each share of the batch: outputs joined, parameters' gradients summed."""
    spawn(_one, (network, photos.split(shares), folder), nprocs=len(shares))  # type: ignore[no-untyped-call]
    parts: list[Outcome] = [torch.load(folder / str(rank)) for rank in range(len(shares))]
    return {name: _joined(name, [part[name] for part in parts]) for name in parts[0]}


def _joined(name: str, parts: list[torch.Tensor]) -> torch.Tensor:
    if name in ("output", "input gradient"):
        return torch.cat(parts)
    if name.startswith("gradient"):
        return torch.stack(parts).sum(0)
    for part in parts:
        torch.testing.assert_close(part, parts[0], msg=f"{name} differs between processes")
    return parts[0]


def _one(rank: int, network: nn.Module, shares: tuple[torch.Tensor, ...], folder: Path) -> None:
    torch.set_num_threads(1)
    distributed.init_process_group("gloo", f"file://{folder}/meeting", rank=rank, world_size=len(shares))
    torch.save(outcome(copy.deepcopy(network), shares[rank]), folder / str(rank))
    distributed.destroy_process_group()
