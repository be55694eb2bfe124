"""The configuration mirror: what charge points said of their keys, kept for REST and for checks (C5)."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Protocol

from app.domain.configuration import ConfigurationKey, ConfigurationMirror
from app.domain.context import ChargePointRef
from app.services.ports import Clock

_NOT_KEPT = "authorizationkey"  # what a charge point answers for it means nothing, and is nobody's business


class ConfigurationRepository(Protocol):
    """Mirrors of a tenant's charge points."""

    def find(self, ref: ChargePointRef) -> ConfigurationMirror:
        """An empty mirror for a charge point of which nothing is known."""
        ...

    def put(self, ref: ChargePointRef, keys: Iterable[ConfigurationKey], unknown: Iterable[str]) -> None:
        """Keep these keys, and that those are unknown to the charge point."""
        ...


class ConfigurationService:
    """Use cases of the mirror."""

    def __init__(self, mirrors: ConfigurationRepository, clock: Clock) -> None:
        self._mirrors = mirrors
        self._clock = clock

    def mirror(self, ref: ChargePointRef) -> ConfigurationMirror:
        """What is known; may be empty."""
        return self._mirrors.find(ref)

    def note_reported(
        self, ref: ChargePointRef, keys: Iterable[Mapping[str, Any]], unknown: Iterable[str]
    ) -> None:
        """A charge point listed keys: `key`, `readonly`, `value`, each in whatever type it likes (G26)."""
        now = self._clock.now()
        reported = (_key_of(item, now) for item in keys if item.get("key"))
        self._mirrors.put(ref, [key for key in reported if key.key.casefold() != _NOT_KEPT], unknown)

    def note_changed(self, ref: ChargePointRef, key: str, value: str, *, reboot_required: bool) -> None:
        """A charge point took a new value."""
        if key.casefold() == _NOT_KEPT:
            return
        known = self._mirrors.find(ref).find(key)
        now = self._clock.now()
        changed = replace(
            known or ConfigurationKey(key, None, False, now),
            value=value,
            reported_at=now,
            reboot_required=reboot_required,
        )
        self._mirrors.put(ref, [changed], ())

    def note_unknown(self, ref: ChargePointRef, key: str) -> None:
        """A charge point does not know this key."""
        self._mirrors.put(ref, (), [key])


def _key_of(item: Mapping[str, Any], now: Any) -> ConfigurationKey:
    value, readonly = item.get("value"), item.get("readonly")
    return ConfigurationKey(
        str(item["key"])[:255],
        None if value is None else _text_of(value)[:5000],
        readonly if isinstance(readonly, bool) else str(readonly).casefold() in ("1", "true"),
        now,
    )


def _text_of(value: Any) -> str:
    """Numbers and booleans as OCPP spells them."""
    return str(value).lower() if isinstance(value, bool) else str(value)
