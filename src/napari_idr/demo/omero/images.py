"""Metadata of an image: imgData, iviewer's image_data, file paths, intensities."""

from datetime import UTC, datetime
from typing import Any

from napari_idr.demo import pixels
from napari_idr.demo._exchange import (
    Answer,
    Request,
    Routes,
    Site,
    json_answer,
)
from napari_idr.demo.omero.thumbnails import can_render
from napari_idr.demo.pixels.rendering import TYPE_LIMITS
from napari_idr.demo.world import Channel, Image

Json = dict[str, Any]

TILE_SIDE = 256
"""Tiles of a pyramid, as the server announces them."""

PROBE_SIDE = 51
"""iviewer's probe reads a square of so many pixels."""

LUTS = ("16_colors.lut", "5_ramps.lut", "cool.lut", "glow.lut", "viridis.lut")


def img_data(site: Site, request: Request, image_id: str, key: str = "") -> Answer:
    """GET /webclient|webgateway/imgData/{id}/; parts by key under webgateway."""
    image = site.world.images.get(int(image_id))
    if image is None:
        return Answer(403)
    found: Any = marshal(site, image)
    for part in key.split(".") if key else ():
        found = found.get(part) if isinstance(found, dict) else None
    return json_answer(found)


def image_data(site: Site, request: Request, image_id: str) -> Answer:
    """GET /iviewer/image_data/{id}/."""
    image = site.world.images.get(int(image_id))
    if image is None:
        return json_answer({"error": "Image not found"}, 404)
    if not can_render(site, image):
        trace = f"Traceback: Error instantiating pixel buffer: /OMERO/Pixels/{image.id}"
        return json_answer({"error": trace})
    found = marshal(site, image)
    pixel_size = found["pixel_size"]
    for axis, size in zip("xyz", image.pixel_size_um, strict=True):
        if size is not None:
            pixel_size |= {f"unit_{axis}": size, f"symbol_{axis}": "µm"}
    found |= {
        "roi_count": len(site.world.rois.get(image.id, ())),
        "import_date": _date(image.imported_s),
        "delta_t_unit_symbol": None,
        "families": ["linear", "polynomial", "exponential", "logarithmic"],
    }
    if image.acquired_s is not None:
        found["acquisition_date"] = _date(image.acquired_s)
    return json_answer(found)


def delta_t(site: Site, request: Request, image_id: str) -> Answer:
    """GET /iviewer/image_data/{id}/delta_t/; seconds, a minute a time point."""
    image = site.world.images.get(int(image_id))
    if image is None:
        return json_answer({"error": "Image not found"}, 404)
    times = [60.0 * t for t in range(image.size_t)] if image.size_t > 1 else []
    return json_answer(
        {"image_id": image.id, "delta_t": times, "delta_t_unit_symbol": "s"}
    )


def marshal(site: Site, image: Image) -> Json:
    """Return imgData; without size and channels where the pixels can't be read."""
    place = site.world.places[image.id]
    project, dataset, well = place.project, place.dataset, place.well
    stamp = image.imported_s if image.acquired_s is None else image.acquired_s
    meta = {
        "imageName": image.name,
        "imageDescription": image.description,
        "imageAuthor": "Demo User",
        "imageArchived": False,
        "projectName": project.name if project else "Multiple",
        "projectId": project.id if project else None,
        "projectDescription": project.description if project else "",
        "datasetName": dataset.name if dataset else "Multiple",
        "datasetId": dataset.id if dataset else None,
        "datasetDescription": dataset.description if dataset else "",
        "wellSampleId": "",
        "wellId": well.id if well else "",
        "imageTimestamp": float(stamp),
        "imageId": image.id,
        "pixelsType": image.pixel_type,
    }
    rights = ("canAnnotate", "canEdit", "canDelete", "canLink")
    found: Json = {"id": image.id, "meta": meta, "perms": dict.fromkeys(rights, False)}
    if not image.has_pixels:
        return found
    if not can_render(site, image):
        message = f"Error instantiating pixel buffer: /OMERO/Pixels/{image.id}"
        return found | {"Exception": message}
    return found | _readable(image)


