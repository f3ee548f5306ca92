"""The demo archive's answers have the shape of a real OMERO.web's.

The real ones were recorded from the same questions about another world; they lie
beside the repository, and without them these tests skip.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from napari_idr.demo import Request, Site, answer, default_world

RECORDED = Path(__file__).parents[5] / "shared" / "omeroweb" / "answers"

SITE = Site(world=default_world(), face="classic")

SAME_QUESTIONS = {
    "001-mapr-gene": "/mapr/api/gene/?value=CDC20",
    "006-mapr-gene-orphaned": "/mapr/api/gene/?value=CDC20&orphaned=true",
    "010-mapr-gene-none": "/mapr/api/gene/?value=NOSUCH",
    "017-mapr-gene-count": "/mapr/api/gene/count/?value=CDC20",
    "018-mapr-organism-count": "/mapr/api/organism/count/",
    "019-mapr-organism": "/mapr/api/organism/",
    "027-mapr-plates": "/mapr/api/gene/plates/?value=CDC20&id=3101",
    "032-mapr-datasets": "/mapr/api/gene/datasets/?value=CDC20&id=3101",
    "034-mapr-images-xyz-date": (
        "/mapr/api/gene/images/?value=CDC20&node=plate&id=7101"
        "&sizeXYZ=true&date=true&limit=3"
    ),
    "038-mapr-annotations": "/mapr/api/gene/annotations/?map=CDC20",
    "040-mapr-paths-screen": (
        "/mapr/api/gene/paths_to_object/?map.value=CDC20&screen=3101"
    ),
    "042-mapr-autocomplete": "/mapr/api/autocomplete/gene/?value=cdc",
    "047-mapr-config": "/mapr/api/config/",
    "049-plates": "/webclient/api/plates/?id=3101",
    "053-plates-badid": "/webclient/api/plates/?id=abc",
    "057-datasets": "/webclient/api/datasets/?id=3101",
    "059-acquisitions": "/webclient/api/plate_acquisitions/?id=7102",
    "060-paths-image": "/webclient/api/paths_to_object/?image=1900001",
    "062-paths-none": "/webclient/api/paths_to_object/?image=999999",
    "063-grid-96-f0": "/webgateway/plate/7101/0/",
    "068-grid-384-missing": "/webgateway/plate/7201/0/",
    "071-grid-runs": "/webgateway/plate/7102/0/",
    "076-grid-empty-plate": "/webgateway/plate/7103/0/",
    "077-grid-none": "/webgateway/plate/999999/0/",
    "091-thumbs-one": "/webclient/get_thumbnails/?id=1900001",
    "094-thumbs-noid": "/webclient/get_thumbnails/",
    "095-thumbs-badid": "/webclient/get_thumbnails/?id=abc",
    "098-thumb-json": "/webclient/get_thumbnail/1900001/",
    "099-imgdata-hcs": "/webclient/imgData/1900001/",
    "103-imgdata-rgb": "/webclient/imgData/9201/",
    "104-imgdata-pyramid": "/webclient/imgData/9301/",
    "105-imgdata-float": "/webclient/imgData/9202/",
    "110-imgdata-key-none": "/webgateway/imgData/9301/nosuch/",
    "111-imgdata-none": "/webclient/imgData/999999/",
    "115-ann-map-screen": "/webclient/api/annotations/?type=map&screen=3101",
    "118-ann-map-image": "/webclient/api/annotations/?type=map&image=1900001",
    "125-ann-file-screen": "/webclient/api/annotations/?type=file&screen=3101",
    "128-ann-tag": "/webclient/api/annotations/?type=tag&screen=3101",
    "132-ann-none": "/webclient/api/annotations/?type=map&screen=999999",
    "144-table-well": (
        "/webgateway/table/Screen.plateLinks.child.wells/600001/query/"
        "?query=Well-600001"
    ),
    "147-table-well-noquery": (
        "/webgateway/table/Screen.plateLinks.child.wells/600001/query/"
    ),
    "148-table-well-none": (
        "/webgateway/table/Screen.plateLinks.child.wells/9/query/?query=Well-9"
    ),
    "149-table-badcolumn": (
        "/webgateway/table/Screen.plateLinks.child.wells/600001/query/?query=Nosuch-1"
    ),
    "155-table-fileid": "/webgateway/table/41001/query/?query=*&limit=1",
    "156-table-fileid-none": "/webgateway/table/77/query/?query=*",
    "158-bulk-annotations": (
        "/webgateway/annotations/Screen.plateLinks.child.wells/600001/"
    ),
    "186-api": "/api/",
    "189-api-screens-count-page": "/api/v0/m/screens/?childCount=true&limit=1",
    "190-api-screen": "/api/v0/m/screens/3101/",
    "191-api-screen-none": "/api/v0/m/screens/999/",
    "192-api-badlimit": "/api/v0/m/screens/?limit=abc",
    "198-api-plate": "/api/v0/m/plates/7101/",
    "199-api-plate-runs": "/api/v0/m/plates/7102/plateacquisitions/",
    "200-api-plate-wells": "/api/v0/m/plates/7101/wells/?limit=2",
    "202-api-well": "/api/v0/m/wells/600001/",
    "203-api-image": "/api/v0/m/images/9101/",
    "204-api-image-none": "/api/v0/m/images/999999/",
    "205-api-image-rois": "/api/v0/m/images/9101/rois/",
    "206-api-servers": "/api/v0/servers/",
    "207-rois": "/webgateway/get_rois_json/9101/",
    "210-well-children": "/webgateway/well/600001/children/",
    "211-dataset-children": "/webgateway/dataset/8102/children/",
    "212-dataset-children-none": "/webgateway/dataset/999/children/",
}
"""A recorded question, and the same one about the demo's world."""

