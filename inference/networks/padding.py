"""What a network adds to a picture, at the right and below, before its levels halve it."""


def beyond(height: int, width: int, multiple: int) -> tuple[int, int, int, int]:
    """Columns and rows to add to a picture, in the order of `F.pad`, so that both sides are multiples of `multiple`.

    The width is made two of them at least. Where a level is 2 columns wide or less, oneDNN 3.12's strided bfloat16
    convolution on AMX reads memory that nobody wrote, and the answer is now and then NaN.
    """
    right = max(-width % multiple, 2 * multiple - width)
    return 0, right, 0, -height % multiple
