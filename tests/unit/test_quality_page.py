"""The page of all figures: every figure in its row, what cannot be had as a dash."""

from dataclasses import replace
from typing import Any

from trainer.evaluation.quality.page import quality_page
from trainer.evaluation.quality.speed import Speed

SPEED = Speed("CPU", 2, 0.031, {"detect": 0.5, "fill": 0.25, "color": 0.125, "restored_color": 0.125})
FILLS = {"psnr": 30.125, "ssim": 0.91}
COLOURS = {"ciede2000": 9.5, "mse": 120.25, "psnr": 27.3, "colourfulness": 0.7}
FIGURES: dict[str, Any] = {
    "detector": {
        "models": [
            {
                "name": "detector shipped-3",
                "threshold": 0.58,
                "mean": {"dice": 0.4, "best_dice": 0.5, "auc": 0.94, "average_precision": 0.41},
                "photos": [
                    {"name": "print-a", "apart": False, "figures": {"dice": 0.45, "best_dice": 0.55, "auc": None}},
                    {"name": "street", "apart": True, "figures": {"dice": 0.31}},
                ],
            }
        ],
        "references": {"top-hat": {"mean": {"dice": 0.215}}, "published, on other photos": {"dice": 0.35, "auc": 0.93}},
    },
    "inpainter": {
        "data": {"photos": 97},
        "models": [{"name": "inpainter shipped-1", "bins": {"10-20": FILLS}, "gain": {"10-20": 0.875}}],
        "references": [{"name": "Telea", "bins": {"10-20": {"psnr": 29.25, "ssim": 0.9}}}],
        "published": {"name": "Liu et al.", "psnr": {"10-20": 28.32, "20-30": 25.25}},
    },
    "colorizer": {
        "models": [{"name": "colorizer shipped-1", "groups": {"photos": COLOURS}}],
        "references": [{"name": "leave it grey", "groups": {"photos": {**COLOURS, "colourfulness": 0.0}}}],
    },
    "restoration": {
        "models": {"detector": "detector shipped-3", "inpainter": "inpainter shipped-1"},
        "mean": {"damaged": 28.0, "restored": 29.0, "ceiling": 31.0, "gain": 1.0, "share": 0.334},
        "photos": [
            {
                "name": "film",
                "figures": {"damaged": 28.0, "restored": 27.5, "ceiling": 28.0, "gain": -0.5, "share": None},
            }
        ],
    },
}


def rows() -> dict[str, list[str]]:
    """The cells of every row by its name."""
    lines = [line for line in quality_page(FIGURES, SPEED).splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {name: figures for name, *figures in cells}


def test_every_part_has_its_figures() -> None:
    found = rows()
    assert found["**mean**"] == ["28.00", "29.00", "31.00", "+1.00", "33%"], "of the last part"
    assert found["published, on other photos"] == ["0.350", "–", "0.930", "–"]
    assert found["10-20 %, inpainter shipped-1"] == ["30.12", "0.910", "+0.88"]
    assert found["10-20 %, Telea"] == ["29.25", "0.900", "–"]
    assert found["photos, colorizer shipped-1"] == ["9.50", "120.2", "0.70"]
    assert found["detect"] == ["0.50", "0.29"]
    assert found["**all three results**"] == ["1.00", "–"]


def test_what_cannot_be_had_is_a_dash_and_what_stands_apart_says_so() -> None:
    found = rows()
    assert found["print-a"] == ["0.450", "0.550", "–", "–"]
    assert found["street (apart)"][0] == "0.310"
    assert found["film"] == ["28.00", "27.50", "28.00", "-0.50", "–"]


def test_published_figures_stand_in_their_bin_alone() -> None:
    assert "10-20 %, Liu et al." in rows()
    assert "20-30 %, Liu et al." not in rows()


def test_threads_are_counted_in_words() -> None:
    assert "on CPU, 2 threads, median" in quality_page(FIGURES, SPEED)
    assert "on CPU, 1 thread, median" in quality_page(FIGURES, replace(SPEED, threads=1))
