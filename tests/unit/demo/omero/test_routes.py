"""The demo's routes answer as real servers do, odd answers included."""

import io
import json

import numpy as np
import pytest
from PIL import Image as Pillow

from napari_idr.demo import Request, Site, answer, default_world, pixels

WORLD = default_world()
CLASSIC = Site(world=WORLD, face="classic")
IDR = Site(world=WORLD, face="idr")
SESSION = {"cookie": "sessionid_demo=1"}


def ask(target, site=CLASSIC, **more):
    path, _, query = target.partition("?")
    return answer(site, Request(path=path, query=query, **more))


def read(target, site=CLASSIC, **more):
    return json.loads(ask(target, site, **more).body)


def picture(given):
    return np.asarray(Pillow.open(io.BytesIO(given.body)))


@pytest.mark.parametrize(
    ("target", "status", "content_type"),
    [
        ("/webgateway/plate/999999/0/", 500, "application/json"),
        ("/webclient/imgData/999999/", 403, "text/html; charset=utf-8"),
        ("/webclient/imgData/abc/", 404, "text/html; charset=utf-8"),
        ("/webclient/imgData/9301/size/", 404, "text/html; charset=utf-8"),
        ("/webclient/get_thumbnails/?id=abc", 500, "application/json"),
        ("/webclient/api/plates/?id=abc", 400, "text/html; charset=utf-8"),
        ("/webclient/api/plates/?id=1&group=9", 403, "text/html; charset=utf-8"),
        ("/webclient/api/annotations/?image=1,2", 500, "text/html; charset=utf-8"),
        ("/webclient/annotation/1/", 404, "text/html; charset=utf-8"),
        ("/api/v0/m/screens/999/", 404, "application/json"),
        ("/api/v0/m/screens/?limit=x", 400, "application/json"),
        ("/webgateway/dataset/9/children/", 500, "text/javascript"),
        (
            "/webgateway/table/Screen/3101/query/?query=*&limit=x",
            500,
            "application/json",
        ),
        ("/mapr/api/nosuch/", 404, "text/html; charset=utf-8"),
        (
            "/searchengine/api/v1/resources/data_sources/",
            404,
            "text/html; charset=utf-8",
        ),
        ("/gallery_settings/", 404, "text/html; charset=utf-8"),
    ],
)
def test_an_odd_question_has_its_odd_answer(target, status, content_type):
    given = ask(target)

    assert (given.status, given.content_type) == (status, content_type)


def test_a_missing_slash_is_redirected_with_its_query():
    given = ask("/mapr/api/gene?value=CDC20")

    assert given.status == 301
    assert given.headers["Location"] == "/mapr/api/gene/?value=CDC20"


def test_a_line_too_long_is_refused():
    ids = "&".join(f"id={n}" for n in range(1_900_001, 1_900_401))

    assert ask(f"/webclient/get_thumbnails/?{ids}").status == 414


def test_only_get_is_public():
    assert ask("/webclient/api/plates/", method="HEAD").status == 302
    assert ask("/webclient/api/plates/", method="POST").status == 403


def test_the_same_screen_comes_once_for_each_value():
    found = read("/mapr/api/gene/?value=CDC20&query=true")

    names = [(row["id"], row["extra"]["value"]) for row in found["screens"]]
    assert (3101, "CDC20") in names
    assert (3101, "CDC20B") in names
    assert all(
        row["name"].endswith(f"({row['extra']['counter']})") for row in found["screens"]
    )


def test_plates_with_hits_count_their_images():
    found = read("/mapr/api/gene/plates/?value=CDC20&id=3101")

    assert {p["id"]: p["childCount"] for p in found["plates"]} == {7101: 12, 7102: 4}


def test_images_with_hits_are_those_of_the_hit_wells():
    found = read("/mapr/api/gene/images/?value=CDC20&node=plate&id=7101")

    wells = {WORLD.places[i["id"]].well.label for i in found["images"]}
    assert wells == {"C4", "C5", "F9"}


