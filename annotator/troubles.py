"""What the computer lacks for a while, in words for people: room on its disk, or a database that answers."""

from db.answering import is_away, lacks_room

NO_ROOM = "There is no room on the disk of the computer that runs heirloom; once there is, do this again."
AWAY = "heirloom's database does not answer just now; do this again in a minute."


def passing(error: BaseException) -> str | None:
    """The sentence for a trouble that is none of heirloom's and may pass; None for any other error."""
    if lacks_room(error):
        return NO_ROOM
    return AWAY if is_away(error) else None
