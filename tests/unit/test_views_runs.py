"""What pages say about runs and comparisons, from data alone."""

import pytest

from annotator.views.comparing import disagreement, figure_lines, grid, left_out_sentence, run_rows, sparkline
from annotator.views.runs import Point, Run, newest_by_key, thin
from db.models import Job


def run(**values: object) -> Run:
    plain: dict[str, object] = {
        "run_id": "r1", "experiment_id": "1", "name": "detector@2", "job_id": "j", "status": "FINISHED",
        "started": None, "figures": {}, "params": {}, "tags": {}, "model": None,
    }  # fmt: skip
    return Run(**{**plain, **values})  # type: ignore[arg-type]


def test_a_run_without_real_annotations_has_no_figure_for_them() -> None:
    (row,) = run_rows([run(figures={"synthetic/dice": 0.91234})], {})
    assert row["has_real"] is False
    assert row["real"] == ["–", "–", "–"]
    assert row["synthetic"] == "0.912"


def test_real_figures_stand_apart_from_synthetic_ones() -> None:
    (row,) = run_rows([run(figures={"real/dice": 0.3, "real/auc": 0.9, "synthetic/dice": 0.8})], {})
    assert row["real"] == ["0.300", "0.900", "–"]


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


def photo(name: str, left: float | None, right: float | None, real: bool = True) -> dict[str, object]:
    seen = {
        spec: {"figures": {"dice": dice}, "overlay": f"{name}-{spec}"}
        for spec, dice in (("detector@1", left), ("detector@2", right))
    }
    return {"photo_id": 1, "filename": name, "real": real, "view": f"{name}-view", "models": seen}


def report(*photos: dict[str, object], left_out: list[dict[str, object]] | None = None) -> dict[str, object]:
    return {
        "models": [{"spec": "detector@1"}, {"spec": "detector@2"}],
        "left_out": left_out or [],
        "counts": {"real": 0, "synthetic": 2},
        "figures": {"detector@1": {"real": "no real annotations yet", "synthetic": {"dice": 0.5, "auc": None}}},
        "photos": list(photos),
    }


def test_photos_come_where_the_models_disagree_most() -> None:
    shown = grid(Job(id="job", result=report(photo("a.png", 0.5, 0.5), photo("b<i>.png", 0.1, 0.9))))
    assert shown.index("b&lt;i&gt;.png") < shown.index("a.png")
    assert "/api/jobs/job/pictures/a.png-detector@2" in shown
    assert shown.count("<b>best</b>") == 1, "a draw has no winner"


def test_disagreement_is_the_gap_in_dice() -> None:
    assert disagreement(photo("a", 0.25, 0.75)) == pytest.approx(0.5)
    assert disagreement(photo("a", None, 0.75)) == pytest.approx(0.75)


def test_a_comparison_without_real_photos_says_so() -> None:
    first, second = figure_lines(report(), "detector@1")
    assert first == "Real photos: no real annotations yet"
    assert second == "On 2 photos with synthetic defects: Dice 0.500"


def test_photos_left_out_are_counted() -> None:
    assert left_out_sentence(report()) == "Every photo with an accepted mask took part."
    assert left_out_sentence(report(left_out=[{}])) == "1 photo was left out"
    assert left_out_sentence(report(left_out=[{}, {}])) == "2 photos were left out"
