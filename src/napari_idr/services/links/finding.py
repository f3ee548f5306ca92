"""Things that links name, found on their server: what is shown, and how."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from napari_idr.api.search.keys import key_named
from napari_idr.errors import IDRError, NotFoundError
from napari_idr.model import (
    AnyOf,
    Condition,
    Dataset,
    DatasetId,
    ImageId,
    ImageRef,
    Plate,
    PlateAcquisitionId,
    PlateId,
    ProjectId,
    Screen,
    WellId,
)
from napari_idr.services.details import ImageRequest, PlateDetails
from napari_idr.services.links.records import LinkView, SearchLink, StudyLink
from napari_idr.services.search.catalog import Entry, Query

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari_idr.cancel import CancelToken
    from napari_idr.model import PlateAcquisition, SearchKey, Study, Wanted
    from napari_idr.services.links.records import Thing
    from napari_idr.services.plate.view import PlateShown
    from napari_idr.services.session import ServerInfo, Session

__all__ = [
    "FoundImage",
    "FoundLine",
    "FoundPlate",
    "FoundSearch",
    "Target",
    "bound_query",
    "find_target",
    "wells_of",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundSearch:
    """A search, in the words of its server."""

    query: Query


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundLine:
    """A study or a dataset as a line of the tree; `studies` are all that there are.

    `filter` is what the list of studies is filtered by: a study of several parts is
    told by its accession.
    """

    entry: Entry
    studies: tuple[Entry, ...]
    filter: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundPlate:
    """A plate, at a field of a run, and how it is to be seen.

    `run` is None where the plate has one or none. `well` is to be selected, besides
    those of the view. `notes` say what of the view can't be had.
    """

    entry: Entry
    details: PlateDetails
    studies: tuple[Entry, ...]
    run: PlateAcquisitionId | None
    field: int
    view: LinkView
    well: WellId | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundImage:
    """An image, and where it lies."""

    request: ImageRequest
    studies: tuple[Entry, ...] = field(default=(), repr=False)


Target = FoundSearch | FoundLine | FoundPlate | FoundImage
"""What is shown for a thing of a link."""


def find_target(
    session: Session,
    server_info: ServerInfo,
    thing: Thing,
    view: LinkView,
    *,
    cancel: CancelToken,
) -> Target:
    """Return what is shown for a thing of a link.

    Raises
    ------
    NotFoundError
        The server has no such thing.
    ValueError
        The server can't search so.
    IDRError
        The server didn't say.
    """
    match thing:
        case SearchLink():
            return FoundSearch(query=bound_query(thing, server_info))
        case StudyLink():
            return _find_study(session, thing, cancel)
    query = None if view.search is None else bound_query(view.search, server_info)
    path = session.client.path_to(thing.kind, thing.id, cancel=cancel)
    studies = session.studies(cancel=cancel)
    study = _study_of(path, studies)
    match thing.kind:
        case "image":
            request = _image_request(session, thing.id, path, study, cancel)
            return FoundImage(request=request, studies=studies)
        case "plate" | "run" | "well":
            return _find_plate(session, path, studies, study, view, query, cancel)
        case "dataset":
            return FoundLine(
                entry=_dataset(session, path, study, cancel), studies=studies
            )
        case _:
            if study is None:  # one without children isn't listed
                raise NotFoundError(
                    "the archive lists no such study", kind=thing.kind, id=thing.id
                )
            return FoundLine(entry=study, studies=studies)


def bound_query(search: SearchLink, server_info: ServerInfo) -> Query:
    """Return a search of a link in the words of a server.

    Raises
    ------
    ValueError
        The server can't be searched by this key, or not at all.
    """
    if not server_info.search or not server_info.keys:
        raise ValueError("this server can't be searched")
    known = {key.name: key for key in server_info.keys}
    key = server_info.keys[0]
    if search.value:
        key = _key(search.key, known, server_info)
    conditions = tuple(_bound(one, known) for one in search.conditions)
    return Query(key=key, value=search.value, conditions=conditions)


def _key(
    name: str, known: Mapping[str, SearchKey], server_info: ServerInfo
) -> SearchKey:
    if name in known:
        return known[name]
    by_attribute = (one for one in known.values() if name in one.attributes)
    if (found := next(by_attribute, None)) is not None:
        return found
    if server_info.capabilities.mapr:
        raise ValueError(f"this server can't be searched by {name!r}")
    return key_named(name)  # a search engine looks at any attribute


def _bound(wanted: Wanted, known: Mapping[str, SearchKey]) -> Wanted:
    if isinstance(wanted, AnyOf):
        return AnyOf(*(_bound_one(one, known) for one in wanted.conditions))
    return _bound_one(wanted, known)


def _bound_one(one: Condition, known: Mapping[str, SearchKey]) -> Condition:
    return Condition(known.get(one.name, one.key), one.operator, one.value)


# Studies and datasets


def _find_study(session: Session, link: StudyLink, cancel: CancelToken) -> FoundLine:
    studies = session.studies(cancel=cancel)
    wanted = link.name.casefold()
    those = [one for one in studies if _is_part(one.name.casefold(), wanted)]
    if not those:
        raise NotFoundError(
            f"the archive has no study {link.name}", kind="study", id=link.name
        )
    exact = (one for one in those if one.name.casefold() == wanted)
    return FoundLine(
        entry=next(exact, those[0]),
        studies=studies,
        filter=link.name if len(those) > 1 else "",
    )


def _is_part(name: str, wanted: str) -> bool:
    """Whether a name is the wanted one, or goes on where a word of it ends."""
    rest = name.removeprefix(wanted)
    return name.startswith(wanted) and not rest[:1].isalnum()


def _study_of(path: Mapping[str, int], studies: Sequence[Entry]) -> Entry | None:
    """Return the line of the study that an object lies in, None if it isn't listed."""
    for entry in studies:
        kind = "screen" if isinstance(entry.item, Screen) else "project"
        if path.get(kind) == getattr(entry.item, "id", None):
            return entry
    return None


