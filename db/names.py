"""Names as they are kept: of people, of collections, of files. Each stands in the middle of sentences."""

import re

_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")
"""What has no shape of its own, turns round whatever follows, or is half a character, which no database takes. Joiners
stay: emoji and Persian are made with them."""


def visible(name: str) -> str:
    """`name` without characters that nobody sees; a line break or tab becomes a space."""
    return _UNSEEN.sub("", re.sub(r"[\t\n\r]", " ", name))
