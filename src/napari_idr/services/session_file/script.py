"""A session as a script: Python on the public API that shows the same again."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from napari_idr.services.plain_text import plain_text
from napari_idr.services.session_file import record
from napari_idr.services.session_file.codec import as_python

if TYPE_CHECKING:
    from napari_idr.services.session_file.record import SavedSession

__all__ = ["script"]


def script(session: SavedSession) -> str:
    """Return a script that opens a viewer with the layers of a session.

    >>> from napari_idr.services.session_file.record import SavedSession
    >>> print(script(SavedSession(server="https://idr.org")))
    import napari
    <BLANKLINE>
    from napari_idr import SavedSession, open_session
    <BLANKLINE>
    session = SavedSession(server="https://idr.org")
    <BLANKLINE>
    viewer = napari.Viewer()
    open_session(viewer, session)
    <BLANKLINE>
    if __name__ == "__main__":
        napari.run()
    <BLANKLINE>
    """
    told = as_python(session)
    # Texts of a session may hold such a name as well: imported, it does no harm.
    named = set(re.findall(r"\bSaved[A-Z][a-z]+(?=\()", told))
    names = [*sorted(named.intersection(record.__all__)), "open_session"]
    imported = ", ".join(names)
    line = f"from napari_idr import {imported}"
    if len(line) > 88:
        inner = "".join(f"    {name},\n" for name in names)
        line = f"from napari_idr import (\n{inner})"
    pixels = "\n".join(_pixels(session))
    return "\n".join(
        [
            *_head(session),
            "import napari",
            "",
            line,
            "",
            f"session = {told}",
            "",
            "viewer = napari.Viewer()",
            "open_session(viewer, session)",
            "",
            *([pixels, ""] if pixels else []),
            'if __name__ == "__main__":',
            "    napari.run()",
            "",
        ]
    )


def _head(session: SavedSession) -> list[str]:
    if not session.plugin_version:
        return []
    version, day = plain_text(session.plugin_version), plain_text(session.saved_at)
    return [f"# Written by napari-idr {version}, {day}.".replace("\n", " "), ""]


def _pixels(session: SavedSession) -> list[str]:
    """Say how the pixels of the newest image are had for computing, without napari."""
    if not session.images:
        return []
    image = session.images[-1].image
    return [
        "# The numbers behind a layer, as dask arrays T, C, Z, Y, X:",
        "# from napari_idr import IDRClient",
        f"# pixels = IDRClient({as_python(image.server)}).pixels({image.id})",
        "# pixels.levels[0].mean().compute()",
    ]