def _study_item(entry: Entry | None) -> Study | None:
    return None if entry is None else entry.study


def _dataset(
    session: Session, path: Mapping[str, int], study: Entry | None, cancel: CancelToken
) -> Entry:
    """Return the line of a dataset, below its study."""
    number = DatasetId(path["dataset"])
    dataset = Dataset(id=number, name=f"Dataset {number}")
    if "project" in path:
        project = ProjectId(path["project"])
        listed = session.client.datasets(project, cancel=cancel)
        dataset = next((one for one in listed if one.id == number), dataset)
    return Entry(item=dataset, count=dataset.image_count, parent=study)


# Plates


def _find_plate(
    session: Session,
    path: Mapping[str, int],
    studies: tuple[Entry, ...],
    study: Entry | None,
    view: LinkView,
    query: Query | None,
    cancel: CancelToken,
) -> FoundPlate:
    above = None if study is None else replace(study, query=query)
    number = PlateId(path["plate"])
    listed = Plate(id=number, name=f"Plate {number}")
    entry = Entry(item=listed, query=query, parent=above)
    details = session.plate_details(entry, cancel=cancel)
    entry = replace(entry, item=details.plate)
    run, notes = _run(details.plate.runs, view.run or path.get("run"))
    count, wanted = details.fields(run), view.field or 0
    if wanted >= max(count, 1):
        notes = (*notes, f"There is no field {wanted + 1}: the first is shown.")
        wanted = 0
    well = path.get("well")
    return FoundPlate(
        entry=entry,
        details=details,
        studies=studies,
        run=run,
        field=wanted,
        view=view,
        well=None if well is None else WellId(well),
        notes=notes,
    )


def _run(
    runs: Sequence[PlateAcquisition], wanted: int | None
) -> tuple[PlateAcquisitionId | None, tuple[str, ...]]:
    """Return the run that is chosen, None where there is nothing to choose."""
    ids = [run.id for run in runs]
    chosen = ids[0] if ids else None
    notes: tuple[str, ...] = ()
    if wanted is not None:
        if wanted in ids:
            chosen = PlateAcquisitionId(wanted)
        elif 0 < wanted <= len(ids):
            chosen = ids[wanted - 1]
        else:
            notes = (f"There is no run {wanted}: the first is shown.",)
    return (chosen if len(ids) > 1 else None), notes


def wells_of(shown: PlateShown, labels: Sequence[str]) -> tuple[WellId, ...]:
    """Return the wells of a plate that is shown by what is printed for them."""
    grid = shown.plan.grid
    by_label = {
        grid.label(cell.row, cell.column).casefold(): cell.well_id for cell in grid
    }
    found = (by_label.get(label.casefold()) for label in labels)
    return tuple(well for well in found if well is not None)


# Images


def _image_request(
    session: Session,
    number: int,
    path: Mapping[str, int],
    study: Entry | None,
    cancel: CancelToken,
) -> ImageRequest:
    """Return how to ask for an image, with what tells where it lies as far as known."""
    well = None if "well" not in path else WellId(path["well"])
    plate_id = None if "plate" not in path else PlateId(path["plate"])
    ref = ImageRef(image_id=ImageId(number), name="", well_id=well, plate_id=plate_id)
    request = ImageRequest(ref=ref, server=session.url, study=_study_item(study))
    # It can be opened without knowing where it lies.
    with suppress(IDRError):
        if "dataset" in path:
            entry = _dataset(session, path, study, cancel)
            request = replace(request, dataset=entry.dataset)
        if plate_id is not None:
            plate = session.client.plate(plate_id, cancel=cancel)
            request = replace(request, plate=plate)
            if well is not None:
                request = _placed(session, request, plate, well, cancel)
    return request


def _placed(
    session: Session,
    request: ImageRequest,
    plate: Plate,
    well: WellId,
    cancel: CancelToken,
) -> ImageRequest:
    """Return a request with the run, the field and the label of the well."""
    samples = session.client.well_samples(well, cancel=cancel)
    sample = next((s for s in samples if s.image_id == request.ref.image_id), None)
    if sample is None:
        return request
    runs = plate.runs if len(plate.runs) > 1 else ()
    run = next((one for one in runs if one.id == sample.run), None)
    request = replace(request, run=run, field=sample.field)
    grid = session.client.plate_grid(
        plate.id,
        field=sample.field,
        run=None if run is None else run.id,
        cancel=cancel,
    )
    labels = (
        grid.label(cell.row, cell.column) for cell in grid if cell.well_id == well
    )
    return replace(request, well_label=next(labels, None))
