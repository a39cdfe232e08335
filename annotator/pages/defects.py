"""Defects: what trainings draw on clean photos, under sliders, beside real prints to be matched."""

import streamlit as st

from annotator.context import platform
from annotator.pages.remembering import remember
from annotator.telling import tell
from annotator.views.defects import (
    AGES,
    KINDS,
    LIMITS,
    SAMPLES,
    Knob,
    collection_photos,
    defaults,
    nothing,
    photo_of,
    recipe_text,
    sample_photos,
    settings_of,
    sources,
    worn,
)
from inference.arrays import Pixels
from trainer.defects import DefectError, DefectSettings

SIZE = 256
SIZES = (128, 192, SIZE, 384, 512, 768, 1024)
WAYS = {"worn": "Worn", "outlined": "Worn, marked", "clean": "Clean"}


def page() -> None:
    remember(*map(_key, defaults()), "textures", "way", "side", "source", "beside")
    for name, value in defaults().items():
        st.session_state.setdefault(_key(name), value)
    st.session_state.setdefault("defects seed", 0)
    settings, shown = st.columns([1, 2.4], gap="large")
    with settings:
        try:
            wanted = _settings()
        except DefectError as error:
            tell(error)
            return
    with shown:
        _pictures(wanted)


def _settings() -> DefectSettings:
    st.title("Defects", anchor=False)
    st.caption("What trainings draw on clean photos. Match it to your prints, then take it along as a recipe.")
    with st.container(horizontal=True):
        st.button("Draw anew", key="anew", on_click=_turn_seed, shortcut="n", type="primary")
        st.button("As by default", key="default", on_click=_turn, args=(defaults(),))
        st.button("Nothing", key="nothing", on_click=_turn, args=(nothing(),), help="To look at one kind alone.")
    kinds, ages, limits = st.tabs(["Kinds", "Ageing", "Limits"])
    with kinds:
        st.caption("How many on a picture of about 400 × 400 pixels, on average.")
        values = _knobs(KINDS)
    with ages:
        st.caption("How prints age. It is never marked.")
        values |= _knobs(AGES)
    with limits:
        values |= _knobs(LIMITS)
        textures = st.text_input(
            "Folder of textures", key="textures", placeholder="textures of our own",
            help="Alpha maps on the computer that runs heirloom; without a folder they are made up.",
        )  # fmt: skip
    wanted = settings_of(values, textures.strip())
    st.caption("As a recipe, for `--config`:")
    st.code(recipe_text(wanted), language="yaml")
    return wanted


def _knobs(knobs: tuple[Knob, ...]) -> dict[str, float]:
    """Two in a row, so that the tab key and narrow windows take them in the order in which they are read."""
    columns = [column for _ in knobs[::2] for column in st.columns(2)]
    return {
        knob.name: column.slider(
            knob.label, 0.0, float(knob.most), step=0.05 if knob.most > 1 else 0.01, key=_key(knob.name), help=knob.help
        )
        for column, knob in zip(columns, knobs, strict=False)
    }


def _pictures(settings: DefectSettings) -> None:
    with platform().database.reading() as session:
        names = sources(session)
    with st.container(horizontal=True, vertical_alignment="bottom", key="defects-show"):
        way = st.segmented_control(
            "Show", list(WAYS), format_func=WAYS.__getitem__, default="worn", required=True, key="way"
        )
        size = st.selectbox("Longer side, px", SIZES, index=SIZES.index(SIZE), key="side", width=110)
        source = st.selectbox("Photos", list(names), format_func=names.__getitem__, key="source", width=220)
        beside = st.selectbox(
            "Real prints beside them", [name for name in names if name != SAMPLES], index=None, placeholder="none",
            format_func=names.__getitem__, key="beside", width=200,
        )  # fmt: skip
    photos = _photos(source or SAMPLES, size or SIZE)
    if beside:
        st.caption("Real")
        _row("real", _photos(beside, size or SIZE))
        st.caption("Drawn")
    if way != "clean":
        try:
            photos = worn(photos, st.session_state["defects seed"], settings, outlines=way == "outlined")
        except DefectError as error:
            tell(error)
            return
    _row("drawn", photos)


def _row(name: str, photos: list[Pixels]) -> None:
    """Side by side, pixel for pixel; as many rows as it takes."""
    with st.container(horizontal=True, gap="small", key=f"defect-row-{name}"):
        for photo in photos:
            st.image(photo, width=photo.shape[1])


def _photos(source: str, size: int) -> list[Pixels]:
    if source == SAMPLES:
        return _samples(size)
    with platform().database.reading() as session:
        ids = collection_photos(session, source)
    return [_photo(photo_id, size) for photo_id in ids]


@st.cache_data(max_entries=4, show_spinner=False)
def _samples(size: int) -> list[Pixels]:
    return sample_photos(size)


@st.cache_data(max_entries=64, show_spinner=False)
def _photo(photo_id: int, size: int) -> Pixels:
    with platform().database.reading() as session:
        return photo_of(session, platform().blobs, photo_id, size)


def _turn(values: dict[str, float]) -> None:
    """Put the sliders somewhere; runs before the page does, while they can still be moved."""
    for name, value in values.items():
        st.session_state[_key(name)] = value


def _turn_seed() -> None:
    st.session_state["defects seed"] += 1000


def _key(name: str) -> str:
    return f"defect {name}"
