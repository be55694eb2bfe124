"""Passwords cannot be tried for ever."""

import pytest

from app.services.lockout import FREE_FAILURES_FROM_ANYWHERE, Lockout
from tests.fakes.clock import FakeClock
from tests.fakes.login_failures import FakeFailureRepository

ANN, HOME, ELSEWHERE = "acme\nann@example.com", "192.0.2.1", "198.51.100.7"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def failures() -> FakeFailureRepository:
    return FakeFailureRepository()


@pytest.fixture
def lockout(failures: FakeFailureRepository, clock: FakeClock) -> Lockout:
    return Lockout(failures, clock)


def fail(lockout: Lockout, times: int, who: str = ANN, address: str = HOME) -> None:
    for _ in range(times):
        lockout.note_failure(who, address)


def test_a_few_failures_are_nothing(lockout: Lockout) -> None:
    assert not lockout.is_locked(ANN, HOME)
    fail(lockout, 4)
    assert not lockout.is_locked(ANN, HOME)


def test_the_fifth_locks_for_a_minute(lockout: Lockout, clock: FakeClock) -> None:
    fail(lockout, 5)
    clock.advance(59)
    assert lockout.is_locked(ANN, HOME)
    clock.advance(1)
    assert not lockout.is_locked(ANN, HOME)


@pytest.mark.parametrize(
    ("failures_more", "minutes"), [(1, 2), (2, 4), (5, 32), (6, 60), (40, 60), (500, 60)]
)
def test_each_further_one_locks_for_twice_as_long_up_to_an_hour(
    lockout: Lockout, clock: FakeClock, failures_more: int, minutes: int
) -> None:
    fail(lockout, 5 + failures_more)
    clock.advance(minutes * 60 - 1)
    assert lockout.is_locked(ANN, HOME)
    clock.advance(1)
    assert not lockout.is_locked(ANN, HOME)


def test_somebody_far_away_does_not_soon_lock_out_who_sits_at_home(lockout: Lockout) -> None:
    fail(lockout, FREE_FAILURES_FROM_ANYWHERE - 1, address=ELSEWHERE)
    assert lockout.is_locked(ANN, ELSEWHERE)
    assert not lockout.is_locked(ANN, HOME)


def test_but_from_many_addresses_the_email_is_locked_everywhere(lockout: Lockout) -> None:
    for number in range(FREE_FAILURES_FROM_ANYWHERE):
        fail(lockout, 1, address=f"198.51.100.{number}")
    assert lockout.is_locked(ANN, HOME)
    assert not lockout.is_locked("beta\nann@example.com", HOME)


def test_the_right_password_forgives_what_was_tried_from_there(lockout: Lockout) -> None:
    fail(lockout, 4)
    fail(lockout, 5, address=ELSEWHERE)
    lockout.note_success(ANN, HOME)
    fail(lockout, 4)
    assert not lockout.is_locked(ANN, HOME)
    assert lockout.is_locked(ANN, ELSEWHERE)


def test_an_admin_forgives_everything_of_one_person(lockout: Lockout) -> None:
    for address in (HOME, ELSEWHERE):
        fail(lockout, 5, address=address)
    fail(lockout, 5, who="acme\nbob@example.com")
    lockout.unlock(ANN)
    assert not lockout.is_locked(ANN, HOME)
    assert not lockout.is_locked(ANN, ELSEWHERE)
    assert lockout.is_locked("acme\nbob@example.com", HOME)


def test_after_a_day_of_quiet_counting_begins_anew(lockout: Lockout, clock: FakeClock) -> None:
    fail(lockout, 30)
    clock.advance(24 * 3600 + 1)
    fail(lockout, 4)
    assert not lockout.is_locked(ANN, HOME)


def test_old_failures_are_not_kept(lockout: Lockout, clock: FakeClock) -> None:
    fail(lockout, 1)
    clock.advance(24 * 3600 + 1)
    fail(lockout, 1, who="acme\nbob@example.com")
    assert lockout.prune() == 2
    assert lockout.prune() == 0


def test_what_is_kept_tells_nobody_whose_it_is(lockout: Lockout, failures: FakeFailureRepository) -> None:
    fail(lockout, 1)
    assert "ann" not in str(vars(failures))
    assert HOME not in str(vars(failures))
