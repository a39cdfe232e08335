"""The in-place layer against batch normalisation and leaky ReLU, for both kernels."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from inference.errors import InferenceError
from inference.networks import inplace
from inference.networks.inplace import NO_ACTIVATION, SLOPE, InPlaceNorm

CPU = torch.device("cpu")


@pytest.fixture(params=["native", "extension"])
def kernel(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each kernel in turn; the extension's only where it is installed."""
    if request.param == "native":
        monkeypatch.setattr(inplace, "extension", lambda: None)
    elif inplace.extension() is None:
        pytest.skip("inplace-abn is not installed; `make inplace` builds it")
    assert inplace.kernel(CPU, torch.float64) == request.param
    return str(request.param)


def layer(channels: int, slope: float = SLOPE) -> InPlaceNorm:
    """A layer in float64 whose weights have both signs and whose statistics are not those of a fresh one."""
    made = InPlaceNorm(channels, slope=slope, eps=1e-3, momentum=0.3).double()
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        made.weight.copy_(torch.randn(channels, generator=generator))
        made.bias.copy_(torch.randn(channels, generator=generator))
    made.running_mean.copy_(torch.randn(channels, generator=generator))
    made.running_var.copy_(torch.rand(channels, generator=generator) + 0.5)
    return made


def reference(of: InPlaceNorm) -> nn.Sequential:
    """Batch normalisation with the weights that the layer means, and leaky ReLU."""
    norm = nn.BatchNorm2d(len(of.weight), eps=of.eps, momentum=of.momentum).to(of.weight.dtype)
    norm.load_state_dict(of.state_dict())
    with torch.no_grad():
        norm.weight.copy_(of.weight.abs() + of.eps)
    return nn.Sequential(norm, nn.LeakyReLU(of.slope)).train(of.training)


