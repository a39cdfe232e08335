"""Text that terminals and files take, whatever the names of files in it are made of."""

from unicodedata import category


def readable(text: str) -> str:
    """`text` with a question mark for each byte of a file's name that is not UTF-8.

    Python keeps such bytes as lone surrogates, which neither JSON nor a terminal takes.
    """
    return text.encode(errors="replace").decode()


def one_line(text: str) -> str:
    """`text` for a line on a terminal or a sheet: a question mark, too, for line breaks and what moves a cursor."""
    return "".join("?" if category(each) == "Cc" else each for each in readable(text))


def marked_words(share: float) -> str:
    """`4.1 % marked`: how much of a photo is in its mask; `share` is in [0, 1]."""
    if not share:
        return "nothing marked"
    return f"{100 * share:.1f} % marked" if share >= 0.0005 else "less than 0.1 % marked"
