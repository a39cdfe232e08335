"""The figures of all evaluations as one page of Markdown."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from trainer.evaluation.quality.speed import PUBLISHED, SIDE, Speed

_DETECTOR = {"dice": "Dice", "best_dice": "best Dice", "auc": "AUC", "average_precision": "AP"}
_FILL = {"psnr": "PSNR", "ssim": "SSIM"}
_COLOUR = {"ciede2000": "CIEDE2000", "mse": "CbCr MSE", "colourfulness": "colourfulness"}
_WHOLE = {"damaged": "damaged", "restored": "restored", "ceiling": "true mask", "gain": "gain", "share": "of possible"}
_STAGES = {"detect": "detect", "fill": "fill", "color": "colour", "restored_color": "colour the filled photo"}


_HEAD = """# How good the models are

Made by `heirloom evaluate all DATA --out DIR`, which writes this page as `DIR/quality.md`, with reports and figures
photo by photo beside it. Photos that a model was trained on are left out."""


def quality_page(figures: Mapping[str, Any], speed: Speed) -> str:
    """The page. `figures` are what the evaluations found, as JSON values, by part."""
    parts = [
        _detector(figures["detector"]),
        _inpainter(figures["inpainter"]),
        _colorizer(figures["colorizer"]),
        _restoration(figures["restoration"]),
        _speed(speed),
    ]
    return "\n\n".join([_HEAD, *parts]) + "\n"


def _detector(found: Mapping[str, Any]) -> str:
    model, references = found["models"][0], found["references"]
    rows = [(each["name"] + " (apart)" * each["apart"], each["figures"]) for each in model["photos"]]
    rows += [("**mean**", model["mean"])]
    rows += [(name, each.get("mean", each)) for name, each in references.items()]
    head = f"Dice at the shipped threshold ({model['threshold']:.3f}) and at the one that is best for the photo."
    return _section(f"Find: {model['name']}", head, _DETECTOR, rows)


def _inpainter(found: Mapping[str, Any]) -> str:
    model = found["models"][0]
    lines = []
    for group, gain in model["gain"].items():
        rows = [(model["name"], {**model["bins"][group], "gain": gain})]
        rows += [(each["name"], each["bins"][group]) for each in found["references"] if group in each["bins"]]
        rows += [
            (f"{found['published']['name']}", {"psnr": value})
            for part, value in found["published"]["psnr"].items()
            if part == group
        ]
        lines += [(f"{group} %, {name}", values) for name, values in rows]
    head = (
        f"Whole photos with irregular holes, by share of the photo, on {found['data']['photos']} photos; gain over the "
        "best classical fill measured on all of them, in dB. Biharmonic is measured on fewer."
    )
    return _section(f"Fill: {model['name']}", head, {**_FILL, "gain": "gain"}, lines)


def _colorizer(found: Mapping[str, Any]) -> str:
    every = [*found["models"], *found["references"]]
    rows = [(f"{group}, {each['name']}", each["groups"][group]) for group in every[0]["groups"] for each in every]
    head = "Clean colour photos turned grey; colourfulness is the mean of |Cb| + |Cr| over the true one's."
    return _section(f"Colour: {found['models'][0]['name']}", head, _COLOUR, rows)


def _restoration(found: Mapping[str, Any]) -> str:
    rows = [(each["name"], each["figures"]) for each in found["photos"]]
    rows += [("**mean**", found["mean"])]
    names = found["models"]
    head = (
        f"PSNR against an expert's restoration, in dB, by {names['detector']} and {names['inpainter']}: the photo as "
        "it is, restored, and filled under the true mask; gain as a share of what the true mask would gain."
    )
    return _section("End to end", head, _WHOLE, rows)


def _speed(speed: Speed) -> str:
    rows = [
        (words, {"seconds": speed.seconds[stage], "published": PUBLISHED.get(stage)})
        for stage, words in _STAGES.items()
        if stage in speed.seconds
    ]
    rows += [("**all three results**", {"seconds": sum(speed.seconds.values()), "published": None})]
    threads = f"{speed.threads} thread{'s' * (speed.threads > 1)}"
    head = (
        f"A photo of {SIDE}² of which {speed.marked:.1%} is marked, on {speed.device}, {threads}, median of three; "
        "beside it what the published service needs on a GPU (fill and colour at 512²)."
    )
    return _section("Speed", head, {"seconds": "seconds", "published": "published"}, rows)


def _section(title: str, head: str, headings: Mapping[str, str], rows: Iterable[tuple[str, Mapping[str, Any]]]) -> str:
    lines: Sequence[str] = [
        f"| {name} | " + " | ".join(_word(key, values.get(key)) for key in headings) + " |" for name, values in rows
    ]
    table = ["| | " + " | ".join(headings.values()) + " |", "|---" * (len(headings) + 1) + "|", *lines]
    return "\n".join([f"## {title}", "", head, "", *table])


def _word(key: str, value: float | None) -> str:
    if value is None:
        return "–"
    if key == "share":
        return f"{value:.0%}"
    if key == "gain":
        return f"{value:+.2f}"
    few = ("psnr", "damaged", "restored", "ceiling", "ciede2000", "colourfulness", "seconds", "published")
    return f"{value:.2f}" if key in few else f"{value:.1f}" if key == "mse" else f"{value:.3f}"
