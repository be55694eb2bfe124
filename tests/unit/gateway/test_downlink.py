"""Reading the gateway's stream: every entry once, whatever shape the client gives it in."""

import asyncio
from typing import Any

import orjson
import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from app.messaging.gateway_link import BatchReplies, Downlink
from gateway import downlink
from gateway.downlink import DownlinkReader, _entries

ENTRY = (b"1-0", {b"d": b"x"})


@pytest.mark.parametrize(
    "found",
    [
        [[b"ocpp:gw:1", [ENTRY]]],
        [(b"ocpp:gw:1", [ENTRY])],
        {b"ocpp:gw:1": [ENTRY]},
        {b"ocpp:gw:1": [[ENTRY]]},
    ],
)
def test_both_shapes_of_the_client_hold_the_same_entries(found: object) -> None:
    assert _entries(found) == [ENTRY]


@pytest.mark.parametrize("found", [None, [], {}])
def test_nothing_found_is_nothing(found: object) -> None:
    assert _entries(found) == []


class FakeRedis:
    """Gives what a test put in, one after the other; an exception is raised."""

    def __init__(self) -> None:
        self.results: asyncio.Queue[Any] = asyncio.Queue()
        self.asked: list[bytes] = []
        self.deleted: asyncio.Queue[bytes] = asyncio.Queue()
        self.is_down = False

    async def xread(self, streams: dict[str, bytes], **_: Any) -> Any:
        self.asked.extend(streams.values())
        result = await self.results.get()
        if isinstance(result, Exception):
            raise result
        return result

    async def xdel(self, _: str, *entry_ids: bytes) -> None:
        if self.is_down:
            self.is_down = False
            raise RedisConnectionError("gone")
        for entry_id in entry_ids:
            self.deleted.put_nowait(entry_id)


def entry(number: int, body: object) -> Any:
    return [[b"stream", [(f"{number}-0".encode(), {b"d": orjson.dumps(body)})]]]


@pytest.mark.asyncio
async def test_reading_resumes_where_it_stopped_and_outlives_what_it_cannot_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    taken: asyncio.Queue[Downlink] = asyncio.Queue()
    restored: list[int] = []
    reader = DownlinkReader(
        "redis://127.0.0.1:1/0", "gw-1", taken.put_nowait, lambda: restored.append(taken.qsize())
    )
    fake = FakeRedis()
    monkeypatch.setattr(reader, "_redis", fake)
    monkeypatch.setattr(downlink, "_PAUSE_S", 0)
    for result in (
        entry(1, ["replies", [1, []]]),
        RedisConnectionError("gone"),
        entry(2, ["nonsense"]),
        entry(3, ["command", []]),
        None,
        entry(4, ["replies", [2, []]]),
    ):
        fake.results.put_nowait(result)
    running = asyncio.get_running_loop().create_task(reader.run())
    try:
        async with asyncio.timeout(5):
            assert [await taken.get(), await taken.get()] == [BatchReplies(1, ()), BatchReplies(2, ())]
    finally:
        running.cancel()
    assert len(restored) == 1
    assert fake.asked[:6] == [b"0", b"1-0", b"1-0", b"2-0", b"3-0", b"3-0"]


@pytest.mark.asyncio
async def test_nothing_stays_in_the_stream_once_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """There may be a charge point's new key in it (E7). What could not be deleted is the next time."""
    taken: asyncio.Queue[Downlink] = asyncio.Queue()
    reader = DownlinkReader("redis://127.0.0.1:1/0", "gw-1", taken.put_nowait)
    fake = FakeRedis()
    fake.is_down = True
    monkeypatch.setattr(reader, "_redis", fake)

    def command(key: str) -> list[Any]:
        return ["command", ["t", "CP-1", 1, "c", "ChangeConfiguration", {"key": key, "value": "7"}, 0, 30]]

    for number, key in enumerate(["BlinkRepeat", "AuthorizationKey", "LightIntensity"], start=1):
        fake.results.put_nowait(entry(number, command(key)))
    running = asyncio.get_running_loop().create_task(reader.run())
    try:
        async with asyncio.timeout(5):
            for _ in range(3):
                await taken.get()
            assert [await fake.deleted.get() for _ in range(3)] == [b"1-0", b"2-0", b"3-0"]
    finally:
        running.cancel()
