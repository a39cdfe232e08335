"""Text that terminals and files take, whatever the names of files in it are made of."""


def readable(text: str) -> str:
    """`text` with a question mark for each byte of a file's name that is not UTF-8.

    Python keeps such bytes as lone surrogates, which neither JSON nor a terminal takes.
    """
    return text.encode(errors="replace").decode()
