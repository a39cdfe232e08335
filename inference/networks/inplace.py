"""In-place activated batch normalisation (Rota Bulò, Porzi, Kontschieder 2018, arXiv 1712.02616).

Normalisation and leaky ReLU in one layer that overwrites its input and keeps only its output for backward: what went in
is had back by inverting the activation and the affine step. Statistics are those of all processes where
torch.distributed runs more than one.

Two kernels do the same maths. The package `inplace-abn`, where it is installed, does float32 and float64 in a single
process. Our own does the rest: bfloat16 and float16, which the package does not have everywhere, several processes,
since the package synchronises on CUDA only, and everything where the package is missing. `kernel` says which.
"""

from functools import cache
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import distributed, nn
from torch.autograd.function import once_differentiable

from inference.errors import InferenceError

SLOPE = 0.01
"""Slope of the leaky ReLU below zero; it has to be above zero, or the activation cannot be inverted."""
NO_ACTIVATION = 1.0
"""The slope that leaves values as they are."""

Kernel = Literal["extension", "native"]
_PIXELS = (0, 2, 3)


class InPlaceNorm(nn.Module):
    """Batch normalisation over N, H and W of `N×C×H×W`, then leaky ReLU; the input is overwritten and returned.

    y = leaky(x̂ · (|weight| + eps) + bias), x̂ = (x - mean) / sqrt(variance + eps): the mean and biased variance of the
    batch in training, the running ones otherwise. The weight's size is what counts, as in the package, so that the
    affine step can always be inverted. Parameters and buffers have BatchNorm2d's names and shapes.

    Nothing else may need the input: it has to be a fresh tensor, such as a convolution's result. Nor may anything
    change the output in place. Low precisions are computed in float32 and rounded once. Inverting that rounding costs
    the weight's gradient a relative error of about half a step × |bias / weight|, and the others next to nothing.

    Raises InferenceError in training when there is a single value per channel.
    """

    running_mean: torch.Tensor
    running_var: torch.Tensor
    num_batches_tracked: torch.Tensor

    def __init__(self, channels: int, *, slope: float = SLOPE, eps: float = 1e-5, momentum: float = 0.1) -> None:
        super().__init__()
        self.slope, self.eps, self.momentum = slope, eps, momentum
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))
        self.register_buffer("num_batches_tracked", torch.tensor(0))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.training:
            _check_count(x)
            self.num_batches_tracked += 1
        apply = _extension_norm if kernel(x.device, x.dtype) == "extension" else _NativeNorm.apply
        result: torch.Tensor = apply(
            x, self.weight, self.bias, self.running_mean, self.running_var,
            self.training, self.momentum, self.eps, self.slope,
        )  # fmt: skip
        return result

    def extra_repr(self) -> str:
        return f"{len(self.weight)}, slope={self.slope}, eps={self.eps}, momentum={self.momentum}"


def kernel(device: torch.device, dtype: torch.dtype) -> Kernel:
    """Which kernel in-place layers use now for pictures of this dtype on this device, for a run to log."""
    if extension() is None or dtype not in (torch.float32, torch.float64) or _processes() > 1:
        return "native"
    return "extension" if device.type == "cpu" or (device.type == "cuda" and _extension_has_cuda()) else "native"


@cache
def extension() -> Any | None:
    """The functions of the package `inplace-abn`, or None where it is not installed or its compiled part not usable."""
    try:
        from inplace_abn import functions
    except ImportError:
        return None
    return functions


def _extension_has_cuda() -> bool:
    functions = extension()
    return functions is not None and hasattr(functions._backend, "reduce_statistics")  # compiled for CUDA only


def _extension_norm(  # noqa: PLR0917 - autograd functions take no keywords
    x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor, running_mean: torch.Tensor, running_var: torch.Tensor,
    training: bool, momentum: float, eps: float, slope: float,
) -> torch.Tensor:  # fmt: skip
    functions = extension()
    assert functions is not None
    result: torch.Tensor = functions.inplace_abn(
        x, weight, bias, running_mean, running_var, training, momentum, eps, "leaky_relu", slope
    )
    return result


