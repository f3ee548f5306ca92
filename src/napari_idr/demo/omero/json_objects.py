"""Objects in the notation of the JSON API v0; absent means absent, not null."""

from functools import cache
from typing import Any

from napari_idr.demo._exchange import Site
from napari_idr.demo.world import (
    Channel,
    Dataset,
    Image,
    Plate,
    Project,
    Roi,
    Run,
    Screen,
    Shape,
    Well,
    WellSample,
)
from napari_idr.demo.zarr.recipes import lsid

Json = dict[str, Any]

OME = "http://www.openmicroscopy.org/Schemas/OME/2016-06#"

PIXEL_TYPE_IDS = {"uint8": 2, "int16": 3, "uint16": 4, "float": 7}
SIGNIFICANT_BITS = {"uint8": 8, "int16": 16, "uint16": 16, "float": 32}

PERMISSIONS = {
    "@type": "TBD#Permissions",
    "perm": "rwr---",
    **dict.fromkeys(("canAnnotate", "canDelete", "canEdit", "canLink"), False),
    **dict.fromkeys(("isWorldWrite", "isWorldRead", "isGroupWrite"), False),
    "isGroupRead": True,
    "isGroupAnnotate": False,
    "isUserWrite": True,
    "isUserRead": True,
}

CONVENTIONS = {"ColumnNamingConvention": "number", "RowNamingConvention": "letter"}


@cache
def details() -> Json:
    """Return owner, group and permissions; they repeat at every level."""
    inner = {"@type": "TBD#Details", "permissions": PERMISSIONS}
    owner = {
        "@type": OME + "Experimenter",
        "@id": 2,
        "omero:details": inner,
        "FirstName": "Demo",
        "LastName": "User",
        "UserName": "demo",
    }
    group = {
        "@type": OME + "ExperimenterGroup",
        "@id": 3,
        "omero:details": inner,
        "Name": "Public",
    }
    return {**inner, "owner": owner, "group": group}


def node(kind: str, object_id: int, **fields: Any) -> Json:
    """Return an object with its type and details; fields that are None are absent."""
    found: Json = {"@type": OME + kind, "@id": object_id, "omero:details": details()}
    return found | {name: value for name, value in fields.items() if value is not None}


def link(site: Site, path: str) -> str:
    """Return the address of something in the API."""
    return f"{site.url}/api/v0/m/{path}/"


def length(value: float, unit: str = "MICROMETER", symbol: str = "µm") -> Json:
    """Return a number with its unit."""
    return {"@type": "TBD#LengthI", "Unit": unit, "Symbol": symbol, "Value": value}


def screen(site: Site, one: Screen, *, alone: bool = False) -> Json:
    """Return a screen."""
    own = {} if alone else {"url:screen": link(site, f"screens/{one.id}")}
    named = {"Name": one.name, "Description": one.description, "Type": "RNAi screen"}
    plates = {"url:plates": link(site, f"screens/{one.id}/plates")}
    return node("Screen", one.id, **named) | own | plates


def project(site: Site, one: Project, *, alone: bool = False) -> Json:
    """Return a project."""
    own = {} if alone else {"url:project": link(site, f"projects/{one.id}")}
    datasets = {"url:datasets": link(site, f"projects/{one.id}/datasets")}
    described = node(
        "Project", one.id, Name=one.name, Description=one.description or None
    )
    return described | datasets | own


def dataset(site: Site, one: Dataset, *, alone: bool = False) -> Json:
    """Return a dataset."""
    base = f"datasets/{one.id}"
    own = {} if alone else {"url:dataset": link(site, base)}
    return (
        node("Dataset", one.id, Name=one.name, Description=one.description or None)
        | {"url:images": link(site, f"{base}/images")}
        | own
        | {"url:projects": link(site, f"{base}/projects")}
    )


def plate(site: Site, one: Plate, *, alone: bool = False) -> Json:
    """Return a plate; alone it knows its range of fields."""
    base = f"plates/{one.id}"
    found = node(
        "Plate",
        one.id,
        Name=one.name,
        Description=one.description or None,
        Rows=one.rows,
        Columns=one.columns,
    )
    found |= CONVENTIONS
    found |= {
        "url:screens": link(site, f"{base}/screens"),
        "url:wells": link(site, f"{base}/wells"),
        "url:plateacquisitions": link(site, f"{base}/plateacquisitions"),
    }
    if not alone:
        return found | {"url:plate": link(site, base)}
    fields = max((len(well.samples) for well in one.wells), default=0)
    indices = [0, fields - 1] if fields else []
    return found | _indices(site, base, indices)


def _indices(site: Site, base: str, indices: list[int]) -> Json:
    every = range(indices[0], indices[1] + 1) if indices else range(0)
    return {
        "omero:wellsampleIndex": indices,
        "url:wellsampleindex_wells": [
            link(site, f"{base}/wellsampleindex/{index}/wells") for index in every
        ],
    }


def run(site: Site, one: Run, *, alone: bool = False) -> Json:
    """Return a plate acquisition with the absolute indices of its fields."""
    base = f"plateacquisitions/{one.id}"
    held = [
        index
        for well in site.world.plates[one.plate_id].wells
        for index, sample in enumerate(well.samples)
        if sample.run_id == one.id
    ]
    indices = [min(held), max(held)]
    own = {} if alone else {"url:plateacquisition": link(site, base)}
    return (
        node(
            "PlateAcquisition",
            one.id,
            Name=one.name,
            MaximumFieldCount=indices[1] - indices[0] + 1,
            StartTime=one.started_s * 1000,
            EndTime=one.ended_s * 1000,
        )
        | own
        | _indices(site, base, indices)
    )


