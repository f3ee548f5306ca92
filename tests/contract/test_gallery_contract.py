"""A gallery held against a real OMERO.web with mapr."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_idr.cancel import NEVER
from napari_idr.model import SearchKey
from napari_idr.services.gallery.load import load_gallery
from napari_idr.services.gallery.sources import gallery_of, plan_gallery_order
from napari_idr.services.gallery.view import GalleryShown
from napari_idr.services.search.catalog import Entry, Query

if TYPE_CHECKING:
    from napari_idr import IDRClient
    from napari_idr.services.plate.mosaic import MosaicStep

GENE = SearchKey(name="gene", label="Gene", attributes=("Gene Symbol",))


def loaded(
    client: IDRClient, entries: tuple[Entry, ...], query: Query | None
) -> tuple[GalleryShown, MosaicStep]:
    of = gallery_of(entries, query)
    order = plan_gallery_order(client, of, entries, (), cancel=NEVER)
    shown, last = None, None
    for step in load_gallery(client, order, client, aspect=1.5, cancel=NEVER):  # type: ignore[arg-type]
        if isinstance(step, GalleryShown):
            shown = step
        else:
            last = step
    assert shown is not None
    assert last is not None
    return shown, last


def test_every_image_of_a_gene_is_in_its_gallery(real: IDRClient) -> None:
    found = {one.image_id for one in real.search_images("gene", "CDC20")}

    shown, last = loaded(real, (), Query(key=GENE, value="CDC20"))

    assert {cell.image_id for cell in shown.plan.cells} == found
    assert len(shown.plan.groups) == 3
    assert all(image.study is not None for image in shown.plan.images)
    assert all(image.plate or image.dataset for image in shown.plan.images)
    assert last.summary is not None
    assert last.summary.painted >= len(found) - len(last.summary.failures)


def test_what_was_written_about_its_images_is_found(real: IDRClient) -> None:
    shown, _ = loaded(real, (), Query(key=GENE, value="CDC20"))

    known = shown.with_sources(shown.load_sources(real, cancel=NEVER))

    genes = [well.gene for well in known.plate_map.table.wells]
    assert all("CDC20" in gene for gene in genes)


def test_a_dataset_is_a_gallery(real: IDRClient) -> None:
    study = next(one for one in real.studies() if one.ref.kind == "project")
    dataset = max(real.datasets(study.id), key=lambda one: one.image_count or 0)  # type: ignore[arg-type]
    line = Entry(item=dataset, parent=Entry(item=study), count=dataset.image_count)

    shown, _ = loaded(real, (line,), None)

    assert {cell.image_id for cell in shown.plan.cells} == {
        image.image_id for image in real.images(dataset.id)
    }
