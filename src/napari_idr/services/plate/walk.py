"""Which well comes next when one walks over a plate."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

    Place = tuple[int, int]


def next_place(
    places: Collection[Place], place: Place | None, step: Place
) -> Place | None:
    """Return the next well with an image in a direction; None at the plate's edge.

    Parameters
    ----------
    places
        The (row, column) of the wells that have an image.
    place
        Where one is; None to begin at the first well.
    step
        (-1, 0), (1, 0), (0, -1) or (0, 1).

    Examples
    --------
    >>> next_place([(0, 0), (0, 3), (1, 0)], (0, 0), (0, 1))
    (0, 3)
    >>> next_place([(0, 0), (0, 3)], (0, 3), (0, 1)) is None
    True
    >>> next_place([(1, 2), (0, 3)], None, (1, 0))
    (0, 3)
    """
    if place is None:
        return min(places, default=None)
    row, column = place
    ahead = (
        ((other[0] - row) * step[0] + (other[1] - column) * step[1], other)
        for other in places
        # in the same row, or the same column
        if (other[0] - row) * step[1] == 0 and (other[1] - column) * step[0] == 0
    )
    found = min((one for one in ahead if one[0] > 0), default=None)
    return None if found is None else found[1]
