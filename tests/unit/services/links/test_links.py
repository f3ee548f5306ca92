"""Links: read, written, and read again as what they were."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_idr.model import AnyOf, Condition, ObjectRef
from napari_idr.services.links.reading import KINDS, is_link, read_link
from napari_idr.services.links.records import Link, LinkView, SearchLink, StudyLink
from napari_idr.services.links.writing import link_of_layer, web_link, write_link

IDR = "https://idr.openmicroscopy.org"
SERVERS = (
    IDR,
    "http://127.0.0.1:4080",
    "https://localhost:8443",
    "http://omero.example.org:8080/omero",
    "https://[::1]:4080",
)

texts = (
    st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), min_size=1)
    .map(str.strip)
    .filter(bool)
)
keys = st.sampled_from(("gene", "phenotype", "Gene Symbol", "siRNA/pool #1"))
conditions = st.builds(
    Condition, texts, st.sampled_from(("is", "contains", "begins with")), texts
) | st.builds(
    Condition,
    texts,
    st.just("in a list"),
    st.lists(texts, min_size=1, max_size=4),
)
any_of = st.lists(
    st.builds(Condition, texts, st.sampled_from(("is", "contains")), texts),
    min_size=2,
    max_size=3,
).map(lambda several: AnyOf(*several))
wanted = st.lists(conditions | any_of, max_size=3).map(tuple)
searches = st.builds(SearchLink, key=keys, value=texts, conditions=wanted)
ids = st.integers(min_value=1, max_value=2**63 - 1)
views = st.builds(
    LinkView,
    run=st.none() | ids.filter(lambda n: n < 10**17),
    field=st.none() | st.integers(min_value=0, max_value=10_000),
    wells=st.lists(texts, max_size=3).map(tuple),
    color=st.just("") | texts,
    style=st.sampled_from(("", "frames", "fill")),
    hide_failed=st.booleans(),
    search=st.none() | searches,
)


@given(st.sampled_from(SERVERS), searches)
def test_a_search_is_read_as_it_was_written(server, search):
    link = write_link(server, search)

    assert read_link(link) == Link(server=server, things=(search,))


@given(st.sampled_from(SERVERS), ids, views)
def test_the_view_of_a_plate_is_read_as_it_was_written(server, number, view):
    plate = ObjectRef(kind="plate", id=number)

    link = write_link(server, plate, view)

    assert read_link(link) == Link(server=server, things=(plate,), view=view)


@given(texts, wanted)
def test_a_link_is_one_line_of_plain_characters(value, rows):
    link = write_link(IDR, SearchLink(key="gene", value=value, conditions=rows))

    assert link.isascii()
    assert not set(link) & set(" #\t\n")


@pytest.mark.parametrize("value", ["CDC20", "a b", "a/b", "a#b", "50%", "%2F", "β-ac?"])
def test_genes_come_through_the_addresses_of_qt(value):
    from qtpy.QtCore import QUrl

    search = SearchLink(key="gene", value=value)
    link = write_link("http://127.0.0.1:4080", search)

    # What napari makes of what was dropped or is on the clipboard.
    assert read_link(QUrl(link).toString()).things == (search,)


@given(ids, st.sampled_from(("image", "plate", "well", "run", "screen", "dataset")))
def test_an_id_is_the_same_in_all_its_spellings(number, kind):
    thing = ObjectRef(kind=kind, id=number)

    for text in (f"{kind}-{number}", f"{kind.title()}:{number}", f"{kind} {number}"):
        assert read_link(text) == Link(things=(thing,))
    for text in (web_link(IDR, thing), write_link(IDR, thing)):
        assert read_link(f" {text}\n") == Link(server=IDR, things=(thing,))


@given(st.text())
def test_no_text_breaks_the_reading(text):
    is_link(text)
    is_link(f"idr://h/{text}")
    is_link(f"https://h/webclient/?show={text}")


@pytest.mark.parametrize(
    ("path", "things"),
    [
        ("webclient/?show=image-1|image-2", ["image-1", "image-2"]),
        ("webclient/?show=image-1%7Cplate-2", ["image-1", "plate-2"]),
        ("webclient/?show=acquisition-7", ["run-7"]),
        ("webclient/userdata/?show=well-7&experimenter=-1", ["well-7"]),
        ("webclient/img_detail/12/?dataset=3", ["image-12"]),
        ("webclient/metadata_details/plate/4/", ["plate-4"]),
        ("webgateway/img_detail/12/", ["image-12"]),
        ("iviewer/?images=12,13&dataset=1", ["image-12", "image-13"]),
        ("iviewer/?well=7", ["well-7"]),
        ("api/v0/m/screens/102/", ["screen-102"]),
    ],
)
def test_pages_of_the_archive_name_things(path, things):
    link = read_link(f"{IDR}/{path}")

    assert link.server == IDR
    assert [f"{one.kind}-{one.id}" for one in link.things] == things


@pytest.mark.parametrize(
    ("path", "thing"),
    [
        ("study/idr0013/", StudyLink(name="idr0013")),
        ("search/?query=Name:idr0002", StudyLink(name="idr0002")),
        ("mapr/gene/?value=CDC20", SearchLink(key="gene", value="CDC20")),
        ("search/?query=mapr_gene:CDC20", SearchLink(key="gene", value="CDC20")),
        (
            "search/?key=Gene+Symbol&value=PAX7&operator=equals",
            SearchLink(key="Gene Symbol", value="PAX7"),
        ),
        (
            "search/?key=Organism&value=sapiens&operator=contains",
            SearchLink(conditions=(Condition("Organism", "contains", "sapiens"),)),
        ),
    ],
)
def test_study_and_search_pages_name_what_they_show(path, thing):
    assert read_link(f"{IDR}/{path}") == Link(server=IDR, things=(thing,))


def test_a_server_in_a_folder_keeps_its_folder():
    for text in (
        "http://omero.example.org/omero/webclient/?show=plate-1",
        "idr+http://omero.example.org/omero/plate/1",
    ):
        assert read_link(text).server == "http://omero.example.org/omero"


def test_names_with_a_slash_may_be_written_bare():
    name = "idr0013-neumann-mitocheck/screenA"

    assert read_link(name).things == (StudyLink(name=name),)
    assert read_link(f"idr://h/study/{name}").things == (StudyLink(name=name),)
    assert read_link("idr://h/gene/a/b").things == (
        SearchLink(key="gene", value="a/b"),
    )


def test_several_links_of_one_server_are_one():
    text = (
        f"{IDR}/webclient/?show=image-1\nidr://idr.openmicroscopy.org/image/2\nimage-3"
    )

    assert [one.id for one in read_link(text).things] == [1, 2, 3]


def test_links_of_several_servers_are_refused():
    with pytest.raises(ValueError, match="several servers"):
        read_link("idr://a.org/image/1\nidr://b.org/image/1")


@pytest.mark.parametrize(
    "text", ["", "CDC20", "422", "https://idr.openmicroscopy.org", IDR + "/about/",
             "idr", "well", "C4", "file:///tmp/x.tif", "a-1", "/tmp/plate-1.tif"]
)  # fmt: skip
def test_what_is_no_link_is_left_to_others(text):
    assert read_link(text) is None


def test_a_number_alone_is_an_image_where_that_is_asked_for():
    assert read_link("422", numbers=True).things == (ObjectRef(kind="image", id=422),)


@pytest.mark.parametrize(
    "text",
    [
        "idr://",
        "idr://server",
        "idr://server/image/x",
        "idr://server/image/1/2",
        "idr://user:word@server/image/1",
        "idr:///image/1",
        "idr://[::1/image/1",
        "idr://server/plate/1?field=one",
        "image-0",
        "image-" + "9" * 5000,
        "https://server/webclient/?show=tag-1",
        "idr://server/search?where=Organism",
    ],
)
def test_a_link_that_names_nothing_says_so(text):
    with pytest.raises(ValueError, match=r"\w+ \w+"):
        read_link(text)
    assert is_link(text)


def test_all_kinds_can_be_linked_again():
    for kind in KINDS.values():
        thing = ObjectRef(kind=kind, id=5)
        assert read_link(write_link(IDR, thing)).things == (thing,)


def test_a_layer_links_the_image_it_is_of():
    known = {"server": IDR, "image": {"id": 5}, "plate": {"id": 7, "name": "P"}}

    assert link_of_layer({"idr": known}) == (IDR, ObjectRef(kind="image", id=5))
    assert link_of_layer({"idr": {**known, "image": None}}) == (
        IDR,
        ObjectRef(kind="plate", id=7),
    )
    assert link_of_layer({}) is None
    assert link_of_layer({"idr": {"server": IDR}}) is None
