"""What layers are called as files, and how lines are written as a table."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from napari_idr.api import safe_file_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

__all__ = ["ENDINGS", "file_name", "file_names", "vectors_csv"]

ENDINGS = {
    "image": ".tif",
    "labels": ".tif",
    "points": ".csv",
    "shapes": ".csv",
    "vectors": ".csv",
}
"""How the file of each type of layer ends."""


def file_name(text: str) -> str:
    """Return a text as the name of a file, without an ending.

    >>> file_name("DM0001/01, field 1")
    'DM0001-01, field 1'
    """
    return safe_file_name(text.replace("/", "-").replace("\\", "-"))


def file_names(layers: Sequence[tuple[str, str]]) -> list[str]:
    """Return names of files for layers, given as (name, type); no two are the same.

    What parts folders in a name becomes a dash. Names that differ by capitals alone
    are the same file on some systems.

    >>> file_names([("C4 · a/b.c [raw]", "image"), ("A", "points"), ("a", "shapes")])
    ['C4 · a-b.c [raw].tif', 'A.csv', 'a (2).csv']
    """
    names: list[str] = []
    taken: set[str] = set()
    for name, kind in layers:
        stem, ending = name.replace("/", "-").replace("\\", "-"), ENDINGS[kind]
        count, unique = 1, safe_file_name(f"{stem}{ending}")
        while unique.casefold() in taken:
            count += 1
            unique = safe_file_name(f"{stem} ({count}){ending}")
        taken.add(unique.casefold())
        names.append(unique)
    return names


def vectors_csv(vectors: NDArray[np.floating]) -> str:
    """Return lines as CSV: where each begins, and how far it goes, along each axis.

    Parameters
    ----------
    vectors
        Starts and directions, shape (n, 2, axes), as napari has them.

    Examples
    --------
    >>> import numpy as np
    >>> print(vectors_csv(np.array([[[1.0, 2.0], [0.0, 5.5]]])))
    index,axis-0,axis-1,direction-0,direction-1
    0,1.0,2.0,0.0,5.5
    <BLANKLINE>
    """
    axes = vectors.shape[-1]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    titles = [f"{what}-{n}" for what in ("axis", "direction") for n in range(axes)]
    writer.writerow(["index", *titles])
    for index, numbers in enumerate(vectors.reshape(-1, 2 * axes).tolist()):
        writer.writerow([index, *numbers])
    return text.getvalue()
