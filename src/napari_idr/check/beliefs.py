"""Beliefs about servers: what is asked, what must come, what it means if it doesn't.

A belief is an entry of `BELIEFS`. What an answer tells, the number of a plate for
instance, is known to the beliefs after it by the name in braces.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from napari_idr.api.json_client import is_json, read_json, require_success
from napari_idr.api.pixels.pictures import decode_picture
from napari_idr.api.pixels.thumbnails import BATCH, PNG_SIGNATURE, STORED_PX
from napari_idr.api.zarr.location import zarr_candidates
from napari_idr.errors import ResponseFormatError

if TYPE_CHECKING:
    from napari_idr.api.node import Node
    from napari_idr.transport import Params, Response

Facts = Mapping[str, str | int]
"""What an answer told, by the names under which later beliefs ask for it."""

NOTHING: Final[Facts] = {}

NO_SUCH: Final = 999_999_999
"""A number that no object has."""

SHOWN_PX: Final = 64
"""Side of the region that is drawn: enough to see that it works, and small."""

SEARCHED: Final = "cdc"
"""Three letters of a gene's name: shorter ones bring lists of many megabytes."""

SEARCH: Final = "searchengine/api/v1/resources"


@dataclass(frozen=True, slots=True, kw_only=True)
class Belief:
    """Something that we believe of servers, and rely on.

    Attributes
    ----------
    name
        What is believed, in words.
    path, params
        The request, relative to the server's address, or an http(s) address of its
        own. Facts that earlier answers told stand in braces.
    body
        Makes it a POST.
    holds
        Reads the answer; raises an `IDRError` where it isn't as believed, else
        returns what it told.
    otherwise
        What it means where the belief doesn't hold.
    absent
        Tells whether the server just hasn't this, which isn't wrong.
    only_at
        The host of which alone it is believed, None for all.
    """

    name: str
    path: str
    holds: Callable[[Response], Facts]
    otherwise: str
    params: Params = ()
    body: str | None = None
    absent: Callable[[Response], bool] = lambda response: False
    only_at: str | None = None


# Answers that show that a server hasn't something


def is_elsewhere(response: Response) -> bool:
    """Tell whether nothing is there, or only the way to a page for people."""
    return response.status in (
        HTTPStatus.MOVED_PERMANENTLY,
        HTTPStatus.FOUND,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.GONE,
    ) and not is_json(response)


def doesnt_draw(response: Response) -> bool:
    """Tell whether the server refuses to draw, as the IDR may."""
    return response.status in (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND)


def says_error(response: Response) -> bool:
    """Tell whether a good answer holds nothing but the word that there is nothing."""
    return is_elsewhere(response) or (
        response.status == HTTPStatus.OK
        and is_json(response)
        and "error" in read_json(response)
    )


def says_exception(response: Response) -> bool:
    """Tell whether the server can't read an image's pixels, and so has no sizes."""
    return is_json(response) and "Exception" in read_json(response)


# What must hold


def told(read: Callable[[Node], Facts]) -> Callable[[Response], Facts]:
    """Return what reads the JSON of a good answer."""
    return lambda response: read(read_json(response))


def status(due: int) -> Callable[[Response], Facts]:
    """Return what wants a status, and nothing else."""

    def read(response: Response) -> Facts:
        if response.status != due:
            raise _otherwise(response, f"the status is {response.status}, not {due}")
        return NOTHING

    return read


def _root(node: Node) -> Facts:
    node.get("url:screens", str)
    node.get("url:images", str)
    return NOTHING


def _studies(kind: str) -> Callable[[Node], Facts]:
    """Return what reads a page of studies, and tells of one with children."""

    def read(node: Node) -> Facts:
        node.child("meta").get("totalCount", int)
        rows = [
            (
                row.get("@id", int),
                row.get("Name", str),
                row.get("omero:childCount", int),
            )
            for row in node.children("data")
        ]
        return next(({kind: number} for number, _, n in rows if n), NOTHING)

    return read


def _children(key: str, kind: str) -> Callable[[Node], Facts]:
    def read(node: Node) -> Facts:
        rows = [
            (row.find("childCount", int) or 0, row.get("id", int), row.get("name", str))
            for row in node.children(key)
        ]
        # One with something in it, if there is one.
        return {kind: max(rows, key=lambda row: row[0] > 0)[1]} if rows else NOTHING

    return read


