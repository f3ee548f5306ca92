"""The demo's default world has what the docs promise."""

from napari_idr.demo.omero.mapr_keys import KEYS
from napari_idr.demo.studies import default_world
from napari_idr.demo.world import MAPR_NS, STUDY_NS, MapAnnotation

WORLD = default_world()


def images_with(gene: str) -> set[int]:
    return {
        image_id
        for image_id in WORLD.images
        for one in WORLD.maps_of("image", image_id)
        if one.ns == MAPR_NS + "gene" and ("Gene Symbol", gene) in one.pairs
    }


def test_it_is_the_same_each_time():
    first = default_world()
    default_world.cache_clear()

    again = default_world()

    assert again is not first
    assert again.images == first.images
    assert again.links == first.links


def test_cdc20_is_in_two_screens_and_the_project():
    studies = {
        place.screen.name if place.screen else place.project.name
        for place in (WORLD.places[i] for i in images_with("CDC20"))
    }

    assert studies == {
        "idr0901-demo-mitosis/screenA",
        "idr0902-demo-kinome/screenA",
        "idr0904-demo-tissue/experimentA",
    }


def test_every_image_hangs_in_one_place():
    assert set(WORLD.places) == set(WORLD.images)


def test_every_plate_with_wells_has_both_kinds_of_control():
    for plate in WORLD.plates.values():
        kinds = {well.control for well in plate.wells} - {""}

        assert "negative control" in kinds or not plate.wells


def test_plates_have_the_sizes_of_the_trade():
    sizes = {p.id: (p.rows, p.columns, len(p.wells)) for p in WORLD.plates.values()}

    assert sizes[7101] == (8, 12, 96)
    assert sizes[7201][2] < 384
    assert sizes[7202] == (16, 24, 384)
    assert sizes[7301] == (32, 48, 1536)
    assert sizes[7103] == (8, 12, 0)


def test_one_study_is_not_for_commerce():
    licences = [
        value
        for one in WORLD.annotations.values()
        if isinstance(one, MapAnnotation) and one.ns == STUDY_NS
        for key, value in one.pairs
        if key == "License"
    ]

    assert sum(value.startswith("CC BY-NC") for value in licences) == 1


def test_every_namespace_of_mapr_that_is_used_has_a_key():
    used = {
        one.ns
        for one in WORLD.annotations.values()
        if isinstance(one, MapAnnotation) and (one.ns or "").startswith(MAPR_NS)
    }

    assert used <= {key.ns for key in KEYS.values()}


def test_a_run_holds_its_own_fields():
    well = WORLD.plates[7102].wells[0]

    assert [sample.run_id for sample in well.samples] == [8551, 8551, 8552, 8552]