def _readable(image: Image) -> Json:
    low, high = TYPE_LIMITS[image.pixel_type]
    whole = image.pixel_type.startswith("uint")
    found: Json = {"tiles": image.levels > 1}
    if image.levels > 1:
        sizes = [image.level_size(level) for level in range(image.levels)]
        found |= {
            "tile_size": {"width": TILE_SIDE, "height": TILE_SIDE},
            "levels": image.levels,
            "resolutions": {
                str(i): {"sizeX": w, "sizeY": h} for i, (w, h) in enumerate(sizes)
            },
            "zoomLevelScaling": {str(i): round(0.5**i, 5) for i in range(image.levels)},
        }
    found |= {
        "interpolate": True,
        "size": {
            "width": image.size_x,
            "height": image.size_y,
            "z": image.size_z,
            "t": image.size_t,
            "c": image.size_c,
        },
        "pixel_size": dict(zip("xyz", image.pixel_size_um, strict=True)),
        "init_zoom": 0,
    }
    if image.magnification is not None:
        found["nominalMagnification"] = image.magnification
    return found | {
        "pixel_range": [int(low), int(high)] if whole else [low, high],
        "channels": [_channel(i, c) for i, c in enumerate(image.channels)],
        "split_channel": _split(image),
        "rdefs": {
            "model": "greyscale" if image.size_c == 1 else "color",
            "projection": "normal",
            "defaultZ": image.size_z // 2,
            "defaultT": 0,
            "invertAxis": False,
        },
    }


def _channel(index: int, channel: Channel) -> Json:
    wave = channel.emission_nm
    label = channel.name or (str(index) if wave is None else f"{wave:g}")
    return {
        "emissionWave": wave,
        "label": label,
        "color": channel.color,
        "inverted": False,
        "reverseIntensity": False,
        "family": "linear",
        "coefficient": 1.0,
        "window": {
            "min": channel.minimum,
            "max": channel.maximum,
            "start": channel.start,
            "end": channel.end,
        },
        "active": channel.active,
    }


def _split(image: Image) -> Json:
    """Return the size of the view with channels side by side."""
    border = 2
    found: Json = {}
    for word, count in (("g", image.size_c), ("c", image.size_c + 1)):
        across = 1
        while across * across < count:
            across += 1
        down = -(-count // across)
        found[word] = {
            "width": across * (image.size_x + border) + border,
            "height": down * (image.size_y + border) + border,
            "border": border,
            "gridx": across,
            "gridy": down,
        }
    return found


def _date(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S}"


def intensity(site: Site, request: Request) -> Answer:
    """GET /iviewer/get_intensity/?image=&x=&y=&z=&t=&c=0,1: true values."""
    try:
        image = site.world.images.get(int(request.arg("image")))
        x, y, z, t = (int(request.arg(name)) for name in "xyzt")
        channels = [int(c) for c in request.arg("c").split(",")]
    except ValueError as error:
        return json_answer({"error": f"Traceback: {error}"})
    if image is None:
        return json_answer({"error": "Image not found"}, 404)
    if not can_render(site, image) or not (
        0 <= x < image.size_x and 0 <= y < image.size_y
    ):
        return json_answer({"error": "Traceback: the pixels can't be read"})
    half = PROBE_SIDE // 2
    left, top = max(0, x - half), max(0, y - half)
    right, bottom = min(image.size_x, x + half + 1), min(image.size_y, y + half + 1)
    region = (left, top, right - left, bottom - top)
    try:
        planes = {c: pixels.plane(image, c, z, t, 0, region) for c in channels}
    except ValueError as error:
        return json_answer({"error": f"Traceback: {error}"})
    values = {
        f"{left + i}-{top + j}": {str(c): p[j, i].item() for c, p in planes.items()}
        for j in range(bottom - top)
        for i in range(right - left)
    }
    return json_answer({"count": len(values), "pixels": values})


def luts(site: Site, request: Request) -> Answer:
    """GET /webgateway/luts/."""
    listed = [
        {"id": i, "path": "luts/", "name": name, "size": 800, "png_index": i}
        for i, name in enumerate(LUTS)
    ]
    return json_answer({"luts": listed, "png_luts": list(LUTS)})


def rdefs(site: Site, request: Request, image_id: str) -> Answer:
    """GET /webgateway/get_image_rdefs_json/{id}/."""
    image = site.world.images.get(int(image_id))
    if image is None:
        return json_answer({"error": f"Image:{image_id} not found"})
    windows = [
        {
            "active": c.active,
            "start": c.start,
            "end": c.end,
            "color": c.color,
            "inverted": False,
        }
        for c in image.channels
    ]
    owner = {"id": 2, "firstName": "Demo", "lastName": "User"}
    one = {"id": image.id, "owner": owner, "z": 1, "t": 1, "model": "rgb", "c": windows}
    return json_answer({"rdefs": [one]})


ROUTES: Routes = (
    (r"webclient/imgData/(?P<image_id>\d+)/", img_data),
    (r"webgateway/imgData/(?P<image_id>\d+)/((?P<key>[^/]+)/)?", img_data),
    (r"iviewer/image_data/(?P<image_id>\d+)/", image_data),
    (r"iviewer/image_data/(?P<image_id>\d+)/delta_t/", delta_t),
    (r"iviewer/get_intensity/", intensity),
    (r"web(gateway|client)/luts/", luts),
    (r"webgateway/get_image_rdefs_json/(?P<image_id>\d+)/", rdefs),
)
