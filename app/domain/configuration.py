"""The mirror of a charge point's configuration: what it said of its keys, and when (C5, C8, C13)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from app.domain.context import ChargePointRef


@dataclass(frozen=True, slots=True)
class ConfigurationKey:
    """One key. `value` None: known and unset. `reboot_required`: set, in force after the next reboot (C8)."""

    key: str
    value: str | None
    readonly: bool | None
    reported_at: datetime
    reboot_required: bool = False


@dataclass(frozen=True, slots=True)
class ConfigurationMirror:
    """All that is known of a charge point's keys; `keys` by their name in small letters (G26)."""

    charge_point: ChargePointRef
    keys: Mapping[str, ConfigurationKey] = field(default_factory=dict)
    unknown: frozenset[str] = frozenset()
    read_at: datetime | None = None

    def find(self, key: str) -> ConfigurationKey | None:
        """By name, whatever its case."""
        return self.keys.get(key.casefold())

    def value(self, key: str) -> str | None:
        """Its last known value."""
        found = self.find(key)
        return found.value if found else None

    def number(self, key: str) -> int | None:
        """Its value as a whole number; None if it has none or is none."""
        text = (self.value(key) or "").strip()
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None

    def words(self, key: str) -> tuple[str, ...] | None:
        """Its value as a comma separated list; None if nothing is known."""
        text = self.value(key)
        return None if text is None else tuple(word.strip() for word in text.split(",") if word.strip())

    def says_no(self, key: str) -> bool:
        """A boolean key that is known to be false."""
        return (self.value(key) or "").strip().casefold() == "false"
