"""An answer that can't be read is asked for again."""

from __future__ import annotations

import pytest

from napari_idr import CancelToken, IDRClient, ResponseFormatError
from napari_idr.api.cache_rules import KEEP_RULES
from napari_idr.api.json_client import JsonClient
from napari_idr.transport import Response
from napari_idr.transport._cache import CachingTransport
from napari_idr.transport._store import AnswerStore


class Spoiled:
    """Answers with a number where an object is due, and then as it should."""

    asked = 0

    def send(self, request, *, cancel):
        self.asked += 1
        body = b'{"data": 7}' if self.asked == 1 else b'{"data": {"@id": 1}}'
        headers = {"content-type": "application/json"}
        return Response(url="x", status=200, headers=headers, body=body)

    def close(self):
        """Nothing is open."""


def test_a_page_where_data_is_due_is_not_remembered(archive, tmp_path):
    archive.faults.wrong_type(match="api/v0/m/screens/", times=1)
    with IDRClient(archive.url, cache=tmp_path) as client:
        with pytest.raises(ResponseFormatError):
            client.studies()

        assert client.studies()


def test_a_shape_that_isnt_agreed_is_not_remembered(tmp_path):
    inner, store, token = Spoiled(), AnswerStore(tmp_path), CancelToken()
    ask = JsonClient(
        CachingTransport(inner, address="x", store=store, rules=KEEP_RULES)
    )

    def plate_id():
        return ask.read(
            "api/v0/m/plates/1/",
            reader=lambda answer: answer.child("data").get("@id", int),
            cancel=token,
        )

    with pytest.raises(ResponseFormatError):
        plate_id()

    assert (plate_id(), inner.asked) == (1, 2)
    assert (plate_id(), inner.asked) == (1, 2)
    store.close()
