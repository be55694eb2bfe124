"""Between gateways and everybody else: one Redis stream per gateway process, and its signs of life.

A stream belongs to one incarnation of a gateway and ends with it: replies for dead sockets reach nobody.
"""

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import structlog

from app.domain.context import ChargePointRef
from app.domain.errors import Retryable
from app.domain.times import from_epoch_ms, to_epoch_ms
from app.messaging.redis_client import KEY_PREFIX, RedisGuard
from app.services.ports import CommandDelivery

log = structlog.stdlib.get_logger(__name__)
ALIVE_S = 12
"""A gateway without a sign of life for this long counts as dead."""

STREAM_S = 120
_MAX_STREAM_LENGTH = 10_000
_KNOWN_GATEWAYS = f"{KEY_PREFIX}gateways"
_WAKE = f"{KEY_PREFIX}outbox:wake"
_WAKE_WEBHOOKS = f"{KEY_PREFIX}webhooks:wake"


@dataclass(frozen=True, slots=True)
class BatchReplies:
    """Answers to one batch, each as its maker wrote it; the batch is over with it."""

    batch_id: int
    replies: tuple[list[Any], ...]


@dataclass(frozen=True, slots=True)
class CloseReplaced:
    """Connections of this charge point older than `epoch` are to be closed."""

    charge_point: ChargePointRef
    epoch: int


Downlink = BatchReplies | CommandDelivery | CloseReplaced


def stream_key(gateway_id: str) -> str:
    """The gateway's stream."""
    return f"{KEY_PREFIX}gw:{gateway_id}"


def alive_key(gateway_id: str) -> str:
    """Exists while the gateway lives."""
    return f"{KEY_PREFIX}alive:{gateway_id}"


def decode(text: str | bytes) -> Downlink:
    """What a stream entry says."""
    kind, body = orjson.loads(text)
    if kind == "replies":
        return BatchReplies(body[0], tuple(body[1]))
    ref = ChargePointRef(body[0], body[1])
    if kind == "close":
        return CloseReplaced(ref, body[2])
    return CommandDelivery(ref, body[2], body[3], body[4], body[5], from_epoch_ms(body[6]), body[7])


class RedisGatewayLink:
    """Port `GatewayLink`, and the workers' way to reply."""

    def __init__(self, guard: RedisGuard) -> None:
        self._guard = guard

    def reply(self, gateway_id: str, batch_id: int, replies: Sequence[list[Any]]) -> None:
        """Send a batch's answers in one entry. Raises Retryable."""
        self._send(gateway_id, "replies", [batch_id, list(replies)])

    def deliver(self, gateway_id: str, delivery: CommandDelivery) -> None:
        """Hand a command to the gateway that holds the connection. Raises Retryable, also if it is gone."""
        ref = delivery.charge_point
        self._send(
            gateway_id,
            "command",
            [
                ref.tenant_id,
                ref.charge_point_id,
                delivery.epoch,
                delivery.command_id,
                delivery.action,
                delivery.payload,
                to_epoch_ms(delivery.expires_at),
                delivery.timeout_s,
            ],
        )

    def close_replaced(self, gateway_id: str, ref: ChargePointRef, epoch: int) -> None:
        """Never raises: the fence holds without it, the old socket only lingers until its ping fails."""
        try:
            self._send(gateway_id, "close", [ref.tenant_id, ref.charge_point_id, epoch])
        except Retryable as failure:
            log.warning("replaced_connection_not_closed", gateway_id=gateway_id, reason=failure.message)

    def _send(self, gateway_id: str, kind: str, body: list[Any]) -> None:
        entry: dict[Any, Any] = {"d": orjson.dumps([kind, body])}
        with self._guard.calling() as client:
            written = client.xadd(
                stream_key(gateway_id), entry, maxlen=_MAX_STREAM_LENGTH, approximate=True, nomkstream=True
            )
        if written is None:
            raise Retryable(f"Redis: nobody reads for the gateway '{gateway_id}'")

    def live_gateways(self) -> frozenset[str]:
        """Those with a sign of life."""
        return frozenset(gateway_id for gateway_id, alive in self._gateways() if alive is not None)

    def dead_gateways(self) -> frozenset[str]:
        """Known, without a sign of life."""
        return frozenset(gateway_id for gateway_id, alive in self._gateways() if alive is None)

    def connected_elsewhere(self, gateway_id: str) -> Counter[str]:
        """Charge points connected to the other living gateways, by tenant, as these told last. Raises
        Retryable."""
        counts: Counter[str] = Counter()
        for other, sign in self._gateways():
            if sign is not None and other != gateway_id:
                counts.update(orjson.loads(sign))
        return counts

    def _gateways(self) -> Iterator[tuple[str, str | None]]:
        """Known ones, each with its sign of life."""
        with self._guard.calling() as client:
            known = sorted(str(member) for member in client.smembers(_KNOWN_GATEWAYS))
            signs: Any = client.mget([alive_key(gateway_id) for gateway_id in known]) if known else []
        return zip(known, signs, strict=True)

    def forget_gateway(self, gateway_id: str) -> None:
        """Its connections are closed in the store."""
        with self._guard.calling() as client:
            client.srem(_KNOWN_GATEWAYS, gateway_id)

    def announce(self, gateway_id: str, connected: Mapping[str, int] | None = None) -> None:
        """A gateway's sign of life, with how many charge points of each tenant are connected to it; it also
        creates the gateway's stream. Raises Retryable."""
        sign = orjson.dumps(dict(connected or {}))
        with self._guard.calling() as client:
            pipeline = client.pipeline(transaction=False)
            pipeline.set(alive_key(gateway_id), sign, ex=ALIVE_S)
            pipeline.sadd(_KNOWN_GATEWAYS, gateway_id)
            pipeline.expire(stream_key(gateway_id), STREAM_S)
            if not pipeline.execute()[2]:
                client.xadd(stream_key(gateway_id), {"d": orjson.dumps(["replies", [0, []]])})
                client.expire(stream_key(gateway_id), STREAM_S)

    def withdraw(self, gateway_id: str) -> None:
        """The gateway ends: nobody shall write to it any more. Raises Retryable."""
        with self._guard.calling() as client:
            client.delete(alive_key(gateway_id), stream_key(gateway_id))

    def wake_relay(self, tenant_id: str) -> None:
        """Never raises: the relay also looks by itself, only later."""
        self._wake(_WAKE, tenant_id)

    def wait_for_wake(self, timeout_s: float) -> str | None:
        """A tenant with something in its outbox, or None after `timeout_s` (under 1). Raises Retryable."""
        return self._wait_for_wake(_WAKE, timeout_s)

    def wake_webhooks(self, tenant_id: str) -> None:
        """Never raises: the sender also looks by itself, only later."""
        self._wake(_WAKE_WEBHOOKS, tenant_id)

    def wait_for_webhooks(self, timeout_s: float) -> str | None:
        """A tenant with deliveries to be sent, or None after `timeout_s` (under 1). Raises Retryable."""
        return self._wait_for_wake(_WAKE_WEBHOOKS, timeout_s)

    def _wake(self, key: str, tenant_id: str) -> None:
        try:
            with self._guard.calling() as client:
                client.zadd(key, {tenant_id: time.time()}, nx=True)  # who has waited longest comes first
        except Retryable as failure:
            log.debug("not_woken", key=key, tenant_id=tenant_id, reason=failure.message)

    def _wait_for_wake(self, key: str, timeout_s: float) -> str | None:
        with self._guard.calling() as client:
            woken = client.bzpopmin([key], timeout=timeout_s)
        return str(woken[1]) if woken else None