class _NativeNorm(torch.autograd.Function):
    """The layer on torch's own operations. Takes what `_extension_norm` takes."""

    @staticmethod
    def forward(  # noqa: PLR0917
        ctx: Any,
        x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor,
        running_mean: torch.Tensor, running_var: torch.Tensor,
        training: bool, momentum: float, eps: float, slope: float,
    ) -> torch.Tensor:  # fmt: skip
        wide = x.to(_arithmetic(x.dtype))
        count = torch.tensor(float(x.numel() // x.shape[1]), dtype=wide.dtype, device=x.device)
        if training:
            mean, var, count = _over_processes(*torch.batch_norm_update_stats(wide, None, None, 0.0), count)
            running_mean.lerp_(mean.to(running_mean.dtype), momentum)
            running_var.lerp_((var * count / (count - 1)).to(running_var.dtype), momentum)
        else:
            mean, var = running_mean.to(wide.dtype), running_var.to(wide.dtype)
        scale = _gain(weight, eps, wide.dtype) * torch.rsqrt(var + eps)
        torch.addcmul(_channels(bias - mean * scale), wide, _channels(scale), out=wide)
        F.leaky_relu_(wide, slope)
        if wide is not x:
            x.copy_(wide)
        ctx.mark_dirty(x)
        ctx.save_for_backward(x, weight, bias, var, count)
        ctx.training, ctx.eps, ctx.slope = training, eps, slope
        return x

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        y, weight, bias, var, count = ctx.saved_tensors
        wide = _arithmetic(y.dtype)
        gain = _gain(weight, ctx.eps, wide)
        scale = gain * torch.rsqrt(var + ctx.eps)
        result = y.to(wide)
        linear = torch.ops.aten.leaky_relu_backward(gradient.to(wide), result, ctx.slope, True)
        spread = F.leaky_relu(result, 1 / ctx.slope, inplace=result is not y).sub_(_channels(bias.to(wide)))  # x̂ · gain
        to_bias, to_weight = linear.sum(_PIXELS), _dot(linear, spread) / gain
        if ctx.training:
            mean_bias, mean_weight = (_summed(torch.stack((to_bias, to_weight))) / count).unbind()
            linear.sub_(_channels(mean_bias)).addcmul_(spread, _channels(-mean_weight / gain))
        to_x = linear.mul_(_channels(scale)).to(y.dtype)
        sign = torch.where(weight < 0, -1.0, 1.0)
        return (to_x, (to_weight * sign).to(weight.dtype), to_bias.to(bias.dtype), *(None,) * 6)


def _arithmetic(storage: torch.dtype) -> torch.dtype:
    return torch.promote_types(storage, torch.float32)


def _gain(weight: torch.Tensor, eps: float, dtype: torch.dtype) -> torch.Tensor:
    return weight.to(dtype).abs() + eps


def _channels(values: torch.Tensor) -> torch.Tensor:
    return values.view(1, -1, 1, 1)


def _dot(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """Sums of products per channel, picture by picture, so that the product of a batch is never held."""
    return torch.stack([(a * b).sum((1, 2)) for a, b in zip(one, other, strict=True)]).sum(0)


def _check_count(x: torch.Tensor) -> None:
    if x.numel() // x.shape[1] * _processes() <= 1:
        raise InferenceError(
            f"Batch statistics need more than one value per channel, and a layer got {tuple(x.shape)}: "
            "train on larger crops or larger batches."
        )


def _processes() -> int:
    running = distributed.is_available() and distributed.is_initialized()
    return distributed.get_world_size() if running else 1


def _over_processes(
    mean: torch.Tensor, var: torch.Tensor, count: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Mean, biased variance and count of the values of all processes, each of which may have another number."""
    processes = _processes()
    if processes == 1:
        return mean, var, count
    own = torch.cat((mean, var, count[None]))
    gathered = [torch.empty_like(own) for _ in range(processes)]
    distributed.all_gather(gathered, own)
    table = torch.stack(gathered)
    means, variances, counts = table[:, : len(mean)], table[:, len(mean) : -1], table[:, -1:]
    total = counts.sum()
    joint = (counts * means).sum(0) / total
    return joint, (counts * (variances + (means - joint) ** 2)).sum(0) / total, total


def _summed(sums: torch.Tensor) -> torch.Tensor:
    """The sums of all processes."""
    if _processes() > 1:
        distributed.all_reduce(sums)
    return sums
