"""HTML pages of OMERO.web, and the request that starts a session."""

import re
from html import escape

from napari_idr.demo._exchange import (
    NOT_FOUND,
    Answer,
    Request,
    Routes,
    Site,
    html_answer,
    redirect,
)

SHOWN = re.compile(
    r"(image|well|plate|run|acquisition|screen|project|dataset)[-=](\d+)"
)


def root(site: Site, request: Request) -> Answer:
    """GET /: a page that says what this is and links to the rest."""
    world = site.world
    studies = "".join(
        f"<li><a href='/webclient/?show={kind}-{one.id}'>{escape(one.name)}</a></li>"
        for kind, found in (("screen", world.screens), ("project", world.projects))
        for one in found.values()
    )
    note = f"<p>A small image archive of invented studies; face: {site.face}.</p>"
    return html_answer("Demo archive", body=f"{note}<ul>{studies}</ul>")


def webclient(site: Site, request: Request) -> Answer:
    """GET /webclient/[?show=image-1|image-2]."""
    shown = request.arg("show")
    for part in filter(None, shown.split("|")):
        match = SHOWN.fullmatch(part)
        if match is None or not _exists(site, match[1], int(match[2])):
            return redirect(f"/webclient/login/?url=/webclient/?show={shown}")
    return html_answer("Webclient", body=f"<p>{escape(shown)}</p>")


def _exists(site: Site, word: str, object_id: int) -> bool:
    word = "run" if word == "acquisition" else word
    return object_id in getattr(site.world, f"{word}s")


def keepalive_ping(site: Site, request: Request) -> Answer:
    """GET /webclient/keepalive_ping/: the cheapest request that starts a session."""
    return Answer(200, "text/plain", b"OK")


def login(site: Site, request: Request) -> Answer:
    """GET /webclient/login/: a page without a form; the demo has no accounts."""
    if site.face == "idr":
        return redirect("/webclient/?experimenter=-1")
    return html_answer("OMERO.web - Login")


def not_public(site: Site, request: Request) -> Answer:
    """Redirect to the login, as for pages that aren't public."""
    return redirect(f"/webclient/login/?url={request.path.replace('/', '%2F')}")


def img_detail(site: Site, request: Request, image_id: str) -> Answer:
    """GET /webclient/img_detail/{id}/."""
    image = site.world.images.get(int(image_id))
    return html_answer(escape(image.name)) if image else NOT_FOUND


ROUTES: Routes = (
    (r"", root),
    (r"webclient/", webclient),
    (r"webclient/keepalive_ping/", keepalive_ping),
    (r"webclient/login/", login),
    (r"webclient/img_detail/(?P<image_id>\d+)/", img_detail),
    (r"webgateway/(archived_files|download_as)/.*", not_public),
    (r"webclient/(action|render_image_download|script_ui|ome_tiff)/.*", not_public),
)
