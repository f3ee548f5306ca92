"""Tests that ask the real IDR: only with `-m live`, and then with the network."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def no_network() -> None:
    """Let these tests ask the IDR, which the others may not."""


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Leave these tests out where they weren't asked for."""
    if "live" in config.getoption("markexpr"):
        return
    for item in items:
        if item.get_closest_marker("live") is not None:
            item.add_marker(pytest.mark.skip(reason="asked for with -m live"))