def test_lists_are_cut_at_the_page_size_without_a_mark():
    site = Site(world=default_world(page_size=2))

    pages = [read(f"/webclient/api/plates/?id=3101&page={n}", site) for n in (1, 2, 3)]

    assert [len(page["plates"]) for page in pages] == [2, 1, 0]


def test_a_field_of_a_run_counts_from_the_run():
    absolute = read("/webgateway/plate/7102/2/")["grid"]
    of_run = read("/webgateway/plate/7102/0/8552/")["grid"]

    assert absolute[1][2]["id"] == of_run[1][2]["id"]


@pytest.mark.parametrize(
    ("layout", "shape"),
    [("expand", (16, 24)), ("trim", (15, 23)), ("shrink", (14, 22))],
)
def test_a_layout_cuts_the_grid(layout, shape):
    found = read(f"/webgateway/plate/7201/0/?layout={layout}")

    assert (len(found["grid"]), len(found["grid"][0])) == shape
    assert (len(found["rowlabels"]), len(found["collabels"])) == shape


def test_a_plate_without_wells_is_eight_by_twelve_nothings():
    found = read("/webgateway/plate/7103/0/")

    assert found["grid"] == [[None] * 12] * 8
    assert found["image_sizes"] == []


def test_fifty_thumbnails_are_the_most():
    ids = [f"id={n}" for n in range(1_900_001, 1_900_052)]

    given = ask("/webclient/get_thumbnails/?" + "&".join(ids))

    assert (given.status, given.content_type) == (500, "text/javascript")
    assert given.body == b"Max 50 thumbnails at a time."
    assert len(read("/webclient/get_thumbnails/?" + "&".join(ids[:50]))) == 50


def test_a_thumbnail_that_fails_is_null_or_a_png_that_says_jpeg():
    failing = next(i for i in WORLD.images.values() if not i.has_thumbnail)

    many = read(f"/webclient/get_thumbnails/?id={failing.id}&id=1900001")
    single = ask(f"/webclient/render_thumbnail/{failing.id}/")

    assert many[str(failing.id)] is None
    assert many["1900001"].startswith("data:image/jpeg;base64,")
    assert (single.status, single.content_type) == (200, "image/jpeg")
    assert single.body.startswith(b"\x89PNG")


def test_thumbnails_keep_the_aspect():
    assert picture(ask("/webclient/render_thumbnail/1900001/")).shape == (73, 96, 3)


def test_the_configuration_alone_is_left_of_mapr_on_the_idr_face():
    moved = ask("/mapr/api/gene/?value=CDC20", IDR)

    assert (moved.status, moved.headers["Location"]) == (302, "/searchengine/apidocs/")
    assert ask(moved.headers["Location"], IDR).content_type.startswith("text/html")
    assert "gene" in read("/mapr/api/config/", IDR)


def test_rendering_on_the_idr_face_needs_a_session_and_all_words():
    target = "/webgateway/render_image/9203/0/0/"
    words = "?c=1|0:255$FFFFFF&m=g&format=png"

    assert (ask(target + words, IDR).status, ask(target + words, IDR).body) == (
        403,
        b"",
    )
    assert ask(target, IDR, headers=SESSION).status == 400
    given = ask(target + words, IDR, headers=SESSION)
    assert given.content_type == "image/png"
    assert np.array_equal(picture(given)[..., 0], pixels.plane(WORLD.images[9203]))


def test_an_image_without_zarr_is_a_thumbnail_only_on_the_idr_face():
    words = "?c=1|0:255$FFFFFF&m=g"
    rendered = ask(f"/webgateway/render_image/9204/0/0/{words}", IDR, headers=SESSION)

    assert (rendered.status, rendered.body) == (404, b"Cannot find Image:9204")
    assert "size" not in read("/webclient/imgData/9204/", IDR)
    assert "Exception" in read("/webclient/imgData/9204/", IDR)
    assert "error" in read("/iviewer/image_data/9204/", IDR)
    assert ask("/webgateway/render_thumbnail/9204/", IDR).status == 200
    assert ask("/webgateway/render_thumbnail/9204/64/", IDR).status == 404
    assert read("/api/v0/m/images/9204/", IDR)["data"]["Pixels"]["SizeC"] == 2


