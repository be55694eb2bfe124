"""Webhooks: addresses that a tenant wants its events sent to, and what became of each sending.

Ids, headers and signatures are those of Standard Webhooks (standardwebhooks.com).
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Self

from app.domain.events import Event, EventChannel
from app.domain.times import format_time

MAX_WEBHOOKS = 20
SECRET_PREFIX = "whsec_"  # noqa: S105 - not a secret, only how all begin
OLD_SECRET_FOR = timedelta(hours=24)
"""How long a secret that was replaced still signs beside the new one."""
GIVEN_UP_AFTER = timedelta(days=3)
LOG_KEPT_FOR = timedelta(days=7)
ORDERED_ATTEMPTS = 6
"""After so many failures of one event, later ones of its charge point go by."""
FAILURES_TO_PAUSE = 3
"""So many failures in a row mean that it is not the event: the whole webhook waits."""
_FIRST_PAUSE_S, _LONGEST_PAUSE_S, _LONGEST_PROBE_S = 5.0, 6 * 3600.0, 600.0
_TEST = "test"


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where events go. No `channels` means all. `failing_since`: nothing has come through since then.

    The secrets are kept as they are: they are needed to sign, and stand beside the data that they protect.
    """

    id: str
    tenant_id: str
    url: str
    secret: str = field(repr=False)
    created_at: datetime
    updated_at: datetime
    channels: tuple[EventChannel, ...] = ()
    charge_point_prefix: str = ""
    description: str = ""
    enabled: bool = True
    disabled_reason: str | None = None
    failing_since: datetime | None = None
    old_secret: str | None = field(default=None, repr=False)
    old_secret_until: datetime | None = None

    def wants(self, event: Event) -> bool:
        """Does the filter let this event through?"""
        channel_fits = not self.channels or event.channel in self.channels
        return channel_fits and event.charge_point.charge_point_id.startswith(self.charge_point_prefix)

    def with_secret(self, secret: str, now: datetime) -> Self:
        """A new secret; the present one signs for another day."""
        until = now + OLD_SECRET_FOR
        return replace(self, secret=secret, old_secret=self.secret, old_secret_until=until, updated_at=now)

    def signatures(self, message_id: str, timestamp: int, body: bytes) -> str:
        """The value of `webhook-signature`; two while an old secret is in force."""
        at = datetime.fromtimestamp(timestamp, tz=self.created_at.tzinfo)
        in_force = [self.secret]
        if self.old_secret is not None and self.old_secret_until is not None and at < self.old_secret_until:
            in_force.append(self.old_secret)
        return " ".join(signature(secret, message_id, timestamp, body) for secret in in_force)


class DeliveryStatus(StrEnum):
    """What became of a delivery."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event for one webhook. `position` sorts by the order of events; `body` is sent as it is.

    `response_body` are the first 500 bytes of the last answer, `error` says why there was none.
    """

    id: str
    tenant_id: str
    webhook_id: str
    channel: str
    event_type: str
    event_id: str
    charge_point_id: str
    body: str
    position: str
    created_at: datetime
    next_at: datetime
    give_up_at: datetime
    status: DeliveryStatus = DeliveryStatus.WAITING
    attempts: int = 0
    last_attempt_at: datetime | None = None
    completed_at: datetime | None = None
    response_status: int | None = None
    response_body: str | None = None
    error: str | None = None

    def after(self, attempt: "Attempt", dice: float) -> Self:
        """After an attempt. `dice` is a random number from 0 to 1, for the jitter."""
        tried = replace(
            self,
            attempts=self.attempts + 1,
            last_attempt_at=attempt.at,
            response_status=attempt.response_status,
            response_body=attempt.response_body,
            error=attempt.error,
        )
        if attempt.succeeded:
            return replace(tried, status=DeliveryStatus.DELIVERED, completed_at=attempt.at)
        next_at = attempt.at + timedelta(seconds=pause_s(tried.attempts, dice))
        if next_at > self.give_up_at:
            return replace(tried, status=DeliveryStatus.FAILED, completed_at=attempt.at)
        return replace(tried, next_at=next_at)

    def again(self, now: datetime) -> Self:
        """To be sent once more, with three days to succeed. It keeps its id: receivers know it by that."""
        return replace(
            self,
            status=DeliveryStatus.WAITING,
            attempts=0,
            next_at=now,
            give_up_at=now + GIVEN_UP_AFTER,
            completed_at=None,
        )


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came of sending once: an answer's status, or an `error` in words."""

    at: datetime
    response_status: int | None = None
    response_body: str | None = None
    error: str | None = None

    @property
    def succeeded(self) -> bool:
        """Any 2xx."""
        return self.response_status is not None and 200 <= self.response_status < 300

    @property
    def wants_no_more(self) -> bool:
        """410 Gone: the receiver asks to be forgotten."""
        return self.response_status == 410


def signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """`v1,<base64 of HMAC-SHA256>` over `id.timestamp.body`; `timestamp` in seconds since 1970."""
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def secret_of(random_bytes: bytes) -> str:
    """A secret as Standard Webhooks writes it."""
    return SECRET_PREFIX + base64.b64encode(random_bytes).decode()


def pause_s(failures: int, dice: float) -> float:
    """Seconds until the next attempt: 5, 10, 20 ... up to six hours, each a fifth more or less."""
    whole = min(_FIRST_PAUSE_S * 2.0 ** (min(failures, 30) - 1), _LONGEST_PAUSE_S)
    return whole * (1 + 0.4 * (dice - 0.5))


def probe_pause_s(pauses: int, dice: float) -> float:
    """Seconds that a webhook as a whole waits for the so many-th time; at most ten minutes or so."""
    return min(pause_s(pauses, dice), _LONGEST_PROBE_S * (1 + 0.4 * (dice - 0.5)))


def deliveries_of(
    entry_id: str, events: Sequence[Event], webhooks: Sequence[Webhook], now: datetime
) -> Iterator[Delivery]:
    """What an outbox entry means for these webhooks. The same entry makes the same ids, however often."""
    for number, event in enumerate(events):
        position = f"{entry_id}:{number:05d}"
        for webhook in webhooks:
            if webhook.wants(event):
                about = event.charge_point.charge_point_id
                yield _delivery(webhook, event.channel.value, about, event.body, position, now)


def trial_delivery(webhook: Webhook, name: str, now: datetime) -> Delivery:
    """Something to try a webhook with; `name` is unique."""
    body = {
        "schema_version": 1,
        "event_id": f"test:{name}",
        "event_type": _TEST,
        "timestamp": format_time(now),
        "charge_point_id": None,
        "tenant_id": webhook.tenant_id,
        "data": {"webhook_id": webhook.id},
    }
    return _delivery(webhook, _TEST, "", body, f"{round(now.timestamp() * 1_000_000):016x}-{name}:00000", now)


def _delivery(
    webhook: Webhook,
    channel: str,
    charge_point_id: str,
    body: Mapping[str, Any],
    position: str,
    now: datetime,
) -> Delivery:
    made_from = f"{webhook.tenant_id}/{webhook.id}/{position}".encode()
    return Delivery(
        id="whd-" + hashlib.blake2b(made_from, digest_size=16).hexdigest(),
        tenant_id=webhook.tenant_id,
        webhook_id=webhook.id,
        channel=channel,
        event_type=str(body["event_type"]),
        event_id=str(body["event_id"]),
        charge_point_id=charge_point_id,
        body=json.dumps(body, separators=(",", ":"), ensure_ascii=False),
        position=position,
        created_at=now,
        next_at=now,
        give_up_at=now + GIVEN_UP_AFTER,
    )
