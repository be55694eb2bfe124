"""Silence: three heartbeat intervals (A40, G7)."""

import pytest

from app.domain.liveness import silent_since
from tests.builders import NOON, at


@pytest.mark.parametrize("interval", [10, 60, 300])
def test_a_charge_point_may_miss_two_heartbeats(interval: int) -> None:
    limit = silent_since(NOON, interval)
    assert limit == at(-3 * interval)
    assert at(-2.9 * interval) >= limit
