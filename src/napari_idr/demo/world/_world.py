"""A world: all that the archive holds, and how one finds it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType

from napari_idr.demo.world._records import (
    Annotation,
    Dataset,
    Image,
    Kind,
    MapAnnotation,
    ObjectKey,
    Place,
    Plate,
    Project,
    Roi,
    Run,
    Screen,
    Table,
    Well,
)


@dataclass(frozen=True, kw_only=True)
class World:
    """All that the archive holds, by id.

    ``links`` says which annotations hang on an object, in their order.
    ``page_size`` is where lists of the web client are cut without a mark,
    ``search_page_size`` how many hits the search engine gives at once.
    """

    screens: Mapping[int, Screen]
    projects: Mapping[int, Project]
    datasets: Mapping[int, Dataset]
    plates: Mapping[int, Plate]
    images: Mapping[int, Image]
    annotations: Mapping[int, Annotation]
    links: Mapping[ObjectKey, tuple[int, ...]]
    tables: tuple[Table, ...] = ()
    make_rois: Mapping[int, Callable[[], tuple[Roi, ...]]] = field(
        default_factory=lambda: MappingProxyType({})
    )
    page_size: int = 500
    search_page_size: int = 1000

    @cached_property
    def wells(self) -> Mapping[int, Well]:
        """All wells by id."""
        return {w.id: w for p in self.plates.values() for w in p.wells}

    @cached_property
    def runs(self) -> Mapping[int, Run]:
        """All plate acquisitions by id."""
        return {r.id: r for p in self.plates.values() for r in p.runs}

    @cached_property
    def places(self) -> Mapping[int, Place]:
        """The parents of each image, by image id."""
        places: dict[int, Place] = {}
        for plate in self.plates.values():
            screen = self.screens.get(plate.screen_id)
            runs = {run.id: run for run in plate.runs}
            for well in plate.wells:
                for index, sample in enumerate(well.samples):
                    places[sample.image_id] = Place(
                        screen=screen,
                        plate=plate,
                        run=None if sample.run_id is None else runs[sample.run_id],
                        well=well,
                        sample=sample,
                        field=index,
                    )
        for dataset in self.datasets.values():
            project = self.projects.get(dataset.project_id)
            for image_id in dataset.image_ids:
                places[image_id] = Place(project=project, dataset=dataset)
        return places

    @cached_property
    def rois(self) -> Mapping[int, tuple[Roi, ...]]:
        """ROIs by image id; images without any are absent."""
        return {image_id: make() for image_id, make in self.make_rois.items()}

    def annotations_of(self, kind: Kind, object_id: int) -> tuple[Annotation, ...]:
        """Return the annotations of one object, in its order."""
        links = self.links.get((kind, object_id), ())
        return tuple(self.annotations[i] for i in links)

    def maps_of(self, kind: Kind, object_id: int) -> Iterator[MapAnnotation]:
        """Yield the map annotations of one object, in their order."""
        for annotation in self.annotations_of(kind, object_id):
            if isinstance(annotation, MapAnnotation):
                yield annotation

    def images_of(self, kind: Kind, object_id: int) -> Iterator[Image]:
        """Yield the images below (or of) an object."""
        if kind == "image":
            ids: Iterable[int] = [object_id] if object_id in self.images else []
        elif kind == "dataset":
            found = self.datasets.get(object_id)
            ids = found.image_ids if found else ()
        elif kind == "project":
            project = self.projects.get(object_id)
            ids = (
                i
                for d in (project.dataset_ids if project else ())
                for i in self.datasets[d].image_ids
            )
        else:
            ids = (
                s.image_id for w in self._wells_of(kind, object_id) for s in w.samples
            )
        yield from (self.images[i] for i in ids)

    def _wells_of(self, kind: Kind, object_id: int) -> Iterator[Well]:
        if kind == "well":
            yield from (w for w in [self.wells.get(object_id)] if w)
        elif kind == "plate":
            plate = self.plates.get(object_id)
            yield from plate.wells if plate else ()
        elif kind == "screen":
            screen = self.screens.get(object_id)
            for plate_id in screen.plate_ids if screen else ():
                yield from self.plates[plate_id].wells