def test_external_info_names_the_zarr_on_the_idr_face_only():
    info = read("/api/v0/m/images/9101/", IDR)["data"]["omero:details"]["externalInfo"]

    assert info["Lsid"] == "http://127.0.0.1/zarr/v0.5/9101.zarr"
    classic = read("/api/v0/m/images/9101/")["data"]["omero:details"]
    assert "externalInfo" not in classic


def test_a_tile_at_the_edge_is_smaller():
    given = ask("/webgateway/render_image_region/9301/0/0/?tile=9,0,0,512,512")

    assert picture(given).shape == (156, 195, 3)


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("9301/0/0/?tile=10,0,0", 400),
        ("9301/0/0/?tile=a,0,0", 400),
        ("9301/0/0/?region=1,2", 400),
        ("9301/0/0/", 400),
        ("1900001/0/0/?tile=1,0,0", 400),
        ("9301/0/0/?tile=9,50,50", 404),
        ("1/0/0/?region=0,0,9,9", 404),
        ("9301/0/0/?region=0,0,9,9&q=2", 500),
    ],
)
def test_a_wrong_tile_is_refused(target, status):
    assert ask(f"/webgateway/render_image_region/{target}").status == status


def test_the_whole_plane_of_a_pyramid_is_not_drawn():
    assert ask("/webgateway/render_image/9301/0/0/").status == 404


def test_intensities_are_true_values():
    found = read("/iviewer/get_intensity/?image=9101&x=40&y=30&z=2&t=3&c=0,2")

    plane = pixels.plane(WORLD.images[9101], c=2, z=2, t=3)
    assert found["count"] == 51 * 51
    assert found["pixels"]["40-30"]["2"] == plane[30, 40]


def test_annotations_keep_the_order_of_repeated_keys():
    found = read("/webclient/api/annotations/?type=map&image=1900013")

    (sirna,) = [a for a in found["annotations"] if a["ns"].endswith("sirna")]
    assert [key for key, _ in sirna["values"]].count("siRNA Identifier") == 2
    assert sirna["values"][-1] == ["siRNA Pool Identifier", ""]


def test_parents_bring_the_annotations_above():
    found = read("/webclient/api/annotations/?type=map&image=1900001&parents=true")

    classes = {a["link"]["parent"]["class"] for a in found["parents"]["annotations"]}
    assert classes == {"WellI", "ScreenI"}
    assert found["parents"]["lineage"]["PlateI"]["7101"][0]["id"] == 1900001


def test_a_table_is_asked_by_plate_by_well_and_by_condition():
    base = "/webgateway/table/Screen.plateLinks.child"

    plate = read(f"{base}/7101/query/?query=Plate-7101")
    well = read(f"{base}.wells/600001/query/?query=Well-600001&col_names=Well")
    part = read(f"{base}/7101/query/?query=(Well>=600003)%26(Well<600006)")
    wrong = read(f"{base}/7101/query/?query=Nosuch-1")

    assert plate["meta"]["totalCount"] == 96
    assert well["data"]["rows"] == [[600001]]
    assert part["meta"]["totalCount"] == 3
    assert wrong == {"error": "Error executing query: (Nosuch==1)"}


def test_all_rois_of_an_image_come_in_pages_of_a_thousand():
    first = read("/iviewer/rois_by_plane/9208/0/0/")

    assert len(first["data"]) == 1000
    assert first["meta"]["totalCount"] > 4000
    assert len(read("/webgateway/get_rois_json/9208/")) == first["meta"]["totalCount"]


def test_an_unnamed_run_is_listed_by_its_times():
    found = read("/webclient/api/plate_acquisitions/?id=7102")["acquisitions"]

    assert [run["name"] for run in found] == [
        "Run A",
        "2016-05-18 16:46:40 - 2016-05-18 17:46:40",
    ]


def test_a_page_of_the_api_is_cut_to_a_thousand_wells():
    found = read("/api/v0/m/plates/7301/wells/?limit=5000")

    assert len(found["data"]) == 1000
    assert found["meta"] == {
        "offset": 0, "limit": 1000, "maxLimit": 1000, "totalCount": 1536,
    }  # fmt: skip
