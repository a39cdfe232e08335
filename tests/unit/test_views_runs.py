"""What pages say about runs and comparisons, from data alone."""

import pytest

from annotator.views.comparing import figure_lines, grids, left_out_sentence, run_table, sparkline
from annotator.views.kinds import KIND_TITLES, kind_named
from annotator.views.runs import Point, Run, newest_by_key, thin
from db.models import Job


def run(**values: object) -> Run:
    plain: dict[str, object] = {
        "run_id": "r1", "experiment_id": "1", "name": "detector@2", "status": "FINISHED",
        "started": None, "figures": {}, "tags": {}, "model": None,
    }  # fmt: skip
    return Run(**{**plain, **values})  # type: ignore[arg-type]


def said(kind: str, **figures: float) -> list[str]:
    """What the figures of a run look like in the table."""
    keyed = {key.replace("__", "/"): value for key, value in figures.items()}
    (row,) = run_table(kind_named(kind), [run(figures=keyed)], {})["rows"]
    return [cell["said"] for cell in row["figures"]]


def test_a_run_without_real_annotations_has_no_figure_for_them() -> None:
    assert said("detector", synthetic__dice=0.91234) == ["none from training", "0.912"]


def test_real_figures_stand_apart_from_synthetic_ones() -> None:
    assert said("detector", real__dice=0.3, real__auc=0.9, synthetic__dice=0.8) == ["0.300", "0.900", "–", "0.800"]


@pytest.mark.parametrize("kind", list(KIND_TITLES))
def test_every_row_fills_the_columns_of_its_kind(kind: str) -> None:
    table = run_table(kind_named(kind), [run(), run(figures={"general/ciede2000": 9.5})], {})
    columns = sum(heading["span"] for heading in table["headings"])
    assert [sum(cell["span"] for cell in row["figures"]) for row in table["rows"]] == [columns, columns]


def test_a_curve_is_thinned_evenly_and_keeps_its_end() -> None:
    points = [Point(step, float(step)) for step in range(1000)]
    thinned = thin(points, 100)
    assert len(thinned) == 100
    assert thinned[0] == Point(9, 4.5)
    assert thinned[-1].step == 999
    assert thin(points[:50], 100) == points[:50]


def test_a_sparkline_goes_from_corner_to_corner() -> None:
    assert sparkline([Point(0, 1.0), Point(10, 0.0)]) == "M0.0 0.0 L110.0 26.0"
    assert sparkline([Point(0, 2.0), Point(5, 2.0)]) == "M0.0 26.0 L110.0 26.0"
    assert sparkline([Point(0, 1.0)]) == ""


def test_the_newest_sample_of_each_kind_is_shown() -> None:
    paths = [
        "images/real samples%step%4%timestamp%1%a.png",
        "images/real samples%step%12%timestamp%2%b.png",
        "images/real samples%step%12%timestamp%2%b%compressed.webp",
        "images/synthetic samples~step~8~timestamp~1~c.png",
        "images/else.png",
        "images/third samples+step+12+timestamp+1+e.png",
        "images/third samples+step+4+timestamp+9+d.png",
    ]
    assert newest_by_key(paths) == [paths[1], paths[3], paths[5]]


def photo(name: str, apart: float, left: dict[str, float], right: dict[str, float], group: str) -> dict[str, object]:
    seen = {
        spec: {"figures": figures, "picture": f"{name}-{spec}"} for spec, figures in (("m@1", left), ("m@2", right))
    }
    return {"photo_id": 1, "filename": name, "group": group, "view": f"{name}-view", "apart": apart, "models": seen}


def report(
    *photos: dict[str, object], kind: str = "detector", left_out: list[dict[str, object]] | None = None
) -> dict[str, object]:
    return {
        "kind": kind,
        "models": [{"spec": "m@1"}, {"spec": "m@2"}],
        "left_out": left_out or [],
        "counts": {"synthetic": 2} if kind == "detector" else {"colour": 1, "old": 3},
        "figures": {"m@1": {"synthetic": {"dice": 0.5, "auc": None}, "colour": {"ciede2000": 9.126, "psnr": 25.04}}},
        "photos": list(photos),
    }


def test_photos_come_where_the_models_are_furthest_apart() -> None:
    near, far = ({"dice": 0.5}, {"dice": 0.5}), ({"dice": 0.1}, {"dice": 0.9})
    photos = photo("a.png", 0.0, *near, group="real"), photo("b<i>.png", 0.8, *far, group="real")
    [(heading, shown)] = grids(Job(id="job", result=report(*photos)))
    assert heading == "Real photos"
    assert shown.index("b&lt;i&gt;.png") < shown.index("a.png")
    assert "/api/jobs/job/pictures/a.png-m@2" in shown
    assert shown.count("<b>best</b>") == 1, "a draw has no winner"
    assert "Dice 0.900 <b>best</b>" in shown


def test_what_looks_the_same_has_no_winner() -> None:
    close = photo("a.png", 0.1, {"psnr": 36.81}, {"psnr": 36.84}, group="real")
    [(_, shown)] = grids(Job(id="job", result=report(close, kind="inpainter")))
    assert shown.count("PSNR 36.8 dB") == 2
    assert "best" not in shown


def test_a_smaller_colour_difference_is_better_and_old_photos_have_no_figure() -> None:
    known = photo("a.png", 0.1, {"ciede2000": 8.0}, {"ciede2000": 12.0}, group="colour")
    old = photo("b.png", 0.1, {}, {}, group="old")
    (first, colour), (second, grey) = grids(Job(id="job", result=report(old, known, kind="colorizer")))
    assert (first, second) == ("Colour photos, made grey and coloured", "Old photos")
    assert "ΔE00 8.00 <b>best</b>" in colour
    assert "ΔE00" not in grey
    assert "best" not in grey


def test_a_comparison_without_real_photos_says_so() -> None:
    assert figure_lines(kind_named("detector"), report(), "m@1") == [
        "Real photos: no real annotations yet",
        "On 2 photos with synthetic defects: Dice 0.500",
    ]


def test_colours_are_measured_where_they_are_known() -> None:
    assert figure_lines(kind_named("colorizer"), report(kind="colorizer"), "m@1") == [
        "On 1 colour photo made grey: ΔE00 9.13, PSNR of chroma 25.0 dB",
        "3 old photos: nobody knows their colours, so look at them",
    ]


def test_photos_left_out_are_counted() -> None:
    assert left_out_sentence(report({})) == "Every photo that can judge them took part."
    assert left_out_sentence(report()) == ""
    assert left_out_sentence(report(left_out=[{}])) == "1 photo was left out"
    assert left_out_sentence(report(left_out=[{}, {}])) == "2 photos were left out"
