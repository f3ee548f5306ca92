"""What `napari-idr check` believes of servers, held against a real OMERO.web."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from napari_idr.check import Outcome, hold
from napari_idr.transport import HttpTransport

if TYPE_CHECKING:
    from napari_idr import IDRClient


@pytest.mark.parametrize("server", ["real", "proxied_client"])
def test_each_belief_holds_or_is_of_what_the_server_hasnt(
    server: str, request: pytest.FixtureRequest
) -> None:
    client: IDRClient = request.getfixturevalue(server)
    transport = HttpTransport(client.url)

    verdicts = tuple(hold(transport, client.url))
    transport.close()

    differing = {
        one.belief.name: one.message
        for one in verdicts
        if one.outcome not in (Outcome.HOLDS, Outcome.CANT)
    }
    assert differing == {}
    assert sum(one.outcome is Outcome.HOLDS for one in verdicts) >= 25
