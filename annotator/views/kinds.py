"""The kinds of models as pages speak of them: which figures matter, what pictures mean, what a promotion changes."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Figure:
    """One figure of a comparison."""

    key: str
    said: str
    digits: int = 3
    unit: str = ""
    higher_is_better: bool = True
    times: float = 1.0
    """What the value is multiplied by before it is shown."""

    def shown(self, value: float | None) -> str:
        """`Dice 0.345`, `PSNR 27.1 dB`."""
        return f"{self.said} {value * self.times:.{self.digits}f}{self.unit}" if value is not None else "no figure"


@dataclass(frozen=True)
class Column:
    """Figures of the table of runs that stand side by side under one heading."""

    heading: str
    keys: tuple[str, ...]
    """Names of the metrics in the run."""
    digits: int = 3
    missing: str = ""
    """What stands there when a run has none of them; a dash for each otherwise."""


@dataclass(frozen=True)
class Group:
    """Photos of a comparison that are counted together."""

    one: str
    many: str
    heading: str
    without: str = ""
    """What is said where there is no figure."""


@dataclass(frozen=True)
class Kind:
    """What pages say of one kind of model."""

    name: str
    a: str
    """With its article."""
    does: str
    """What the model in production does, from now on."""
    columns: tuple[Column, ...]
    curves: dict[str, str]
    figures: tuple[Figure, ...]
    """Of a comparison, the one that decides first."""
    groups: dict[str, Group]
    samples: str
    """What the pictures of a training show, from top to bottom."""
    needs: str
    """What to do where there is no photo to compare models on."""
    legend: dict[str, str] = field(default_factory=dict)
    """What the colours of its pictures mean."""
    terms: str = ""
    """What its figures mean, for whoever does not know their names."""
    measured_how: str = ""
    """How the figures of a comparison come about, where that is not plain."""


_ANNOTATED = {
    "real": Group("real photo", "real photos", "Real photos", "no real annotations yet"),
    "synthetic": Group("photo with synthetic defects", "photos with synthetic defects", "Synthetic defects"),
}
_NEEDS_MASKS = "It takes photos with an accepted mask that they were not trained on."
_DETECTOR = Kind(
    name="detector",
    a="a detector",
    does="proposes masks and finds the defects of photos that are restored",
    columns=(
        Column("on real photos: Dice, ROC AUC, AP", ("real/dice", "real/auc", "real/average_precision"),
               missing="none from training"),
        Column("synthetic: Dice", ("synthetic/dice",)),
    ),
    curves={
        "loss": "loss",
        "real/dice": "Dice, real",
        "real/auc": "AUC, real",
        "synthetic/dice": "Dice, synthetic",
        "synthetic/auc": "AUC, synthetic",
    },
    figures=(Figure("dice", "Dice"), Figure("auc", "ROC AUC"), Figure("average_precision", "AP"), Figure("iou", "IoU")),
    groups=_ANNOTATED,
    samples="Photos, with what was found and missed",
    needs=_NEEDS_MASKS,
    legend={"found": "#3cc85a", "missed": "#466eff", "false alarm": "#f03c3c"},
    terms="Dice is how well a mask covers the true one; ROC AUC and AP are how well defects are told from the rest, "
    "whatever the threshold. 1 is perfect.",
)  # fmt: skip
_HOLE_SHARES = ("0-10", "10-20", "20-30", "30-40", "40-50", "50-60")
_INPAINTER = Kind(
    name="inpainter",
    a="an inpainter",
    does="fills the defects of photos that are restored",
    columns=(
        Column("PSNR, dB", ("psnr",), digits=2),
        Column(
            "PSNR where 0–10, 10–20, … 50–60 % are holes", tuple(f"{share}/psnr" for share in _HOLE_SHARES), digits=1
        ),
    ),
    curves={
        "loss": "loss",
        "psnr": "PSNR, dB",
        **{f"{share}/psnr": f"PSNR, {share.replace('-', '–')} % holes" for share in _HOLE_SHARES},
    },
    figures=(
        Figure("psnr", "PSNR", 1, " dB"),
        Figure("ssim", "SSIM"),
        Figure("l1", "mean error", 1, " %", higher_is_better=False, times=100),
    ),
    groups=_ANNOTATED,
    samples="Photos with holes, filled, and as they were",
    needs=_NEEDS_MASKS,
    terms="PSNR is how close a filled hole comes to what was there: the more dB, the closer.",
    measured_how="What lies under a defect nobody knows. The figures come from holes of the same shapes, cut where the "
    "photo is clean: the mask, mirrored.",
)
_COLORIZER = Kind(
    name="colorizer",
    a="a colorizer",
    does="colours the photos that are restored",
    columns=(
        Column("general: ΔE00", ("general/ciede2000",), digits=2),
        Column("colourfulness", ("general/colourfulness",), digits=2),
        Column("portraits: ΔE00", ("portraits/ciede2000",), digits=2),
        Column("colourfulness", ("portraits/colourfulness",), digits=2),
    ),
    curves={
        "loss": "loss",
        "general/ciede2000": "ΔE00, general",
        "general/colourfulness": "colourfulness, general",
        "portraits/ciede2000": "ΔE00, portraits",
        "portraits/colourfulness": "colourfulness, portraits",
    },
    figures=(
        Figure("ciede2000", "ΔE00", 2, higher_is_better=False),
        Figure("colourfulness", "colourfulness", 2),
        Figure("psnr", "PSNR of chroma", 1, " dB"),
    ),
    groups={
        "colour": Group("colour photo made grey", "colour photos made grey", "Colour photos, made grey and coloured"),
        "old": Group("old photo", "old photos", "Old photos", "nobody knows their colours, so look at them"),
    },
    samples="Grey, coloured, and as the photos were",
    needs="Bring in photos that they were not trained on.",
    terms="ΔE00 is how far colours are from the true ones; 1 is just visible. Colourfulness is how much colour "
    "there is, the true photo's being 1: a model that leaves all grey has 0.",
)
_KINDS = {kind.name: kind for kind in (_DETECTOR, _INPAINTER, _COLORIZER)}
KIND_TITLES = {"detector": "Detectors", "inpainter": "Inpainters", "colorizer": "Colorizers"}
"""In the order in which a photo meets them."""


def kind_named(name: str) -> Kind:
    """The words for a kind of model. Raises KeyError for a kind that is none."""
    return _KINDS[name]


def kind_of(spec: str) -> Kind:
    """The kind of `detector@3`."""
    return kind_named(spec.partition("@")[0])
