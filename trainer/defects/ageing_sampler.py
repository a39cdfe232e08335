"""Draw from chance how a print aged and how it was scanned."""

import numpy as np

from trainer.defects.records import Ageing, Tone
from trainer.defects.settings import AgeingSettings

_PLAIN: Tone = (1.0, 1.0, 1.0)


def draw_ageing(chance: np.random.Generator, settings: AgeingSettings) -> Ageing:
    """Draw how a print aged and was scanned."""
    strength = settings.strength
    likely = min(1.0, 2 * strength)
    grey = bool(chance.random() < settings.grey * likely)
    cast, toning = _draw_cast(chance, grey) if chance.random() < settings.cast * likely else (_PLAIN, _PLAIN)
    paper = str(chance.choice(["weave", "linen", "honeycomb"])) if chance.random() < settings.paper * likely else ""
    silver = chance.random() < settings.silver * likely
    halftone = chance.random() < settings.halftone * likely
    specks = chance.random() < 0.35 * likely
    copied = chance.random() < 0.3 * likely
    jpeg = bool(chance.random() < settings.jpeg) and strength > 0
    return Ageing(
        seed=int(chance.integers(2**31)),
        grey=grey,
        cast=cast,
        toning=toning,
        black=float(chance.uniform(0, 70) * chance.random() * strength),
        white=float(255 - chance.uniform(0, 80) * chance.random() * strength),
        gamma=float(1 + chance.uniform(-0.4, 0.7) * strength),
        uneven=float(chance.uniform(0, 0.3) * chance.random() * strength),
        vignette=float(chance.uniform(-0.3, 0.5) * chance.random() * strength),
        focus=float(max(0.0, chance.uniform(-0.9, 1.9)) * strength),
        grain=float(max(0.0, chance.uniform(-4, 14)) * strength),
        grain_size=float(chance.uniform(1, 2.6)),
        specks=float(10 ** chance.uniform(-4.3, -2.9)) if specks else 0.0,
        speck_contrast=float(chance.uniform(-30, 45)) if specks else 0.0,
        paper=paper,
        paper_period=float(np.exp(chance.uniform(np.log(2.5), np.log(9)))),
        paper_contrast=float(chance.uniform(4, 26) * strength) if paper else 0.0,
        silver=float(chance.uniform(15, 90) * strength) if silver else 0.0,
        halftone=float(chance.uniform(2.5, 5)) if halftone else 0.0,
        scan_gamma=float(1 + chance.uniform(-0.25, 0.3) * strength) if copied else 1.0,
        scan_cast=_gains(chance, 0.9) if copied else _PLAIN,
        scan_focus=float(max(0.0, chance.uniform(-0.5, 1.15)) * strength),
        scan_noise=float(max(0.0, chance.uniform(-2, 3.5)) * strength),
        banding=float(max(0.0, chance.uniform(-6, 3)) * strength),
        jpeg_quality=int(chance.integers(45, 97)) if jpeg else 0,
    )


def _draw_cast(chance: np.random.Generator, grey: bool) -> tuple[Tone, Tone]:
    """Gains and gammas per channel: brown shadows under cream lights, or the shifted dyes of a colour print."""
    if grey:
        warmth = float(chance.uniform(0, 0.35) if chance.random() < 0.8 else chance.uniform(0.35, 0.8))
        gains = (1.0, 1 - 0.35 * warmth - float(chance.uniform(0, 0.06)), 1 - warmth)
        depth = float(chance.uniform(0, 0.5))
        return gains, (1.0, 1 + 0.5 * depth, 1 + depth)
    gammas = chance.uniform(0.85, 1.15, 3)
    return _gains(chance, 0.75), (float(gammas[0]), float(gammas[1]), float(gammas[2]))


def _gains(chance: np.random.Generator, least: float) -> Tone:
    red, green, blue = (float(gain) for gain in chance.uniform(least, 1.0, 3))
    return (red, green, blue)
