"""Charts in the look of the pages."""

from collections.abc import Mapping, Sequence

import altair as alt

from annotator import theme
from annotator.views.runs import Point

HUES = {
    theme.DARK["backgroundColor"]: ("#e0a44a", "#5fa8d3", "#c77dba", "#8fb35a", "#d9735b", "#9a8fd0"),
    theme.LIGHT["backgroundColor"]: ("#80530a", "#1f6f9f", "#93408a", "#4d7323", "#ab3f27", "#5d4fa8"),
}
"""Lines of different runs, by the ground that they are drawn on; dashes tell them apart as well."""
DASHES = ([1, 0], [6, 3], [2, 2], [8, 3, 2, 3], [4, 4], [1, 3])


def lines(curves: Mapping[str, Sequence[Point]], title: str) -> alt.Chart:
    """One line per run over the steps."""
    rows = [
        {"run": name, "step": point.step, "value": point.value} for name, points in curves.items() for point in points
    ]
    names = list(curves)
    hues = HUES[theme.palette()["backgroundColor"]]
    dashes = alt.Scale(domain=names, range=list(DASHES[: len(names)]))
    chart = alt.Chart(alt.Data(values=rows)).mark_line(strokeWidth=2)
    encoded = chart.encode(
        x=alt.X("step:Q", title="step", axis=alt.Axis(grid=False, tickCount=5)),
        y=alt.Y("value:Q", title=title, scale=alt.Scale(zero=False), axis=alt.Axis(tickCount=4)),
        color=alt.Color(
            "run:N",
            title=None,
            scale=alt.Scale(domain=names, range=list(hues[: len(names)])),
            legend=alt.Legend(orient="top") if len(names) > 1 else None,
        ),
        strokeDash=alt.StrokeDash("run:N", legend=None, scale=dashes),
        tooltip=[alt.Tooltip("run:N"), alt.Tooltip("step:Q"), alt.Tooltip("value:Q", format=".4f")],
    )
    return encoded.properties(height=220)
