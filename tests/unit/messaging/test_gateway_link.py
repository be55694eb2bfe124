"""The gateways' streams: what goes in comes out, and what may fail quietly does."""

from typing import Any

import pytest
import redis
from hypothesis import given
from hypothesis import strategies as st

from app.domain.context import ChargePointRef
from app.domain.errors import Retryable
from app.domain.times import from_epoch_ms
from app.messaging.gateway_link import BatchReplies, CloseReplaced, RedisGatewayLink, decode
from app.messaging.redis_client import RedisGuard
from app.services.ports import CommandDelivery
from tests.builders import NOON, REF

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
NUMBER = st.integers(0, 2**53)
REFS = st.builds(ChargePointRef, TEXT, TEXT)
PAYLOADS = st.dictionaries(TEXT, TEXT | NUMBER | st.booleans() | st.lists(NUMBER, max_size=3), max_size=3)
DELIVERIES = st.builds(
    CommandDelivery,
    REFS,
    NUMBER,
    TEXT,
    TEXT,
    PAYLOADS,
    st.integers(0, 4_000_000_000_000).map(from_epoch_ms),
    st.floats(0.1, 600),
)


class FakeRedis:
    """Keeps what is added; fails when told to."""

    def __init__(self) -> None:
        self.added: list[tuple[str, bytes, dict[str, Any]]] = []
        self.failure: Exception | None = None
        self.streams_exist = True

    def xadd(self, key: str, fields: dict[str, bytes], **options: Any) -> str | None:
        self._check()
        if not self.streams_exist:
            return None  # as Redis does with NOMKSTREAM
        self.added.append((key, fields["d"], options))
        return "1-0"

    def zadd(self, *_: Any) -> None:
        self._check()

    def _check(self) -> None:
        if self.failure is not None:
            raise self.failure


def linked() -> tuple[FakeRedis, RedisGatewayLink]:
    client: Any = FakeRedis()
    return client, RedisGatewayLink(RedisGuard(client))


@given(DELIVERIES)
def test_a_command_comes_out_as_it_went_in(delivery: CommandDelivery) -> None:
    client, link = linked()
    link.deliver("gw-1", delivery)
    ((key, text, _),) = client.added
    assert key == "ocpp:gw:gw-1"
    assert decode(text) == delivery


def test_a_gateway_that_is_gone_takes_no_command() -> None:
    """Nobody reads what is written for it, so that it was delivered must not be believed."""
    client, link = linked()
    client.streams_exist = False
    with pytest.raises(Retryable, match="nobody reads"):
        link.deliver("gw-1", CommandDelivery(ChargePointRef("t", "CP-1"), 1, "c", "Reset", {}, NOON, 30.0))


@given(NUMBER, st.lists(st.tuples(TEXT, NUMBER, TEXT, st.none() | TEXT).map(list), max_size=3))
def test_replies_come_out_as_they_went_in(batch_id: int, replies: list[list[Any]]) -> None:
    client, link = linked()
    link.reply("gw-1", batch_id, replies)
    assert decode(client.added[0][1]) == BatchReplies(batch_id, tuple(replies))


@given(REFS, NUMBER)
def test_an_order_to_close_comes_out_as_it_went_in(ref: ChargePointRef, epoch: int) -> None:
    client, link = linked()
    link.close_replaced("gw-1", ref, epoch)
    assert decode(client.added[0][1]) == CloseReplaced(ref, epoch)


def test_nobody_writes_to_a_stream_that_is_gone_or_grows_it_without_end() -> None:
    client, link = linked()
    link.reply("gw-1", 1, [])
    options = client.added[0][2]
    assert options["nomkstream"] is True
    assert options["maxlen"] <= 10_000


def test_a_link_that_is_down_is_told_to_who_delivers_and_not_to_who_only_wakes() -> None:
    client, link = linked()
    client.failure = redis.ConnectionError("gone")
    delivery = CommandDelivery(REF, 1, "cmd-1", "Reset", {}, NOON, 30.0)
    with pytest.raises(Retryable):
        link.deliver("gw-1", delivery)
    link.close_replaced("gw-1", REF, 1)
    link.wake_relay("acme")
