"""CIEDE2000, the colour difference that people see, in torch: a loss that wants what evaluation measures.

skimage has the formula too, without gradients; tests hold the two to each other.
"""

import math

import torch

_RGB_TO_XYZ = ((0.412453, 0.357580, 0.180423), (0.212671, 0.715160, 0.072169), (0.019334, 0.119193, 0.950227))
_WHITE = (0.95047, 1.0, 1.08883)
"""D65, 2°: what sRGB is made for."""
_SOFT = 0.01
"""Added to squares before their root is taken, which else has no slope at 0."""


def lab_of(rgb: torch.Tensor) -> torch.Tensor:
    """CIE L*a*b* (D65), `float N×3×H×W`, L from 0 to 100, of sRGB `N×3×H×W` in [0, 1]."""
    light = torch.where(rgb > 0.04045, ((rgb.clamp(min=0.04) + 0.055) / 1.055) ** 2.4, rgb / 12.92)
    matrix = rgb.new_tensor(_RGB_TO_XYZ) / rgb.new_tensor(_WHITE)[:, None]
    xyz = torch.einsum("ij,njhw->nihw", matrix, light)
    root = torch.where(xyz > 0.008856, xyz.clamp(min=0.008) ** (1 / 3), 7.787 * xyz + 16 / 116)
    x, y, z = root.unbind(1)
    return torch.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], dim=1)


def ciede2000(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """ΔE00 (Sharma et al. 2005, section 2) of two pictures in L*a*b* `float N×3×H×W`: `N×H×W`, smoothed to 0.1 at 0.

    For gradients the mean hue and the mean lightness, which only weigh the parts, count as constants.
    """
    (light_one, a_one, b_one), (light_two, a_two, b_two) = first.unbind(1), second.unbind(1)
    stretch = 1 + 0.5 * (1 - _steep((_length(a_one, b_one) + _length(a_two, b_two)) / 2))
    a_one, a_two = a_one * stretch, a_two * stretch
    chroma_one, chroma_two = _length(a_one, b_one), _length(a_two, b_two)
    chroma = (chroma_one + chroma_two) / 2
    lighter, stronger = light_two - light_one, chroma_two - chroma_one
    turned_square = ((a_two - a_one) ** 2 + (b_two - b_one) ** 2 - stronger**2).clamp(min=0)
    with torch.no_grad():
        hue = torch.atan2(b_one / chroma_one + b_two / chroma_two, a_one / chroma_one + a_two / chroma_two)
        off_middle = ((light_one + light_two) / 2 - 50) ** 2
        light_scale = 1 + 0.015 * off_middle / (20 + off_middle).sqrt()
        weight = 1 + sum(share * torch.cos(turns * hue - math.radians(at)) for share, turns, at in _HUES)
        blue = torch.remainder(torch.rad2deg(hue) - 275 + 180, 360) - 180
        rotation = -2 * torch.sin(math.radians(60) * torch.exp(-((blue / 25) ** 2)))
        way = torch.sign(a_one * b_two - a_two * b_one)
    chroma_scale, hue_scale = 1 + 0.045 * chroma, 1 + 0.015 * chroma * weight
    turned = way * (turned_square + _SOFT**2).sqrt() / hue_scale
    crossed = rotation * _steep(chroma) * (stronger / chroma_scale) * turned
    parts = (lighter / light_scale) ** 2 + (stronger / chroma_scale) ** 2 + turned_square / hue_scale**2
    return ((parts + crossed).clamp(min=0) + _SOFT).sqrt()


_HUES = ((-0.17, 1, 30), (0.24, 2, 0), (0.32, 3, -6), (-0.20, 4, 63))
"""Share, multiple and place in degrees of each cosine of the mean hue."""


def _length(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    return (a * a + b * b + _SOFT**2).sqrt()


def _steep(chroma: torch.Tensor) -> torch.Tensor:
    """From 0 for greys to 1 for strong colours, half a power of 7 around 25."""
    strong = chroma**7
    return (strong / (strong + 25.0**7)).sqrt()