PERSONAL = {"Email"}
"""What only the other world tells."""

FREE = {
    "Description",
    "FillColor",
    "StrokeColor",
    "Text",
    "TheZ",
    "TheT",
    "user_metadata",
}
"""What one object has and another one has not."""


def merged(values: list[Any]) -> Any:
    """Return one value with all keys that any of the values has."""
    dicts = [v for v in values if isinstance(v, dict)]
    if not dicts:
        return values[0] if values else None
    keys = dict.fromkeys(key for one in dicts for key in one)
    return {key: merged([one[key] for one in dicts if key in one]) for key in keys}


def differences(real: Any, demo: Any, at: str = "$") -> list[str]:
    """Return where the demo lacks a key or has a value of another type."""
    if real is None or demo is None:
        return []
    if isinstance(real, dict) and isinstance(demo, dict):
        found = []
        for key, value in real.items():
            if key in PERSONAL | FREE or key.isdigit():
                continue
            if key not in demo:
                found.append(f"{at}.{key} is missing")
            else:
                found += differences(value, demo[key], f"{at}.{key}")
        return found
    if isinstance(real, list) and isinstance(demo, list):
        if not real or not demo:
            return []
        return differences(merged(real), merged(demo), f"{at}[]")
    numbers = (int, float)
    if isinstance(real, numbers) and isinstance(demo, numbers):
        return [] if isinstance(real, bool) == isinstance(demo, bool) else [at]
    return [] if type(real) is type(demo) else [f"{at}: {real!r} is not {demo!r}"]


@pytest.mark.skipif(not RECORDED.is_dir(), reason="no recorded answers beside us")
@pytest.mark.parametrize(("name", "target"), SAME_QUESTIONS.items())
def test_the_same_question_has_an_answer_of_the_same_shape(name, target):
    real = json.loads((RECORDED / f"{name}.json").read_text())
    path, _, query = target.partition("?")

    given = answer(SITE, Request(path=path, query=query))

    assert given.status == real["status"]
    assert given.content_type == real["content_type"]
    if "json" in real:
        assert differences(real["json"], json.loads(given.body)) == []
    elif len(real.get("text", "")) < 100:
        assert given.body.decode() == real.get("text", "")
