"""The grid of a plate, and the images of a well or dataset."""

from typing import Any

from napari_idr.demo._exchange import (
    Answer,
    Request,
    Routes,
    Site,
    json_answer,
    json_failure,
)
from napari_idr.demo.world import Image, Plate, Run, Well, WellSample, row_letters

Json = dict[str, Any]

GRIDS = ((8, 12), (16, 24), (32, 48))
"""Plates that a layout grows to: 96, 384 and 1536 wells."""


def grid(
    site: Site, request: Request, plate_id: str, field: str = "0", run_id: str = ""
) -> Answer:
    """GET /webgateway/plate/{plate}/[{field}/[{run}/]]."""
    plate = site.world.plates.get(int(plate_id))
    if plate is None:
        return json_failure("Object of type type is not JSON serializable")
    run = next((r for r in plate.runs if str(r.id) == run_id), None)
    index = int(field or 0)
    shown: dict[tuple[int, int], Json] = {}
    first: Image | None = None
    for well in plate.wells:
        sample = None if run_id and run is None else _sample(well, index, run)
        if sample is None:
            continue
        image = site.world.images[sample.image_id]
        first = first or image
        shown[well.row, well.column] = _cell(image, well, index, request.arg("size"))
    rows, columns = _extent(plate, request.arg("layout", "expand"))
    sizes = (
        [{"x": first.size_x, "y": first.size_y, "image_id": first.id}] if first else []
    )
    return json_answer(
        {
            "grid": [[shown.get((r, c)) for c in columns] for r in rows],
            "rowlabels": [row_letters(r) for r in rows],
            "collabels": [c + 1 for c in columns],
            "image_sizes": sizes,
        }
    )


def _sample(well: Well, index: int, run: Run | None) -> WellSample | None:
    """Return a field: of the well, or counted from the run's first one."""
    samples = [s for s in well.samples if run is None or s.run_id == run.id]
    return samples[index] if index < len(samples) else None


def _extent(plate: Plate, layout: str) -> tuple[range, range]:
    if not plate.wells:
        return range(8), range(12)
    rows = [well.row for well in plate.wells]
    columns = [well.column for well in plate.wells]
    if layout == "shrink":
        return range(min(rows), max(rows) + 1), range(min(columns), max(columns) + 1)
    used = max(rows) + 1, max(columns) + 1
    if layout == "trim":
        return range(used[0]), range(used[1])
    fits = (g for g in GRIDS if g[0] >= used[0] and g[1] >= used[1])
    height, width = next(fits, used)
    return range(height), range(width)


def _cell(image: Image, well: Well, field: int, size: str) -> Json:
    return _shown(image, size) | {"wellId": well.id, "field": field}


def thumb_url(image_id: int, size: str = "") -> str:
    """Return the path of a thumbnail: below /webgateway/, whichever view was asked."""
    end = f"{int(size)}/" if size.isdigit() else ""
    return f"/webgateway/render_thumbnail/{image_id}/{end}"


def _listed(image: Image) -> Json:
    shown = _shown(image)
    return shown | {"date": float(shown["date"])}


def _shown(image: Image, size: str = "") -> Json:
    return {
        "type": "Image",
        "id": image.id,
        "name": image.name,
        "description": image.description,
        "author": "Demo User",
        "date": image.imported_s if image.acquired_s is None else image.acquired_s,
        "thumb_url": thumb_url(image.id, size),
    }


def well_children(site: Site, request: Request, well_id: str) -> Answer:
    """GET /webgateway/well/{well}/children/?run={run}."""
    well = site.world.wells.get(int(well_id))
    if well is None:
        return Answer(500, "text/javascript", b'""')
    run = request.arg("run")
    children = []
    for sample in well.samples:
        if run and str(sample.run_id) != run:
            continue
        position = {
            axis: {"value": value, "unit": "MICROMETER"}
            for axis, value in (("x", sample.x_um), ("y", sample.y_um))
        }
        image = site.world.images[sample.image_id]
        children.append(_listed(image) | {"position": position})
    return json_answer(children)


def well_data(site: Site, request: Request, well_id: str) -> Answer:
    """GET /webgateway/wellData/{well}/."""
    well = site.world.wells.get(int(well_id))
    if well is None or not well.samples:
        return Answer(500, "text/javascript", b'""')
    image = site.world.images[well.samples[0].image_id]
    place = {"wellPos": well.label, "plateId": well.plate_id, "wellId": well.id}
    return json_answer(_listed(image) | place)


def well_images(site: Site, request: Request) -> Answer:
    """GET /iviewer/well_images/?id={well}."""
    try:
        well = site.world.wells[request.int_arg("id", 0)]
        offset, limit = request.int_arg("offset", 0), request.int_arg("limit", 10)
    except (KeyError, ValueError) as error:
        return json_answer({"error": f"Traceback: {error!r}"})
    images = [site.world.images[s.image_id] for s in well.samples]
    page = images[offset : offset + limit]
    return json_answer(
        {
            "data": [{"@id": image.id, "Name": image.name} for image in page],
            "meta": {"totalCount": len(images)},
        }
    )


def dataset_children(site: Site, request: Request, dataset_id: str) -> Answer:
    """GET /webgateway/dataset/{dataset}/children/."""
    if int(dataset_id) not in site.world.datasets:
        return Answer(500, "text/javascript", b'""')
    images = site.world.images_of("dataset", int(dataset_id))
    return json_answer([_listed(image) for image in images])


ROUTES: Routes = (
    (r"webgateway/plate/(?P<plate_id>\d+)/", grid),
    (r"webgateway/plate/(?P<plate_id>\d+)/(?P<field>\d+)/", grid),
    (r"webgateway/plate/(?P<plate_id>\d+)/(?P<field>\d+)/(?P<run_id>\d+)/", grid),
    (r"webgateway/well/(?P<well_id>\d+)/children/", well_children),
    (r"webgateway/wellData/(?P<well_id>\d+)/", well_data),
    (r"webgateway/dataset/(?P<dataset_id>\d+)/children/", dataset_children),
    (r"iviewer/well_images/", well_images),
)
