"""Configuration mirrors in memory."""

from collections.abc import Iterable
from dataclasses import replace

from app.domain.configuration import ConfigurationKey, ConfigurationMirror
from app.domain.context import ChargePointRef


class FakeConfigurationRepository:
    """`ConfigurationRepository` in memory."""

    def __init__(self) -> None:
        self._mirrors: dict[ChargePointRef, ConfigurationMirror] = {}

    def find(self, ref: ChargePointRef) -> ConfigurationMirror:
        """An empty mirror if there is none."""
        return self._mirrors.get(ref, ConfigurationMirror(ref))

    def put(self, ref: ChargePointRef, keys: Iterable[ConfigurationKey], unknown: Iterable[str]) -> None:
        """Given keys replace known ones."""
        known = self.find(ref)
        given = {key.key.casefold(): key for key in keys}
        merged = dict(known.keys) | given
        left = frozenset({*known.unknown, *unknown}) - {key.key for key in merged.values()}
        read_at = max((key.reported_at for key in given.values()), default=known.read_at)
        self._mirrors[ref] = replace(known, keys=merged, unknown=left, read_at=read_at)
