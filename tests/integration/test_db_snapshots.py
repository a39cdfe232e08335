"""Snapshots: the same content has the same hash, and what is frozen stays."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update
from sqlalchemy.orm import Session

from db.annotations import accept, accepted_annotations, add_annotation
from db.deletion import delete
from db.engine import Database
from db.errors import InvalidState, NotFound
from db.models import AnnotationOrigin, Photo, SnapshotItem
from db.photos import archive
from db.snapshots import (
    SnapshotCounts,
    content_hash,
    find_snapshot,
    list_snapshots,
    make_snapshot,
    snapshot_contents,
    snapshot_counts,
)
from tests.support.databases import (
    NOON,
    label_and_submit,
    new_photo,
    sha,
    submit_mask,
    two_people,
    two_people_and_a_photo,
)

lines = st.tuples(*(st.text("0123456789abcdef", min_size=4, max_size=4) for _ in range(4)))


def masked(session: Session, name: str, origin: AnnotationOrigin = "imported") -> Photo:
    photo = new_photo(session, name)
    add_annotation(session, photo, sha(f"mask of {name}"), 0.1, origin=origin)
    return photo


@given(st.lists(lines, unique=True), st.randoms())
def test_order_does_not_matter_but_content_does(content: list[tuple[str, str, str, str]], chance: object) -> None:
    shuffled = list(content)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert content_hash(content) == content_hash(shuffled)
    if content:
        assert content_hash(content) != content_hash(content[1:])


def test_the_hash_is_what_it_says(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        photo = masked(session, "a", "synthetic")
        made = make_snapshot(session, None, None)
        assert made.sha256 == sha(f"{photo.sha256} {sha('mask of a')} {photo.split} synthetic\n")


def test_the_same_content_in_another_order_has_the_same_hash(either_database: Database, database: Database) -> None:
    names = [f"photo {number}" for number in range(9)]
    with either_database.unit_of_work() as one, database.unit_of_work() as other:
        for forwards, backwards in zip(names, reversed(names), strict=True):
            masked(one, forwards)
            masked(other, backwards)
        first, second = make_snapshot(one, "x", None), make_snapshot(other, "y", None)
        assert first.sha256 == second.sha256
        items = [entry.photo_sha256 for entry in snapshot_contents(one, first.id).items]
        assert items == [entry.photo_sha256 for entry in snapshot_contents(other, second.id).items] == sorted(items)


def test_the_newest_accepted_mask_counts_and_archived_photos_do_not(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        _, ben = two_people(session)
        photo, archived = masked(session, "a"), masked(session, "b")
        newest = add_annotation(session, photo, sha("better"), 0.2, origin="imported")
        submit_mask(session, ben, new_photo(session, "c").id, sha("not yet"))
        archive(session, [archived.id])
        assert [annotation.id for annotation in accepted_annotations(session)] == [newest.id]
        (item,) = snapshot_contents(session, make_snapshot(session, None, None).id).items
        assert (item.photo_id, item.mask_sha256, item.filename) == (photo.id, sha("better"), "a.jpg")


def test_of_two_masks_that_counts_which_was_accepted_last(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        ada, ben, photo = two_people_and_a_photo(session)
        task = label_and_submit(session, ben)
        add_annotation(session, photo, sha("second"), 0.2, origin="imported", now=NOON + timedelta(hours=1))
        older = accept(session, task, ada, NOON + timedelta(hours=2))
        assert [annotation.id for annotation in accepted_annotations(session)] == [older.id]


def test_nothing_accepted_is_no_snapshot(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        new_photo(session, "a")
        with pytest.raises(InvalidState, match="No annotation is accepted yet"):
            make_snapshot(session, None, None)


def test_names(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        masked(session, "a")
        first = make_snapshot(session, None, None)
        assert first.name == "snapshot 1"
        assert make_snapshot(session, None, None).id == first.id, "the same content needs no second snapshot"
        named = make_snapshot(session, "spring", None)
        assert (named.sha256, named.id != first.id) == (first.sha256, True)
        masked(session, "b")
        with pytest.raises(InvalidState, match="other content"):
            make_snapshot(session, "spring", None)
        with pytest.raises(InvalidState, match="cannot be empty"):
            make_snapshot(session, "  ", None)
        with pytest.raises(InvalidState, match="at most 120"):
            make_snapshot(session, "x" * 121, None)
        third = make_snapshot(session, None, None)
        assert [snapshot.id for snapshot in list_snapshots(session)] == [third.id, named.id, first.id]
        assert find_snapshot(session, "spring").id == named.id
        assert find_snapshot(session, str(first.id)).id == first.id
        assert find_snapshot(session, first.sha256).id == named.id, "the newest of equals"
        assert find_snapshot(session, third.sha256[:8]).id == third.id
        first.name = str(third.id)
        assert find_snapshot(session, str(third.id)).id == first.id, "a name comes before a number"
        with pytest.raises(NotFound):
            find_snapshot(session, "autumn")


def test_counts_keep_synthetic_apart(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        for number, (origin, split) in enumerate(
            [("drawn", "train"), ("imported", "train"), ("imported", "validation"), ("synthetic", "validation")]
        ):
            masked(session, f"photo {number}", origin).split = split  # type: ignore[arg-type, assignment]
        session.flush()
        counts = snapshot_counts(session, make_snapshot(session, None, None).id)
        assert counts == SnapshotCounts(real_train=2, real_validation=1, synthetic_validation=1)
        assert counts.total == 4


def test_what_is_frozen_stays(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        ada, _ = two_people(session)
        photo, other = masked(session, "a"), masked(session, "b")
        made = make_snapshot(session, None, ada.id)
        before = snapshot_contents(session, made.id)
        photo.split = "train" if photo.split == "validation" else "validation"
        add_annotation(session, photo, sha("better"), 0.2, origin="imported")
        assert snapshot_contents(session, made.id) == before
        delete(session, [other.id], ada)
        after = snapshot_contents(session, made.id)
        assert after.sha256 == before.sha256
        assert [item.photo_id for item in after.items if item.photo_sha256 == sha("b")] == [None]


def test_a_snapshot_whose_rows_changed_says_so(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        masked(session, "a")
        made = make_snapshot(session, None, None)
        session.execute(update(SnapshotItem).values(mask_sha256=sha("another")))
        with pytest.raises(InvalidState, match="corrupt"):
            snapshot_contents(session, made.id)
        with pytest.raises(NotFound):
            snapshot_contents(session, 99)
