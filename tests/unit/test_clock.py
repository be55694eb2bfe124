"""The real clock, and that the fake one keeps the same promises."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from app.clock import SystemClock
from app.services.ports import Clock
from tests.fakes.clock import FakeClock

CLOCKS = pytest.mark.parametrize(
    "clock", [SystemClock(), FakeClock(datetime(2026, 3, 1, 12, 0, 0, 123_456, UTC))]
)


@CLOCKS
def test_now_is_utc_in_milliseconds(clock: Clock) -> None:
    now = clock.now()
    assert now.tzinfo is UTC
    assert now.microsecond % 1000 == 0


@CLOCKS
def test_order_keys_never_repeat_or_fall(clock: Clock) -> None:
    keys = [clock.order_key() for _ in range(1000)]
    assert keys == sorted(set(keys))
    assert abs(keys[0] / 1e6 - clock.now().timestamp()) < 1


def test_order_keys_are_unique_across_threads() -> None:
    clock = SystemClock()
    with ThreadPoolExecutor(8) as pool:
        keys = list(pool.map(lambda _: clock.order_key(), range(5000)))
    assert len(set(keys)) == 5000


def test_the_real_clock_tells_the_time() -> None:
    assert abs(SystemClock().now() - datetime.now(UTC)) < timedelta(seconds=1)


def test_order_keys_do_not_fall_when_the_clock_is_set_back() -> None:
    clock = FakeClock()
    before = clock.order_key()
    clock.advance(-3600)
    assert clock.order_key() > before
