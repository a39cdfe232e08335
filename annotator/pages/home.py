"""Home: what waits for me, one button each."""

import altair as alt
import streamlit as st

from annotator import theme
from annotator.context import platform
from annotator.navigation import link
from annotator.pages.first import first_photo, is_under_way, wants_another
from annotator.pages.jobbar import running_jobs
from annotator.pages.leaving import leaving
from annotator.views.home import Card, Day, home
from annotator.views.pictures import strip
from annotator.views.words import count
from annotator.visitor import current


def page() -> None:
    assessor = current()
    with platform().database.reading() as session:
        found = home(session, assessor)
    following = is_under_way(assessor)
    if found.is_newcomer or following or wants_another():
        first_photo(assessor)
        if found.cards and not following:
            st.subheader("Or help with what waits", anchor=False)
            _cards(found.cards)
        leaving(assessor)
        return
    main, aside = st.columns([2.4, 1], gap="large")
    with main:
        if found.cards:
            _cards(found.cards, titled=True)
        else:
            _nothing(found.photos)
    with aside:
        running_jobs(heading="Running now")
        _week(found.week)
    leaving(assessor)


def _nothing(photos: int) -> None:
    st.title("Nothing waits for you", anchor=False)
    said = f"{count(photos, 'photo is', 'photos are')} here." if photos else "There are no photos yet."
    st.write(f"{said} Bring in photos, and they wait here for a mask.")
    st.page_link(link("photos"), label="**Bring in photos**", icon=":material/add_photo_alternate:")


def _cards(cards: tuple[Card, ...], *, titled: bool = False) -> None:
    """`titled`: the page has no other title than what the first of them says."""
    for place, card in enumerate(cards):
        _card(card, primary=place == 0, titled=titled and place == 0)


def _card(card: Card, *, primary: bool, titled: bool) -> None:
    say = st.title if titled else st.subheader
    name = card.kind if card.task is None else "returned"
    with st.container(key=f"card-{name}", gap="small"):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            say(card.said, anchor=False, width="content")
            if st.button(card.button, key=f"open-{name}", type="primary" if primary else "secondary"):
                st.switch_page(link(card.kind), query_params={} if card.task is None else {"task": str(card.task)})
        st.html(strip(card.photos, first=primary))


def _week(days: tuple[Day, ...]) -> None:
    done = {"masks drawn": "labelled", "masks accepted": "accepted", "results judged": "judged"}
    rows = [
        {"day": f"{day.day:%a}", "what": what, "number": getattr(day, field), "place": place}
        for place, day in enumerate(days)
        for what, field in done.items()
    ]
    total = sum(row["number"] for row in rows)
    st.subheader("This week", anchor=False)
    if not total:
        st.caption("Nothing was drawn or judged in the last seven days.")
        return
    colours = [theme.DRAWN, theme.ACCEPTED, theme.palette()["primaryColor"]]
    chart = alt.Chart(alt.Data(values=rows)).mark_bar(size=18, cornerRadiusEnd=2)
    chart = chart.encode(
        x=alt.X("day:N", sort=alt.EncodingSortField("place"), title=None, axis=alt.Axis(labelAngle=0, ticks=False)),
        y=alt.Y("sum(number):Q", title=None, axis=alt.Axis(tickMinStep=1, tickCount=3)),
        color=alt.Color(
            "what:N",
            title=None,
            scale=alt.Scale(domain=list(done), range=colours),
            legend=alt.Legend(orient="bottom", columns=1),
        ),
        tooltip=[alt.Tooltip("day:N"), alt.Tooltip("what:N"), alt.Tooltip("number:Q")],
    )
    st.altair_chart(chart.properties(height=250))
