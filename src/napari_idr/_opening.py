"""Opening of links and sessions by code: `napari_idr.open`, `open_session`."""

from __future__ import annotations

import os
import warnings
from dataclasses import fields, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from napari_idr.api.arguments import take
from napari_idr.services.links.reading import LINK_HELP, is_same_server, read_link
from napari_idr.services.links.records import LinkView, SearchLink

if TYPE_CHECKING:
    from napari.layers import Layer

    from napari_idr.services.links.layer_data import LayerData
    from napari_idr.services.links.records import Link
    from napari_idr.services.session_file import SavedSession

SERVER_VARIABLE: Final = "NAPARI_IDR_SERVER"
"""Names the server that is asked where nobody has said which."""

SESSION_WAIT_S: Final = 600.0
"""How long a script waits for all that a session shows."""


def open(  # noqa: A001 - as `napari_idr.open` it says what it does
    viewer: Any,
    link_or_id: str | int,
    *,
    server: str | None = None,
    **view: Any,
) -> tuple[Any, ...]:
    """Open what a link or an id names in a viewer, and return its layers.

    It waits until they are there; their pixels are read when they are looked at or
    computed. In a window the browser opens the thing, as it does by hand, and the
    window goes on meanwhile.

    Parameters
    ----------
    viewer
        A viewer, or a `ViewerModel` without a window.
    link_or_id
        A link of the archive's web pages, an idr:// link, "image-1", "plate-422", an
        accession as "idr0013"; a number is the id of an image.
    server
        The address of the server, where the link names none.
    view
        How a plate is to be seen: `run` (its id, or its place from 1), `field` (from
        0), `wells` ("C4", or several), `color` (a column of the wells' table), `style`
        ("frames", "fill" or "fill only"), `hide_failed`.

    Returns
    -------
    The layers; none for a study, a dataset or a search, which the browser shows.

    Raises
    ------
    ValueError
        The text is no link, or names nothing that can be opened.
    TypeError
        There is no such view.
    IDRError
        The server has no such thing, or didn't answer.
    Cancelled
        A person stopped it.
    """
    link = plan_link(link_or_id, server=server, **view)
    viewer = getattr(viewer, "__wrapped__", viewer)
    if getattr(viewer, "window", None) is not None:
        # By its name: the package imports this module, and no layer may see Qt by it.
        opening = import_module("napari_idr._qt.opening")
        layers: tuple[Any, ...] = opening.open_and_wait(viewer, link)
        return layers
    from napari_idr.services.links.layer_data import load_layer_data

    found = load_layer_data(link, server=default_server())
    return tuple(
        getattr(viewer, f"add_{kind}")(data, **kwargs) for data, kwargs, kind in found
    )


def open_session(
    viewer: Any,
    session: SavedSession | str | os.PathLike[str],
    *,
    wait: bool = True,
    timeout_s: float = SESSION_WAIT_S,
) -> list[Layer]:
    """Show in a viewer what a session was saved of.

    The browser is opened beside it, as from the menu. What is in the viewer stays; what
    the archive has no longer is told, and the rest comes. Without a window the layers
    are read and added, without images side by side, label images and colours of wells.

    Parameters
    ----------
    viewer
        A viewer, or a `ViewerModel` without a window.
    session
        The path of a file that ends in `.idr.json`, or the record of a session, as
        *Copy script* writes it.
    wait
        Whether to return when all is there; the window lives on meanwhile. Else what
        is shown comes as soon as napari runs.
    timeout_s
        How long to wait at most.

    Returns
    -------
    list of Layer
        The layers that came; none if nobody waited for them.

    Raises
    ------
    IDRError
        The file can't be read or is no session.

    Examples
    --------
    >>> import napari
    >>> from napari_idr import open_session
    >>> viewer = napari.Viewer()  # doctest: +SKIP
    >>> open_session(viewer, "CDC20.idr.json")  # doctest: +SKIP
    """
    viewer = getattr(viewer, "__wrapped__", viewer)
    if getattr(viewer, "window", None) is None:
        return [
            getattr(viewer, f"add_{kind}")(data, **kwargs)
            for data, kwargs, kind in session_layers(session)
        ]
    # By its name, as for `open`: who imports this function needs no Qt yet.
    opening = import_module("napari_idr._qt.open_session")
    layers: list[Layer] = opening.open_session(
        viewer, session, wait=wait, timeout_s=timeout_s
    )
    return layers


def session_layers(
    session: SavedSession | str | os.PathLike[str],
) -> tuple[LayerData, ...]:
    """Return the layers of a session, read without a window; warn of what is missing.

    Raises
    ------
    IDRError
        The file can't be read or is no session, or nothing of it is there.
    """
    from napari_idr.cancel import NEVER
    from napari_idr.errors import IDRError
    from napari_idr.services.session_file.file import load_session
    from napari_idr.services.session_file.layer_data import load_session_layers
    from napari_idr.services.session_file.load import missing_message
    from napari_idr.services.session_file.record import SavedSession

    folder = None
    if not isinstance(session, SavedSession):
        path = Path(take("str | os.PathLike[str]", "session", session))
        session, _ = load_session(path, cancel=NEVER)
        folder = path.absolute().parent
    layers, missing = load_session_layers(session, folder=folder)
    if missing and not layers:
        raise IDRError(missing_message(missing))
    if missing:
        warnings.warn(missing_message(missing), stacklevel=2)
    return layers


def plan_link(link_or_id: str | int, *, server: str | None = None, **view: Any) -> Link:
    """Return what a link or an id names, with a server and a view that are given.

    Raises
    ------
    ValueError
        The text is no link, or of another server than the one that is given.
    TypeError
        There is no such view, or it takes another kind of value.

    Examples
    --------
    >>> plan_link(422, server="127.0.0.1:4080").server
    '127.0.0.1:4080'
    >>> plan_link("plate-422", field=1, wells="C4").view.wells
    ('C4',)
    """
    link = read_link(str(link_or_id), numbers=True)
    if link is None:
        raise ValueError(
            f"{str(link_or_id)[:80]!r} is no link; what can be opened: {LINK_HELP}"
        )
    take("str | None", "server", server)
    if server is not None:
        if link.server is not None and not is_same_server(link.server, server):
            raise ValueError(f"the link is of {link.server}, not of {server}")
        link = replace(link, server=link.server or server)
    known = {one.name: str(one.type) for one in fields(LinkView)}
    if strange := sorted(set(view) - set(known)):
        raise TypeError(f"a view has no {strange[0]!r}: {', '.join(sorted(known))}")
    view = {name: take(known[name], name, value) for name, value in view.items()}
    if "wells" in view:
        wells = take("str | Iterable[str]", "wells", view["wells"])
        view["wells"] = (wells,) if isinstance(wells, str) else tuple(wells)
    if not isinstance(view.get("search"), SearchLink | None):
        raise TypeError("the search of a view is a SearchLink")
    return replace(link, view=replace(link.view, **view))


def default_server() -> str:
    """Return the server that is asked where neither link nor caller names one."""
    from napari_idr.api import DEFAULT_URL

    return os.environ.get(SERVER_VARIABLE, "").strip() or DEFAULT_URL
