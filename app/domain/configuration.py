"""The mirror of a charge point's configuration: what it said of its keys, and when (C5, C8, C13)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Self

from app.domain.configuration_keys import LISTS
from app.domain.context import ChargePointRef

MAX_KEYS = 1000
UNANSWERED_COUNTS_FOR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class ConfigurationKey:
    """One key. `value` None: known and unset. `reboot_required`: set, in force after the next reboot (C8).

    `unconfirmed`: it took this value, and has not told it since.
    """

    key: str
    value: str | None
    readonly: bool | None
    reported_at: datetime
    reboot_required: bool = False
    unconfirmed: bool = False

    def waits_for_reset(self, last_boot: datetime | None) -> bool:
        """The charge point has not booted since it took this value."""
        return self.reboot_required and (last_boot is None or last_boot < self.reported_at)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A value that a charge point did not take; with `answered` False it only never answered."""

    value: str
    answered: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class ConfigurationMirror:
    """All that is known of a charge point's keys; `keys` and `refused` by name in small letters (G26).

    `unknown` are the names it does not know, as they were asked for; `read_at` is when it last listed all.
    """

    charge_point: ChargePointRef
    keys: Mapping[str, ConfigurationKey] = field(default_factory=dict)
    unknown: frozenset[str] = frozenset()
    refused: Mapping[str, Refusal] = field(default_factory=dict)
    read_at: datetime | None = None

    def find(self, key: str) -> ConfigurationKey | None:
        """By name, whatever its case."""
        return self.keys.get(key.casefold())

    def is_unknown(self, key: str) -> bool:
        """The charge point said that it does not know this key."""
        return key.casefold() in {name.casefold() for name in self.unknown}

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
        return None if text is None else words_in(text)

    def says_no(self, key: str) -> bool:
        """A boolean key that is known to be false."""
        return (self.value(key) or "").strip().casefold() == "false"

    def lacks(self, feature: str) -> bool:
        """An optional boolean key that is false, unknown, or absent from a list of all (C39)."""
        absent = self.read_at is not None and self.find(feature) is None
        return absent or self.says_no(feature) or self.is_unknown(feature)

    def has(self, key: str, value: str) -> bool:
        """Its known value means the same: case, blanks around commas and the order of lists do not count."""
        known = self.value(key)
        return known is not None and _meaning(key, known) == _meaning(key, value)

    def was_refused(self, key: str, value: str, now: datetime) -> bool:
        """This very value was refused, or was sent within the hour and got no answer (G27)."""
        refusal = self.refused.get(key.casefold())
        if refusal is None or refusal.value != value:
            return False
        return refusal.answered or now - refusal.at < UNANSWERED_COUNTS_FOR

    def with_keys(self, keys: Iterable[ConfigurationKey]) -> Self:
        """After the charge point told of these keys: it knows them, whatever it said before."""
        given = {key.key.casefold(): key for key in keys}
        merged = dict(list((dict(self.keys) | given).items())[:MAX_KEYS])
        unknown = frozenset(name for name in self.unknown if name.casefold() not in given)
        return replace(self, keys=merged, unknown=unknown)

    def with_contradictions(self, reported: Iterable[ConfigurationKey], now: datetime) -> Self:
        """After it told other values than those it had taken: as if it had not answered for these (G27)."""
        mirror = self
        for key in reported:
            known = self.find(key.key)
            if known is not None and known.unconfirmed and not self.has(key.key, key.value or ""):
                taken = Refusal(known.value or "", answered=False, at=now)
                mirror = mirror.with_refusal(key.key, taken)
        return mirror

    def with_unknown(self, names: Iterable[str]) -> Self:
        """After the charge point said that it does not know these."""
        gone = {name.casefold(): name for name in names}
        others = {name.casefold(): name for name in self.unknown}
        keys = {name: key for name, key in self.keys.items() if name not in gone}
        return replace(self, keys=keys, unknown=frozenset(list((others | gone).values())[:MAX_KEYS]))

    def with_refusal(self, key: str, refusal: Refusal | None) -> Self:
        """After the charge point did not take a value, or took one (None)."""
        others = {name: known for name, known in self.refused.items() if name != key.casefold()}
        if refusal is not None and len(others) < MAX_KEYS:
            others[key.casefold()] = refusal
        return replace(self, refused=others)


def _meaning(key: str, value: str) -> list[str]:
    words = [word.casefold() for word in words_in(value)]
    return sorted(words) if key.casefold() in LISTS else words


def words_in(text: str) -> tuple[str, ...]:
    """The items of a comma separated list."""
    return tuple(word.strip() for word in text.split(",") if word.strip())
