from __future__ import annotations

import asyncio

import pytest
from napari_idr.transport._kept import ENTRY_BYTES, Kept


def kept(room: int = 10) -> Kept[bytes]:
    return Kept(len, max_bytes=room * (ENTRY_BYTES + 1))


class Source:
    """Answers with one byte, when it is let; counts how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.stopped = 0
        self.let = asyncio.Event()
        self.failing = False

    async def ask(self) -> bytes:
        self.asked += 1
        try:
            await self.let.wait()
        except asyncio.CancelledError:
            self.stopped += 1
            raise
        if self.failing:
            raise OSError("no")
        return b"1"


async def patiently(task: asyncio.Task[bytes]) -> bytes:
    return await asyncio.shield(task)


def test_what_is_on_its_way_is_asked_for_once_and_kept():
    async def story() -> tuple[list[bytes], int]:
        source, parts = Source(), kept()
        source.let.set()
        found = list(
            await asyncio.gather(
                *(parts.get("a", source.ask, patiently) for _ in range(5))
            )
        )
        found.append(await parts.get("a", source.ask, patiently))
        return found, source.asked

    assert asyncio.run(story()) == ([b"1"] * 6, 1)


def test_the_least_used_go_first():
    async def story() -> int:
        source, parts = Source(), kept(room=2)
        source.let.set()
        for key in ("a", "b", "a", "c", "a", "b"):
            await parts.get(key, source.ask, patiently)
        return source.asked

    assert asyncio.run(story()) == 4


def test_what_is_larger_than_the_room_is_given_and_not_kept():
    async def story() -> tuple[bytes, int]:
        source = Source()
        parts: Kept[bytes] = Kept(len, max_bytes=ENTRY_BYTES)
        source.let.set()
        await parts.get("a", source.ask, patiently)
        return await parts.get("a", source.ask, patiently), source.asked

    assert asyncio.run(story()) == (b"1", 2)


def test_a_failure_reaches_all_who_wait_and_the_next_asks_again():
    async def story() -> tuple[list[type], bytes, int]:
        source, parts = Source(), kept()
        source.let.set()
        source.failing = True
        both = (parts.get("a", source.ask, patiently) for _ in range(2))
        failures = await asyncio.gather(*both, return_exceptions=True)
        source.failing = False
        again = await parts.get("a", source.ask, patiently)
        return [type(one) for one in failures], again, source.asked

    assert asyncio.run(story()) == ([OSError, OSError], b"1", 2)


@pytest.mark.parametrize(("leaving", "stopped"), [(1, 0), (2, 1)])
def test_it_is_stopped_once_nobody_waits_for_it(leaving, stopped):
    async def story() -> int:
        source, parts = Source(), kept()
        waiting = [
            asyncio.ensure_future(parts.get("a", source.ask, patiently))
            for _ in range(2)
        ]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        for one in waiting[:leaving]:
            one.cancel()
        await asyncio.gather(*waiting[:leaving], return_exceptions=True)
        await asyncio.sleep(0)
        so_far = source.stopped
        source.let.set()
        await asyncio.gather(*waiting, return_exceptions=True)
        return so_far

    assert asyncio.run(story()) == stopped
