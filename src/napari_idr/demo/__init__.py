"""The demo archive: a small IDR that runs anywhere.

It is a server in its own right, written from the published API; it imports
nothing else of the package. :func:`serve` runs it within a block, :func:`run`
until Ctrl+C. ``answer(Site(world=...), Request(...))`` asks it without a socket.

``world`` says what an archive can hold, ``studies`` makes the world that is served
by default, and ``pixels`` draws its images. ``omero``, ``search`` and ``zarr``
answer as OMERO.web, the search engine and the store of OME-Zarr do. ``faults`` are
values that say how answers go wrong, laid in a running archive.
"""

from napari_idr.demo._exchange import Answer, Face, Request, Site
from napari_idr.demo._routes import answer
from napari_idr.demo._run import run
from napari_idr.demo._server import Archive, serve
from napari_idr.demo.studies import default_world
from napari_idr.demo.world import World

__all__ = [
    "Answer",
    "Archive",
    "Face",
    "Request",
    "Site",
    "World",
    "answer",
    "default_world",
    "run",
    "serve",
]
