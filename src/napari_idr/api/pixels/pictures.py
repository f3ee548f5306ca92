"""Decoding of the pictures that servers send, no larger than they are due.

The one place where Pillow is given bytes: it reads the size in the header first, and
what isn't of the size due is refused before a pixel of it is decoded.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Literal

from napari_idr.errors import PixelDataError

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray
    from PIL import Image as Pillow

Format = Literal["PNG", "JPEG", "GIF"]

MAX_PICTURE_PX = 2**24
"""No picture that we ask for has more: the largest that servers draw whole has 3192 px
a side. Masks of more are shown as their frames."""


def decode_picture(
    body: bytes,
    convert: Callable[[Pillow.Image], Pillow.Image],
    *,
    formats: tuple[Format, ...],
    fits: Callable[[tuple[int, int]], bool],
    what: str,
    due: str,
    url: str | None = None,
) -> NDArray[np.uint8]:
    """Return the pixels of a picture, (y, x) or (y, x, bands).

    Parameters
    ----------
    body
        The picture as it came.
    convert
        Turns the opened picture into the mode that is wanted.
    formats
        Those that are read.
    fits
        Tells from the (y, x) size in its header whether it is as large as it is due.
    what, due
        What it is, and its size, for the message.
    url
        Where it came from.

    Raises
    ------
    PixelDataError
        It is broken, of another format, or of another size.
    """
    import numpy as np  # for the first picture: a client alone doesn't wait for it
    from PIL import Image as Pillow

    try:
        with Pillow.open(io.BytesIO(body), formats=formats) as opened:
            width, height = opened.size
            if width * height <= MAX_PICTURE_PX and fits((height, width)):
                return np.array(convert(opened), dtype=np.uint8)
    # Pillow has no common class for what it raises, and warnings may be errors.
    except Exception as error:
        raise PixelDataError(f"{what} came that can't be read", url=url) from error
    raise PixelDataError(
        f"{what} of {height} x {width} px came where {due} are due", url=url
    )


def is_near(size: tuple[int, int], due: tuple[int, int]) -> bool:
    """Tell whether a (y, x) size is the one due, but for a px of rounding.

    >>> is_near((100, 101), (100, 100)), is_near((100, 102), (100, 100))
    (True, False)
    """
    return all(abs(px - other) <= 1 for px, other in zip(size, due, strict=True))
