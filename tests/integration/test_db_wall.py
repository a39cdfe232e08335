"""The wall of photos is filtered and searched in the database."""

import pytest

from db.annotations import add_annotation
from db.engine import Database
from db.errors import InvalidState
from db.photos import archive, collections, set_collection
from db.wall import PhotoFilter, count_photos, list_photos
from tests.support.databases import new_photo, sha


def test_the_wall_is_filtered_in_the_database(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        photos = [new_photo(session, name) for name in ("Anna 100%", "anna_1", "bob", "carl", "dora")]
        set_collection(session, [photos[0].id, photos[2].id], " album ")
        archive(session, [photos[3].id])
        add_annotation(session, photos[4], sha("m"), 0.1, origin="synthetic")

        def names(**wanted: object) -> list[str]:
            found = PhotoFilter(**wanted)  # type: ignore[arg-type]
            cards = list_photos(session, found)
            if "limit" not in wanted:
                assert count_photos(session, found) == len(cards)
            return [card.filename.removesuffix(".jpg") for card in cards]

        assert names() == ["dora", "bob", "anna_1", "Anna 100%"]
        assert names(include_archived=True) == ["dora", "carl", "bob", "anna_1", "Anna 100%"]
        assert names(state="archived") == ["carl"]
        assert names(state="waiting") == ["bob", "anna_1", "Anna 100%"]
        assert names(state="accepted") == ["dora"]
        assert names(text="ANNA") == ["anna_1", "Anna 100%"]
        assert names(text="100%") == ["Anna 100%"], "what LIKE means by % and _ is not meant"
        assert names(text="a_1") == ["anna_1"]
        assert names(text="albu") == ["bob", "Anna 100%"]
        assert names(text="alb_m") == []
        assert names(collection="album") == ["bob", "Anna 100%"]
        assert names(collection="") == ["dora", "anna_1"]
        assert names(limit=2, offset=1) == ["bob", "anna_1"]
        assert collections(session) == [("", 2), ("album", 2)]
        with pytest.raises(InvalidState, match="at most 120"):
            set_collection(session, [photos[0].id], "x" * 121)


def test_a_filter_takes_no_longer_for_a_photo_where_there_are_more(database: Database) -> None:
    def work(photos: int) -> int:
        """Hundreds of steps that SQLite takes for one page of a filter, at that many photos with masks."""
        taken: list[None] = []
        with database.unit_of_work() as session:
            for number in range(count_photos(session, PhotoFilter()), photos):
                photo = new_photo(session, str(number), queue=False)
                add_annotation(session, photo, sha("m"), 0.1, origin="synthetic")
            session.flush()
            sqlite = session.connection().connection.driver_connection
            assert sqlite is not None
            sqlite.set_progress_handler(lambda: taken.append(None), 100)
            list_photos(session, PhotoFilter(state="submitted"))
            sqlite.set_progress_handler(None, 0)
        return len(taken)

    few, many = work(50), work(200)
    assert many < 6 * few, "four times as many"


def test_the_wall_is_searched_whatever_the_case_of_any_letter(database: Database) -> None:
    """PostgreSQL folds as its own locale says; SQLite by itself folds A to Z only."""
    with database.unit_of_work() as session:
        found = [new_photo(session, name).id for name in ("ÜBUNG 100%", "Übung 1000", "ubung")]
        set_collection(session, found[2:], "ЖУРНАЛ")
        wanted = {"übung": found[:2], "übung 100%": found[:1], "журнал": found[2:], "UBUNG": found[2:]}
        for words, ids in wanted.items():
            assert sorted(card.id for card in list_photos(session, PhotoFilter(text=words))) == ids
            assert count_photos(session, PhotoFilter(text=words)) == len(ids)
