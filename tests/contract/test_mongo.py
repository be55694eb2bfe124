"""MongoDB that is away: waited for at first, then refused at once, until it is there again."""

from types import SimpleNamespace
from typing import Any

import pytest

from app.domain.errors import Retryable
from app.storage.mongo import RIDE_OUT_S, Databases


class FakeClient:
    """As far as the driver's monitor knows, there is a primary, or none."""

    def __init__(self) -> None:
        self.has_primary = True

    @property
    def topology_description(self) -> Any:
        return SimpleNamespace(has_writable_server=lambda: self.has_primary)

    def get_database(self, name: str, **_: Any) -> str:
        return name


class Ticks:
    """Seconds that pass as the test says."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_an_election_is_waited_for_and_a_longer_absence_is_told_at_once() -> None:
    client, ticks = FakeClient(), Ticks()
    databases = Databases(client, ticks)  # type: ignore[arg-type]
    client.has_primary = False
    for ticks.now in (0.0, 1.0, RIDE_OUT_S):
        assert databases.of("acme") == "ocpp_acme"
    ticks.now = RIDE_OUT_S + 0.1
    with pytest.raises(Retryable, match="no primary"):
        databases.of("acme")
    with pytest.raises(Retryable, match="no primary"):
        _ = databases.platform
    client.has_primary = True
    assert databases.of("acme") == "ocpp_acme"
    client.has_primary = False
    ticks.now += RIDE_OUT_S
    assert databases.of("acme") == "ocpp_acme"  # its absence counts from when it was seen first