def values(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def gradients(module: InPlaceNorm | nn.Sequential, x: torch.Tensor, weights: torch.Tensor) -> list[torch.Tensor]:
    """Output, and the gradients of its weighted sum by input, weight and bias."""
    leaf = x.clone().requires_grad_()
    output = module(leaf.clone(memory_format=torch.preserve_format))
    (output * weights).sum().backward()
    return [output.detach(), *(each.grad for each in (leaf, *module.parameters()) if each.grad is not None)]


@pytest.fixture(params=["cpu", "cuda"])
def device(request: pytest.FixtureRequest, kernel: str) -> torch.device:
    """Each device in turn; CUDA only where there is a GPU that the kernel can use."""
    found = torch.device(request.param)
    if found.type == "cuda" and not torch.cuda.is_available():
        pytest.skip("this machine has no GPU for torch")
    if inplace.kernel(found, torch.float64) != kernel:
        pytest.skip("inplace-abn was built without its CUDA part; `make inplace` builds it where nvcc is")
    return found


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("slope", [SLOPE, NO_ACTIVATION])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_layer_is_batch_normalisation_and_leaky_relu(
    kernel: str, device: torch.device, training: bool, slope: float, layout: torch.memory_format
) -> None:
    ours = layer(6, slope).to(device).train(training)
    theirs = reference(ours).to(device)
    x, weights = (3 * values(4, 6, 5, 7, seed=seed).to(device) + 1 for seed in (0, 1))
    near = 1e-11 if kernel == "native" else 1e-7  # the extension's eps and slope are of float32
    found = gradients(ours, x.to(memory_format=layout), weights)
    output, to_x, to_weight, to_bias = gradients(theirs, x, weights)
    to_weight = to_weight * ours.weight.sign()  # the weight's size is what counts
    for one, other in zip(found, (output, to_x, to_weight, to_bias), strict=True):
        torch.testing.assert_close(one, other, rtol=10 * near, atol=near)
    for name in ("running_mean", "running_var", "num_batches_tracked"):
        torch.testing.assert_close(ours.state_dict()[name], theirs[0].state_dict()[name], rtol=10 * near, atol=near)


def test_only_the_output_is_kept_and_the_input_is_overwritten(kernel: str) -> None:
    ours = layer(8)
    x = values(2, 8, 16, 16).requires_grad_().clone()
    place = x.data_ptr()
    kept: dict[int, int] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        kept[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        y = ours(x)
    assert y.data_ptr() == place
    assert place in kept
    assert sum(kept.values()) - kept[place] <= 4 * 8 * y.element_size()


def test_what_still_needs_the_input_is_refused_and_not_wrong(kernel: str) -> None:
    x = values(2, 6, 4, 4).requires_grad_() * 1
    squared = x * x
    layer(6)(x)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        squared.sum().backward()  # type: ignore[no-untyped-call]


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("size", [1.0, 0.1, 0.01])
def test_low_precision_keeps_gradients_with_small_weights_too(dtype: torch.dtype, size: float) -> None:
    """Inverting the rounded output amplifies by 1 / weight: that may reach the weight's gradient, no other."""
    ours = layer(16).float()
    ours.eps = 1e-5
    with torch.no_grad():
        ours.weight.copy_(size * (ours.weight + ours.weight.sign() / 2))
    x, weights = values(4, 16, 24, 24).to(dtype), values(4, 16, 24, 24, seed=1).to(dtype)
    output, to_x, to_weight, to_bias = gradients(ours, x, weights)
    expected = gradients(reference(ours), x.float(), weights.float())
    step = torch.finfo(dtype).eps
    assert output.dtype == to_x.dtype == dtype
    assert off(output, expected[0]) < step / 2
    assert off(to_x, expected[1]) < step
    assert off(to_weight * ours.weight.detach().sign(), expected[2]) < step * (1 + 0.5 / size)
    assert off(to_bias, expected[3]) < step / 100


def off(found: torch.Tensor, expected: torch.Tensor) -> float:
    """Relative error."""
    return float((found.float() - expected).norm() / expected.norm())


def test_kernels_are_named_by_what_they_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inplace, "extension", lambda: None)
    assert inplace.kernel(CPU, torch.float32) == "native"
    monkeypatch.setattr(inplace, "extension", object)
    assert inplace.kernel(CPU, torch.float32) == "extension"
    assert inplace.kernel(CPU, torch.bfloat16) == "native"
    monkeypatch.setattr(inplace, "_processes", lambda: 2)
    assert inplace.kernel(CPU, torch.float32) == "native"


def test_autocast_trains_whatever_is_installed() -> None:
    network = nn.Sequential(nn.Conv2d(3, 8, 3), InPlaceNorm(8), nn.Conv2d(8, 1, 3))
    with torch.autocast("cpu", torch.bfloat16):
        output = network(torch.rand(2, 3, 12, 12))
    output.float().square().mean().backward()
    assert output.dtype == torch.bfloat16
    assert all(parameter.grad is not None and parameter.grad.isfinite().all() for parameter in network.parameters())


def test_statistics_of_a_single_value_are_refused() -> None:
    with pytest.raises(InferenceError, match=r"\(1, 4, 1, 1\): train on larger crops"):
        InPlaceNorm(4)(torch.rand(1, 4, 1, 1))
    evaluated = InPlaceNorm(4).eval()
    x = torch.randn(1, 4, 1, 1)
    torch.testing.assert_close(evaluated(x.clone()), F.leaky_relu(x, SLOPE), rtol=1e-4, atol=1e-4)


def test_states_are_those_of_batch_normalisation(kernel: str) -> None:
    ours, theirs = InPlaceNorm(4), nn.BatchNorm2d(4)
    assert {key: value.shape for key, value in ours.state_dict().items()} == {
        key: value.shape for key, value in theirs.state_dict().items()
    }
    if kernel == "extension":
        import inplace_abn

        assert list(inplace_abn.InPlaceABN(4).state_dict()) == list(ours.state_dict())
