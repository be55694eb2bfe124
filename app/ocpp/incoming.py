"""A Call on its way through a handler, and readers for what its payload holds."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Any, Protocol

from app.domain.context import CallContext
from app.domain.id_tag import Authorization, is_clean
from app.domain.meter import MeterReading, is_unreadable
from app.domain.times import CLOCKS_STARTED, format_time, parse_time
from app.ocpp.quirks import Quirk
from app.services import Services
from app.services.batch import Batch, BatchNeeds

_MAX_SAMPLES = 200
_MAX_SAMPLE_TEXT = 10_000
_SAMPLE_FIELDS = ("value", "context", "format", "measurand", "phase", "location", "unit")


@dataclass(frozen=True, slots=True)
class Incoming:
    """One validated Call. `index` is its place in the batch, `zone` that of times without an offset."""

    index: int
    context: CallContext
    payload: dict[str, Any]
    zone: tzinfo = UTC
    deviations: list[str] = field(default_factory=list)

    def time(self, name: str = "timestamp") -> datetime:
        """The payload's time of this name; the time of receipt where it is absent, unreadable or from before
        the charge point's clock was set (B38, G14, G15)."""
        return self._time(self.payload.get(name))

    def _time(self, text: Any) -> datetime:
        if text is None:
            return self.context.received_at
        at = parse_time(text, self.zone) if isinstance(text, str) else None
        if at is None:
            self.deviations.append(Quirk.UNREADABLE_TIME)
            return self.context.received_at
        if at < CLOCKS_STARTED:
            self.deviations.append(Quirk.IMPLAUSIBLE_TIME)
            return self.context.received_at
        if not _has_offset(text):
            self.deviations.append(Quirk.TIME_WITHOUT_ZONE)
        return at

    def id_tag(self) -> str | None:
        """As it was presented. That it has to be cleaned for looking it up is noted (G22)."""
        presented: str | None = self.payload.get("idTag")
        if presented is not None and not is_clean(presented):
            self.deviations.append(Quirk.ID_TAG_NOT_CLEAN)
        return presented

    def transaction_id(self, batch: Batch) -> int | None:
        """As it was named. One that is none (G17), or none of this charge point's (G19), is noted."""
        named: int | None = self.payload.get("transactionId")
        if named is None:
            return None
        session = batch.sessions.get(named)
        if named <= 0:
            self.deviations.append(Quirk.NO_TRANSACTION)
        elif session is None or session.charge_point != self.context.charge_point:
            self.deviations.append(Quirk.UNKNOWN_TRANSACTION)
        return named

    def reservation_id(self) -> int | None:
        """0 and -1 mean that there is none (G16)."""
        named: int | None = self.payload.get("reservationId")
        if named is not None and named <= 0:
            self.deviations.append(Quirk.NO_RESERVATION)
            return None
        return named

    def readings(self, name: str) -> tuple[MeterReading, ...]:
        """MeterValues of this list that can be read; the raw frame in the message log keeps the others."""
        items = self.payload.get(name) or []
        found = tuple(self._readings(item for item in items if isinstance(item, dict)))
        if any(is_unreadable(sample) for reading in found for sample in reading.sampled_values):
            self.deviations.append(Quirk.UNREADABLE_VALUE)
        return found

    def _readings(self, items: Iterable[Mapping[str, Any]]) -> Iterable[MeterReading]:
        for item in items:
            samples = item.get("sampledValue")
            kept = (
                [_sample(sample) for sample in samples[:_MAX_SAMPLES] if isinstance(sample, dict)]
                if isinstance(samples, list)
                else []
            )
            if kept:
                yield MeterReading(self._time(item.get("timestamp")), tuple(kept))


def _has_offset(text: str) -> bool:
    """Cheap and good enough for a text that is a time: `Z`, or a sign behind the date."""
    return text.endswith(("Z", "z")) or "+" in text[10:] or "-" in text[10:]


def _sample(sample: Mapping[str, Any]) -> dict[str, str]:
    """The known fields, as texts: what a charge point makes up must not become keys in the store."""
    return {
        name: str(sample[name])[:_MAX_SAMPLE_TEXT]
        for name in _SAMPLE_FIELDS
        if isinstance(sample.get(name), str | int | float)
    }


def id_tag_info(authorization: Authorization) -> dict[str, Any]:
    """IdTagInfo of the wire (B2)."""
    info: dict[str, Any] = {}
    if authorization.expires_at is not None:
        info["expiryDate"] = format_time(authorization.expires_at)
    if authorization.parent_id_tag is not None:
        info["parentIdTag"] = authorization.parent_id_tag
    info["status"] = authorization.status.value
    return info


class Handler(Protocol):
    """An inbound action's module."""

    ACTION: str

    def needs(self, payload: Mapping[str, Any], context: CallContext) -> BatchNeeds:
        """What the call wants read before it is handled."""
        ...

    def handle(self, incoming: Incoming, batch: Batch, services: Services) -> dict[str, Any]:
        """The CallResult's payload. Raises AppError."""
        ...