def well(
    site: Site, one: Well, *, alone: bool = False, index: int | None = None
) -> Json:
    """Return a well; without images it has no WellSamples.

    Alone its images tell their pixels; ``index`` keeps a single field.
    """
    samples = one.samples if index is None else one.samples[index : index + 1]
    listed = [_sample(site, sample, pixels=alone) for sample in samples]
    base = f"wells/{one.id}"
    own = {} if alone else {"url:well": link(site, base)}
    return (
        node("Well", one.id, Column=one.column, Row=one.row, WellSamples=listed or None)
        | own
        | {"url:plates": link(site, f"{base}/plates")}
    )


def _sample(site: Site, one: WellSample, *, pixels: bool) -> Json:
    image = site.world.images[one.image_id]
    acquisition = None
    if one.run_id is not None:
        acquisition = node("PlateAcquisition", one.run_id)
    shown = _image(site, image)
    if pixels and image.has_pixels:
        shown["Pixels"] = _pixels(image)
    shown["url:image"] = link(site, f"images/{image.id}")
    return node(
        "WellSample",
        one.id,
        PositionX=length(one.x_um),
        PositionY=length(one.y_um),
        PlateAcquisition=acquisition,
        Image=shown,
    )


def _image(site: Site, one: Image) -> Json:
    taken = one.acquired_s
    found = node(
        "Image",
        one.id,
        AcquisitionDate=None if taken is None else taken * 1000,
        Description=one.description or None,
        Name=one.name,
    )
    found |= {"omero:archived": False, "omero:partial": False, "omero:series": 0}
    if external := external_info(site, one):
        found["omero:details"] = details() | {"externalInfo": external}
    return found


def image(site: Site, one: Image, *, alone: bool = False) -> Json:
    """Return an image; alone it tells its channels."""
    base = f"images/{one.id}"
    found = _image(site, one)
    if one.has_pixels:
        found["Pixels"] = _pixels(one)
        if alone:
            channels = [_channel(one, i, c) for i, c in enumerate(one.channels)]
            found["Pixels"]["Channels"] = channels
    found["url:datasets"] = link(site, f"{base}/datasets")
    if alone:
        return found | {"url:rois": link(site, f"{base}/rois")}
    return found | {"url:image": link(site, base)}


def external_info(site: Site, one: Image) -> Json | None:
    """Return where the image's OME-Zarr is; on the idr face alone."""
    if site.face != "idr" or one.zarr is None:
        return None
    return {
        "@type": "TBD#ExternalInfo",
        "@id": one.id + 500_000,
        "EntityId": 3,
        "EntityType": "com.glencoesoftware.ngff:multiscales",
        "Lsid": lsid(one, site.url),
        "Uuid": f"00000000-0000-4000-8000-{one.id:012d}",
    }


def _pixels(one: Image) -> Json:
    x, y, z = (None if size is None else length(size) for size in one.pixel_size_um)
    kind = one.pixel_type
    return node(
        "Pixels",
        one.id,
        PhysicalSizeX=x,
        PhysicalSizeY=y,
        PhysicalSizeZ=z,
        SignificantBits=SIGNIFICANT_BITS[kind],
        SizeX=one.size_x,
        SizeY=one.size_y,
        SizeZ=one.size_z,
        SizeC=one.size_c,
        SizeT=one.size_t,
        Type=_pixel_type(kind),
    ) | {"omero:sha1": "0" * 40}


def _pixel_type(kind: str) -> Json:
    return {
        "@type": "TBD#PixelsType",
        "@id": PIXEL_TYPE_IDS[kind],
        "omero:details": details(),
        "value": kind,
    }


def _channel(one: Image, index: int, channel: Channel) -> Json:
    wave = channel.emission_nm
    channel_id = one.id * 8 + index
    return node(
        "Channel",
        channel_id,
        Color=signed(int(channel.color, 16) << 8 | 0xFF),
        EmissionWavelength=None if wave is None else length(wave, "NANOMETER", "nm"),
        Name=channel.name,
    ) | {"omero:LogicalChannelId": channel_id + 1}


def signed(color: int) -> int:
    """Return a colour, red in the top byte, as a signed 32-bit integer.

    >>> signed(0xFF0000FF), signed(0x00FF00FF)
    (-16776961, 16711935)
    """
    return color - 2**32 if color >= 2**31 else color


def roi(site: Site, one: Roi, *, alone: bool = False) -> Json:
    """Return a ROI with all of its shapes."""
    shapes = [_shape(shape) for shape in one.shapes]
    own = {} if alone else {"url:roi": link(site, f"rois/{one.id}")}
    return node("ROI", one.id, shapes=shapes) | own


def _shape(shape: Shape) -> Json:
    transform = None
    if shape.transform is not None:
        names = ("A00", "A10", "A01", "A11", "A02", "A12")
        matrix = dict(zip(names, shape.transform, strict=True))
        transform = {"@type": "TBD#AffineTransform"} | matrix
    found = node(
        shape.kind,
        shape.id,
        FillColor=None if shape.fill is None else signed(shape.fill),
        StrokeColor=signed(shape.stroke),
        StrokeWidth=length(1.0, "PIXEL", "pixel"),
        Text=shape.text,
        TheC=shape.c,
        TheT=shape.t,
        TheZ=shape.z,
        Transform=transform,
    )
    return found | dict(shape.geometry)
