"""What we believe of servers, held against the IDR, or another by its address."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from napari_idr.api import DEFAULT_URL
from napari_idr.check import BELIEFS, Outcome, hold
from napari_idr.transport import HttpTransport

if TYPE_CHECKING:
    from napari_idr.check import Belief, Verdict

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def verdicts() -> dict[str, Verdict]:
    """All verdicts: each belief is asked for once."""
    address = os.environ.get("NAPARI_IDR_SERVER") or DEFAULT_URL
    transport = HttpTransport(address, connections=1)
    try:
        return {one.belief.name: one for one in hold(transport, address)}
    finally:
        transport.close()


@pytest.mark.parametrize("belief", BELIEFS, ids=lambda belief: belief.name)
def test_it_holds(belief: Belief, verdicts: dict[str, Verdict]):
    verdict = verdicts.get(belief.name)
    if verdict is None:
        pytest.skip(f"believed of {belief.only_at} alone")
    if verdict.outcome is Outcome.CANT:
        pytest.skip(verdict.message)

    assert verdict.outcome is Outcome.HOLDS, f"{verdict.message}: {belief.otherwise}"