def _plate(node: Node) -> Facts:
    data = node.child("data")
    data.get("Name", str)
    first, last = (one.read(int) for one in data.children("omero:wellsampleIndex"))
    if not 0 <= first <= last:
        raise data.error_here(f"the fields go from {first} to {last}")
    return NOTHING


def _grid(node: Node) -> Facts:
    rows, columns = node.children("rowlabels"), node.children("collabels")
    grid = [row.elements() for row in node.children("grid")]
    if [len(row) for row in grid] != [len(columns)] * len(rows):
        raise node.error_here("the grid isn't as large as its labels say")
    images = [
        {"image": cell.get("id", int), "well": cell.get("wellId", int)}
        for row in grid
        for cell in row
        if not cell.is_null
    ]
    return images[0] if images else NOTHING


def _image(node: Node) -> Facts:
    data = node.child("data")
    pixels = data.child("Pixels")
    sizes = {axis: pixels.get(f"Size{axis}", int) for axis in "XYZCT"}
    pixels.child("Type").get("value", str)
    side_x, side_y = min(SHOWN_PX, sizes["X"]), min(SHOWN_PX, sizes["Y"])
    facts: dict[str, str | int] = {
        "drawn": data.get("@id", int),
        "region": f"0,0,{side_x},{side_y}",
    }
    details = data.find_child("omero:details")
    info = None if details is None else details.find_child("externalInfo")
    lsid = None if info is None else info.find("Lsid", str)
    places = zarr_candidates(lsid)
    return {**facts, "zarr": places[-1]} if places else facts


def _display(node: Node) -> Facts:
    size = node.child("size")
    size.get("width", int)
    size.get("height", int)
    for channel in node.children("channels"):
        channel.get("label", str)
        channel.get("color", str)
        channel.child("window").get("start", float)
    return NOTHING


def _annotations(node: Node) -> Facts:
    for one in node.children("annotations"):
        one.child("link").child("parent").get("class", str)
        for pair in one.find_children("values"):
            key, value = pair.elements()
            key.read(str)
            value.read(str)
    return NOTHING


def _table(node: Node) -> Facts:
    data = node.child("data")
    columns = [column.read(str) for column in data.children("columns")]
    if any(len(row.elements()) != len(columns) for row in data.children("rows")):
        raise data.error_here("a row has another length than the columns")
    node.child("meta").get("totalCount", int)
    return NOTHING


def _rois(node: Node) -> Facts:
    node.child("meta").get("totalCount", int)
    for roi in node.children("data"):
        roi.get("@id", int)
    return NOTHING


def _file_paths(node: Node) -> Facts:
    if node.members():  # an image without files has none
        node.children("client")
    return NOTHING


def _pong(response: Response) -> Facts:
    require_success(response)
    if response.body.strip() != b"OK":
        raise _otherwise(response, "the answer isn't OK")
    return NOTHING


def _thumbnail(response: Response) -> Facts:
    """Read one picture of a batch: a JPEG in an address of its own, RFC 2397."""
    pictures = read_json(response)
    for number, picture in pictures.items():
        at = f"the thumbnail of {number}"
        head, _, data = picture.read(str).partition(",")
        if head != "data:image/jpeg;base64":
            raise pictures.error_here(f"{at} begins with {head[:40]!r}")
        try:
            body = base64.b64decode(data, validate=True)
        except binascii.Error as error:
            raise pictures.error_here(f"{at} isn't base64") from error
        _require_picture(body, lambda size: max(size) == STORED_PX, f"{STORED_PX} px")
    return NOTHING


def _sized_thumbnail(response: Response) -> Facts:
    require_success(response)
    _require_picture(
        response.body, lambda size: max(size) == SHOWN_PX, f"{SHOWN_PX} px"
    )
    return NOTHING


def _refusal(response: Response) -> Facts:
    if response.status != HTTPStatus.INTERNAL_SERVER_ERROR:
        raise _otherwise(response, f"the status is {response.status}, not 500")
    if str(BATCH).encode() not in response.body:
        raise _otherwise(response, f"the answer doesn't name the bound of {BATCH}")
    return NOTHING


