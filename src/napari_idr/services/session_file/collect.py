"""What is shown, as records of a session."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from napari_idr.model import AnyOf, Condition, Screen, SearchKey
from napari_idr.services.gallery.view import GalleryShown, study_counts
from napari_idr.services.plate.view import PlateShown
from napari_idr.services.session_file.record import (
    LineKind,
    SavedCell,
    SavedCondition,
    SavedGallery,
    SavedKey,
    SavedLine,
    SavedLook,
    SavedObject,
    SavedPlate,
    SavedRef,
    SavedSearch,
    SavedStrip,
    SavedStudy,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from napari_idr.model import Dataset, ImageHit, Plate, PlateAcquisition, Study
    from napari_idr.services.compare.wish import CompareWish
    from napari_idr.services.details import ImageRequest, MosaicKey
    from napari_idr.services.mosaic import MosaicShown
    from napari_idr.services.search.catalog import Query
    from napari_idr.services.session_file.record import SavedLayer, SavedMosaic
    from napari_idr.services.wells.look import WellsLook

__all__ = ["Collector", "saved_look", "saved_search"]

LINE_KINDS: dict[str, LineKind] = {
    "Screen": "screen",
    "Project": "project",
    "Plate": "plate",
    "Dataset": "dataset",
    "ImageRef": "image",
}
"""Classes of what a line of the tree is of, as files name them."""


def saved_search(query: Query | None) -> SavedSearch | None:
    """Return what was searched as a record, None for nothing."""
    if query is None:
        return None
    rows = (
        row.conditions if isinstance(row, AnyOf) else (row,) for row in query.conditions
    )
    return SavedSearch(
        key=_key(query.key),
        value=query.value,
        conditions=tuple(tuple(map(_condition, row)) for row in rows),
    )


def saved_look(look: WellsLook, files: Mapping[str, str]) -> SavedLook | None:
    """Return how wells are coloured as a record, None where nothing is chosen.

    `files` are the paths of a person's own tables by their names; those of which none
    is known are left out.
    """
    own = tuple(files[one.name] for one in look.own if one.name in files)
    found = SavedLook(
        color_by=look.color_by,
        style=look.style,
        hide_failed=look.hide_failed,
        own=own,
    )
    return None if found == SavedLook() else found


def _key(key: SearchKey) -> SavedKey:
    return SavedKey(name=key.name, label=key.label, attributes=key.attributes)


def _condition(condition: Condition) -> SavedCondition:
    key = condition.key
    return SavedCondition(
        attribute=key if isinstance(key, str) else "",
        key=_key(key) if isinstance(key, SearchKey) else None,
        operator=condition.operator,
        values=condition.texts,
    )


class Collector:
    """Makes records of what is shown, and keeps the studies that they name.

    Mosaics come first, as images and strips name the one that they were found in.
    """

    def __init__(self) -> None:
        self._studies: dict[tuple[str, str], SavedStudy] = {}
        self._galleries: dict[MosaicKey, str] = {}

    @property
    def studies(self) -> tuple[SavedStudy, ...]:
        """The studies that were named."""
        return tuple(self._studies.values())

    def _study(self, study: Study | None, server: str) -> str:
        if study is None:
            return ""
        found = SavedStudy(
            server=server,
            kind="screen" if isinstance(study, Screen) else "project",
            id=study.id,
            name=study.name,
            description=study.description,
        )
        before = self._studies.get((server, found.key))
        # A search may tell no description where a list of studies does.
        if before is None or len(before.description) < len(found.description):
            self._studies[server, found.key] = found
        return found.key

    def mosaic(
        self,
        shown: MosaicShown,
        *,
        look: SavedLook | None,
        selected: Sequence[int],
        layers: Sequence[SavedLayer],
    ) -> SavedMosaic | None:
        """Return a plate or a gallery; None for what is neither."""
        server = shown.server
        if isinstance(shown, PlateShown):
            details = shown.details
            study = None if details.study is None else details.study.study
            return SavedPlate(
                server=server,
                id=details.plate.id,
                name=details.plate.name,
                study=self._study(study, server),
                run=shown.plan.grid.run,
                field=shown.field,
                search=saved_search(details.query),
                look=look,
                selected=tuple(map(int, selected)),
                layers=tuple(layers),
            )
        if not isinstance(shown, GalleryShown):
            return None
        key = self._galleries[shown.key] = f"gallery-{len(self._galleries) + 1}"
        whole = shown.whole or shown
        return SavedGallery(
            server=server,
            key=key,
            title=shown.of.title,
            search=saved_search(shown.of.query),
            lines=self._lines(shown.of.lines, whole.images, server),
            filters=shown.filters,
            counts=tuple(study_counts(whole.images)),
            aspect=shown.aspect,
            read=whole.sources is not None,
            look=look,
            selected=tuple(map(int, selected)),
            layers=tuple(layers),
        )

    def _lines(
        self,
        lines: Iterable[tuple[str, int]],
        images: Sequence[ImageHit],
        server: str,
    ) -> tuple[SavedLine, ...]:
        """Return the lines of a gallery in its order; images tell where they lie."""
        found: dict[tuple[LineKind, int], tuple[SavedLine, int]] = {}
        wanted = {(LINE_KINDS[kind], number) for kind, number in lines}
        for image in images:
            for line in _lines_of(image):
                if line in wanted and line in found:
                    known, count = found[line]
                    found[line] = known, count + 1
                elif line in wanted:
                    found[line] = self._line(*line, image, server), 1
        empty = (SavedLine(kind=k, id=n) for k, n in sorted(wanted - found.keys()))
        return (
            *(replace(line, count=count) for line, count in found.values()),
            *empty,
        )

    def _line(
        self, kind: LineKind, number: int, image: ImageHit, server: str
    ) -> SavedLine:
        """Return a line that one of its images tells of."""
        names = {
            "plate": image.plate,
            "dataset": image.dataset,
            "screen": image.study,
            "project": image.study,
            "image": image.ref,
        }
        named = names[kind]
        is_image = kind == "image"
        return SavedLine(
            kind=kind,
            id=number,
            name="" if named is None else named.name,
            study=self._study(image.study, server),
            plate=_object(image.plate) if is_image else None,
            dataset=_object(image.dataset) if is_image else None,
        )

    def ref(self, request: ImageRequest) -> SavedRef:
        """Return an image and where it was found."""
        well = request.ref.well_id
        gallery = request.gallery
        return SavedRef(
            server=request.server,
            id=request.ref.image_id,
            name=request.ref.name,
            study=self._study(request.study, request.server),
            dataset=_object(request.dataset),
            plate=_object(request.plate),
            run=_object(request.run),
            field=request.field,
            well=None if well is None else int(well),
            well_label=request.well_label,
            told=request.told,
            search=saved_search(request.query),
            gallery="" if gallery is None else self._galleries.get(gallery, ""),
        )

    def strip(self, wish: CompareWish, layers: Sequence[SavedLayer]) -> SavedStrip:
        """Return images side by side."""
        first = wish.cells[0].request
        if wish.pictures is not None:
            if first.gallery is not None:
                mosaic = self._galleries.get(first.gallery, "")
            else:
                mosaic = "" if first.plate is None else f"plate-{first.plate.id}"
            if mosaic:
                return SavedStrip(
                    server=wish.server, mosaic=mosaic, layers=tuple(layers)
                )
        cells = (
            SavedCell(image=self.ref(one.request), role=one.role, place=one.place)
            for one in wish.cells
        )
        return SavedStrip(
            server=wish.server,
            cells=tuple(cells),
            groups=wish.groups,
            about=wish.about,
            name=wish.name,
            layers=tuple(layers),
        )


def _lines_of(image: ImageHit) -> Iterator[tuple[LineKind, int]]:
    """Yield the lines that an image lies below, and its own."""
    if image.study is not None:
        kind: LineKind = "screen" if isinstance(image.study, Screen) else "project"
        yield kind, image.study.id
    if image.plate is not None:
        yield "plate", image.plate.id
    if image.dataset is not None:
        yield "dataset", image.dataset.id
    yield "image", image.ref.image_id


def _object(thing: Plate | Dataset | PlateAcquisition | None) -> SavedObject | None:
    return None if thing is None else SavedObject(id=int(thing.id), name=thing.name)
