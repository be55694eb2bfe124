"""Configuration mirrors in memory."""

from app.domain.configuration import ConfigurationMirror
from app.domain.context import ChargePointRef


class FakeConfigurationRepository:
    """`ConfigurationRepository` in memory."""

    def __init__(self) -> None:
        self._mirrors: dict[ChargePointRef, ConfigurationMirror] = {}

    def find(self, ref: ChargePointRef) -> ConfigurationMirror:
        """An empty mirror if there is none."""
        return self._mirrors.get(ref, ConfigurationMirror(ref))

    def save(self, mirror: ConfigurationMirror) -> None:
        """Replaces what is there."""
        self._mirrors[mirror.charge_point] = mirror

    def delete(self, ref: ChargePointRef) -> None:
        """Nothing is left."""
        self._mirrors.pop(ref, None)
