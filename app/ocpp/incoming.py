"""A Call on its way through a handler, and readers for what its payload holds."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from app.domain.context import CallContext
from app.domain.id_tag import Authorization
from app.domain.meter import MeterReading
from app.domain.times import format_time, parse_time
from app.services import Services
from app.services.batch import Batch, BatchNeeds

_MAX_SAMPLES = 200
_MAX_SAMPLE_TEXT = 10_000
_SAMPLE_FIELDS = ("value", "context", "format", "measurand", "phase", "location", "unit")


@dataclass(frozen=True, slots=True)
class Incoming:
    """One validated Call. `index` is its place in the batch."""

    index: int
    context: CallContext
    payload: dict[str, Any]
    deviations: list[str] = field(default_factory=list)

    def time(self, name: str = "timestamp") -> datetime:
        """The payload's time of this name; the time of receipt where that is absent or unreadable (B38)."""
        text = self.payload.get(name)
        at = parse_time(text) if isinstance(text, str) else None
        if at is None:
            if text is not None:
                self.deviations.append(f"timestamp:{name}")
            return self.context.received_at
        return at

    def readings(self, name: str) -> tuple[MeterReading, ...]:
        """MeterValues of this list that can be read; the raw frame in the message log keeps the others."""
        items = self.payload.get(name) or []
        return tuple(self._readings(item for item in items if isinstance(item, dict)))

    def _readings(self, items: Iterable[Mapping[str, Any]]) -> Iterable[MeterReading]:
        for item in items:
            text = item.get("timestamp")
            at = parse_time(text) if isinstance(text, str) else None
            samples = item.get("sampledValue")
            kept = (
                [_sample(sample) for sample in samples[:_MAX_SAMPLES] if isinstance(sample, dict)]
                if isinstance(samples, list)
                else []
            )
            if kept:
                yield MeterReading(at or self.context.received_at, tuple(kept))


def _sample(sample: Mapping[str, Any]) -> dict[str, str]:
    """The known fields, as texts: what a charge point makes up must not become keys in the store."""
    return {
        name: str(sample[name])[:_MAX_SAMPLE_TEXT]
        for name in _SAMPLE_FIELDS
        if isinstance(sample.get(name), str | int | float)
    }


def id_tag_info(authorization: Authorization) -> dict[str, Any]:
    """IdTagInfo of the wire (B2)."""
    info: dict[str, Any] = {"status": authorization.status.value}
    if authorization.expires_at is not None:
        info["expiryDate"] = format_time(authorization.expires_at)
    if authorization.parent_id_tag is not None:
        info["parentIdTag"] = authorization.parent_id_tag
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