def _placeholder(response: Response) -> Facts:
    require_success(response)
    if response.content_type != "image/jpeg":
        raise _otherwise(response, f"{response.content_type} came, not image/jpeg")
    if not response.body.startswith(PNG_SIGNATURE):
        raise _otherwise(response, "the bytes aren't those of a PNG")
    return NOTHING


def _nobody_to_draw(response: Response) -> Facts:
    # OMERO.web answers by a page, the microservice in words.
    plain = response.content_type != "text/html"
    if response.status == HTTPStatus.NOT_FOUND or (
        response.status == HTTPStatus.BAD_REQUEST and plain
    ):
        return NOTHING
    raise _otherwise(response, f"the status is {response.status}, not 404")


def _region(response: Response) -> Facts:
    require_success(response)
    _require_picture(
        response.body, lambda size: max(size) <= SHOWN_PX, f"{SHOWN_PX} px at most"
    )
    kind = "PNG" if response.body.startswith(PNG_SIGNATURE) else "JPEG"
    return {"drawing": kind}


def _mapr_keys(node: Node) -> Facts:
    keys = list(node.members())
    if not keys:
        raise node.error_here("there are no keys")
    return {"mapr_key": "gene" if "gene" in keys else keys[0]}


def _mapr_values(node: Node) -> Facts:
    values = [one.get("value", str) for one in node.elements()]
    return {"mapr_value": values[0]} if values else NOTHING


def _mapr_studies(node: Node) -> Facts:
    for kind in ("screens", "projects"):
        for study in node.children(kind):
            study.get("id", int)
            study.child("extra").int_like("counter")
    return NOTHING


def _sources(node: Node) -> Facts:
    names = [one.read(str) for one in node.elements()]
    return {"data_source": names[0]} if names else NOTHING


def _engine_keys(node: Node) -> Facts:
    names = [one.read(str) for one in node.children("image")]
    if "Gene Symbol" not in names:
        raise node.error_here("images have no key 'Gene Symbol'")
    return NOTHING


def _engine_values(node: Node) -> Facts:
    values = []
    for row in node.children("data"):
        row.int_like("Number of images")
        values.append(row.get("Value", str))
    return {"engine_value": values[0]} if values else NOTHING


def _engine_studies(node: Node) -> Facts:
    for study in node.child("results").children("results"):
        study.int_like("id")
        study.get("type", str)
        study.int_like("image count")
    return NOTHING


def _engine_images(node: Node) -> Facts:
    results = node.child("results")
    results.int_like("size")
    for image in results.children("results"):
        image.int_like("id")
        image.find_int_like("plate_id")
    return NOTHING


def _multiscales(node: Node) -> Facts:
    for scale in node.children("multiscales"):
        for level in scale.children("datasets"):
            level.get("path", str)
    return NOTHING


def _require_picture(
    body: bytes, fits: Callable[[tuple[int, int]], bool], due: str
) -> None:
    decode_picture(
        body,
        lambda picture: picture.convert("RGB"),
        formats=("PNG", "JPEG"),
        fits=fits,
        what="a picture",
        due=due,
    )


def _otherwise(response: Response, message: str) -> ResponseFormatError:
    return ResponseFormatError(message, url=response.url)


_GENE: Final = {
    "name": "Gene Symbol",
    "value": ["{engine_value}"],
    "operator": "in",
    "resource": "image",
}

