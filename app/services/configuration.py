"""The configuration mirror: what charge points said of their keys, kept for REST and for checks (C5)."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol

from app.domain.configuration import ConfigurationKey, ConfigurationMirror, Refusal
from app.domain.configuration_keys import is_secret
from app.domain.context import ChargePointRef
from app.services.ports import Clock

_MAX_NAME = 255
_MAX_VALUE = 2500  # five times what OCPP allows (G10); a thousand of these still fit into one document


class ConfigurationRepository(Protocol):
    """Mirrors of a tenant's charge points."""

    def find(self, ref: ChargePointRef) -> ConfigurationMirror:
        """An empty mirror for a charge point of which nothing is known."""
        ...

    def save(self, mirror: ConfigurationMirror) -> None:
        """The whole mirror anew; of two at once the later wins."""
        ...

    def delete(self, ref: ChargePointRef) -> None:
        """Forget all of it."""
        ...


class ConfigurationService:
    """Use cases of the mirror. The value of `AuthorizationKey` is never kept (A01.FR.08)."""

    def __init__(self, mirrors: ConfigurationRepository, clock: Clock) -> None:
        self._mirrors = mirrors
        self._clock = clock

    def mirror(self, ref: ChargePointRef) -> ConfigurationMirror:
        """What is known; may be empty."""
        return self._mirrors.find(ref)

    def note_reported(
        self,
        ref: ChargePointRef,
        keys: Iterable[Mapping[str, Any]],
        unknown: Iterable[str],
        *,
        everything: bool = False,
    ) -> None:
        """A charge point listed keys: `key`, `readonly`, `value`, each in whatever type it likes (G26).

        `everything`: it was asked for all it has.
        """
        now = self._clock.now()
        reported = [_key_of(item, now) for item in keys if item.get("key")]
        mirror = self._mirrors.find(ref).with_unknown(name[:_MAX_NAME] for name in unknown)
        mirror = mirror.with_contradictions(reported, now)
        mirror = mirror.with_keys(key for key in reported if not is_secret(key.key))
        self._mirrors.save(replace(mirror, read_at=now) if everything and reported else mirror)

    def note_changed(self, ref: ChargePointRef, key: str, value: str, *, reboot_required: bool) -> None:
        """A charge point took a new value."""
        if is_secret(key):
            return
        mirror, now = self._mirrors.find(ref), self._clock.now()
        changed = replace(
            mirror.find(key) or ConfigurationKey(key, None, False, now),
            value=value,
            reported_at=now,
            reboot_required=reboot_required,
            unconfirmed=True,
        )
        self._mirrors.save(mirror.with_keys([changed]).with_refusal(key, None))

    def note_refused(self, ref: ChargePointRef, key: str, value: str, *, answered: bool) -> None:
        """A charge point did not take a value; not `answered`: nobody knows whether it did."""
        if is_secret(key):
            return
        refusal = Refusal(value, answered, self._clock.now())
        self._mirrors.save(self._mirrors.find(ref).with_refusal(key, refusal))

    def note_unknown(self, ref: ChargePointRef, key: str) -> None:
        """A charge point does not know this key."""
        self._mirrors.save(self._mirrors.find(ref).with_unknown([key]))

    def note_new_firmware(self, ref: ChargePointRef) -> None:
        """Another firmware may take what the one before refused, and know what that did not."""
        mirror = self._mirrors.find(ref)
        if mirror.refused or mirror.unknown:
            self._mirrors.save(replace(mirror, refused={}, unknown=frozenset()))

    def forget(self, ref: ChargePointRef) -> None:
        """The charge point is no more."""
        self._mirrors.delete(ref)


def _key_of(item: Mapping[str, Any], now: datetime) -> ConfigurationKey:
    value, readonly = item.get("value"), item.get("readonly")
    return ConfigurationKey(
        str(item["key"])[:_MAX_NAME],
        None if value is None else text_of(value)[:_MAX_VALUE],
        readonly if isinstance(readonly, bool) else str(readonly).casefold() in ("1", "true"),
        now,
    )


def text_of(value: Any) -> str:
    """Numbers and booleans as OCPP spells them."""
    return str(value).lower() if isinstance(value, bool) else str(value)