BELIEFS: Final[tuple[Belief, ...]] = (
    Belief(
        name="The JSON API tells where studies and images are",
        path="api/v0/",
        holds=told(_root),
        otherwise="it is no OMERO.web, or of another version than 0 of its JSON API",
    ),
    Belief(
        name="Screens come with the number of their plates",
        path="api/v0/m/screens/",
        params=(("childCount", "true"), ("limit", 1000)),
        holds=told(_studies("screen")),
        otherwise="the list of studies can't be read",
    ),
    Belief(
        name="Projects come with the number of their datasets",
        path="api/v0/m/projects/",
        params=(("childCount", "true"), ("limit", 1000)),
        holds=told(_studies("project")),
        otherwise="the list of studies can't be read",
    ),
    Belief(
        name="Plates of a screen are listed with id and name",
        path="webclient/api/plates/",
        params=(("id", "{screen}"), ("page", 1), ("limit", 5)),
        holds=told(_children("plates", "plate")),
        otherwise="a screen can't be opened",
    ),
    Belief(
        name="Datasets of a project are listed with id and name",
        path="webclient/api/datasets/",
        params=(("id", "{project}"), ("page", 1), ("limit", 5)),
        holds=told(_children("datasets", "dataset")),
        otherwise="a project can't be opened",
    ),
    Belief(
        name="Images of a dataset are listed with id and name",
        path="webclient/api/images/",
        params=(("id", "{dataset}"), ("page", 1), ("limit", 5)),
        holds=told(_children("images", "drawn")),
        otherwise="a dataset can't be opened",
    ),
    Belief(
        name="A plate tells its fields",
        path="api/v0/m/plates/{plate}/",
        holds=told(_plate),
        otherwise="fields other than the first can't be chosen",
    ),
    Belief(
        name="Runs of a plate are listed",
        path="webclient/api/plate_acquisitions/",
        params=(("id", "{plate}"), ("page", 1), ("limit", 5)),
        holds=told(_children("acquisitions", "run")),
        otherwise="runs can't be chosen",
    ),
    Belief(
        name="The grid of a plate is as large as its labels",
        path="webgateway/plate/{plate}/0/",
        holds=told(_grid),
        otherwise="a plate can't be shown",
    ),
    Belief(
        name="An image of a dataset tells its sizes and type",
        path="api/v0/m/images/{drawn}/",
        holds=told(_image),
        otherwise="images can't be opened",
    ),
    Belief(
        name="An image of a plate tells its sizes and type",
        path="api/v0/m/images/{image}/",
        holds=told(_image),
        otherwise="images can't be opened",
    ),
    Belief(
        name="An image that isn't there is status 404",
        path=f"api/v0/m/images/{NO_SUCH}/",
        holds=status(HTTPStatus.NOT_FOUND),
        otherwise="what is missing and what is broken can't be told apart",
    ),
    Belief(
        name="iviewer tells sizes, channels and windows",
        path="iviewer/image_data/{drawn}/",
        holds=told(_display),
        absent=says_error,
        otherwise="the contrast of channels is guessed",
    ),
    Belief(
        name="The web client tells sizes, channels and windows",
        path="webclient/imgData/{drawn}/",
        holds=told(_display),
        absent=says_exception,
        otherwise="the contrast of channels is guessed",
    ),
    Belief(
        name="Regions of an image come with their number",
        path="api/v0/m/images/{image}/rois/",
        params=(("limit", 1), ("offset", 0)),
        holds=told(_rois),
        otherwise="regions can't be shown",
    ),
    Belief(
        name="Key-values of a screen are pairs, and name their object",
        path="webclient/api/annotations/",
        params=(("type", "map"), ("screen", "{screen}")),
        holds=told(_annotations),
        otherwise="licence, authors and annotations can't be shown",
    ),
    Belief(
        name="Key-values of an image are pairs, and name their object",
        path="webclient/api/annotations/",
        params=(("type", "map"), ("image", "{image}")),
        holds=told(_annotations),
        otherwise="genes and phenotypes of a well can't be shown",
    ),
    Belief(
        name="The table of a plate has rows as long as its columns",
        path="webgateway/table/Screen.plateLinks.child/{plate}/query/",
        params=(("query", "Plate-{plate}"), ("limit", 1)),
        holds=told(_table),
        absent=says_error,
        otherwise="the study's own table can't be shown",
    ),
    Belief(
        name="The original files of an image are named",
        path="webgateway/original_file_paths/{image}/",
        holds=told(_file_paths),
        otherwise="original files can't be named",
    ),
    Belief(
        name=f"A thumbnail of a batch is a JPEG of {STORED_PX} px",
        path="webgateway/get_thumbnails/",
        params=(("id", "{image}"),),
        holds=_thumbnail,
        otherwise="plates stay blank",
    ),
    Belief(
        name=f"More than {BATCH} thumbnails at once are refused",
        path="webgateway/get_thumbnails/",
        params=tuple(("id", number) for number in range(1, BATCH + 2)),
        holds=_refusal,
        otherwise=f"batches may be larger than {BATCH} now",
    ),
    Belief(
        name="Thumbnails of another size are drawn",
        path=f"webgateway/render_thumbnail/{{drawn}}/{SHOWN_PX}/",
        holds=_sized_thumbnail,
        absent=doesnt_draw,
        otherwise="thumbnails of other sizes can't be relied on",
    ),
    Belief(
        name="An image without thumbnail has a PNG that calls itself JPEG",
        path=f"webclient/render_thumbnail/{NO_SUCH}/",
        holds=_placeholder,
        otherwise="placeholders may be taken for thumbnails",
    ),
    Belief(
        name="A session begins with OK",
        path="webclient/keepalive_ping/",
        holds=_pong,
        otherwise="a microservice that draws would refuse",
    ),
    Belief(
        name="A plane that isn't there isn't drawn, status 404 or 400",
        path="webgateway/render_image/0/0/0/",
        params=(("c", "1|0:255$FFFFFF"), ("m", "g"), ("format", "png")),
        holds=_nobody_to_draw,
        absent=lambda response: response.status == HTTPStatus.FORBIDDEN,
        otherwise="whether a server draws can't be told",
    ),
    Belief(
        name=f"A region of {SHOWN_PX} px is drawn, as PNG or JPEG",
        path="webgateway/render_image_region/{drawn}/0/0/",
        params=(
            ("region", "{region}"),
            ("c", "1|0:255$FFFFFF"),
            ("m", "g"),
            ("format", "png"),
        ),
        holds=_region,
        absent=doesnt_draw,
        otherwise="images without an OME-Zarr are seen as thumbnails",
    ),
    Belief(
        name="mapr tells what can be searched by",
        path="mapr/api/config/",
        holds=told(_mapr_keys),
        absent=is_elsewhere,
        otherwise="the search by mapr doesn't work",
    ),
    Belief(
        name="mapr completes a value",
        path="mapr/api/autocomplete/{mapr_key}/",
        params=(("value", "a"), ("limit", 5)),
        holds=told(_mapr_values),
        absent=is_elsewhere,
        otherwise="nothing is suggested while one types",
    ),
    Belief(
        name="mapr finds studies, and counts their images",
        path="mapr/api/{mapr_key}/",
        params=(("value", "{mapr_value}"), ("page", 1), ("limit", 500)),
        holds=told(_mapr_studies),
        otherwise="the search by mapr doesn't work",
    ),
    Belief(
        name="The search engine names its data sources",
        path=f"{SEARCH}/data_sources/",
        holds=told(_sources),
        absent=is_elsewhere,
        otherwise="the search engine doesn't work",
    ),
    Belief(
        name="Images can be searched by Gene Symbol",
        path=f"{SEARCH}/image/keys/",
        params=(("mode", "searchterms"),),
        holds=told(_engine_keys),
        absent=is_elsewhere,
        otherwise="keys of the search have other names now",
    ),
    Belief(
        name="The search engine completes a value, and counts its images",
        path=f"{SEARCH}/image/searchvalues/",
        params=(("key", "Gene Symbol"), ("value", SEARCHED)),
        holds=told(_engine_values),
        absent=is_elsewhere,
        otherwise="nothing is suggested while one types",
    ),
    Belief(
        name="The search engine finds studies, and counts their images",
        path=f"{SEARCH}/submitquery/containers/",
        body=json.dumps({"query_details": {"and_filters": [_GENE]}}),
        holds=told(_engine_studies),
        otherwise="a search finds no studies",
    ),
    Belief(
        name="The search engine finds images, a page at a time",
        path=f"{SEARCH}/submitquery/",
        body=json.dumps({"query_details": {"and_filters": [_GENE]}}),
        holds=told(_engine_images),
        otherwise="a search finds no images",
    ),
    Belief(
        name="The OME-Zarr of an image tells its levels",
        path="{zarr}/.zattrs",
        holds=told(_multiscales),
        absent=is_elsewhere,
        otherwise="raw pixels can't be had",
    ),
    Belief(
        name="A sample of the IDR is in its object store",
        path="https://livingobjects.ebi.ac.uk/idr/zarr/v0.4/idr0062A/6001240.zarr/.zattrs",
        holds=told(_multiscales),
        only_at="idr.openmicroscopy.org",
        otherwise="the object store has moved again",
    ),
)
"""In the order in which they are asked: a fact is told before it is needed."""
