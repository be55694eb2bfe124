"""Which running sessions cannot be alive, and their estimated ends (B33, B39)."""

from datetime import datetime
from typing import Any

import pytest

from app.domain.charge_point import ChargePoint
from app.domain.reconciliation import (
    Patience,
    Suspicion,
    estimated_end,
    next_starts,
    signs_of,
    suspicion,
)
from app.domain.session import EnergyValue, FaultReason, Session, SessionStatus
from tests.builders import a_charge_point, a_connection, a_connector, a_session, at

PATIENCE = Patience(available_s=300, silence_s=3600)


def judged(
    seconds: float,
    charge_point: ChargePoint | None,
    patience: Patience = PATIENCE,
    next_start: datetime | None = None,
    **fields: Any,
) -> Suspicion | None:
    signs = signs_of(charge_point) if charge_point is not None else None
    return suspicion(a_session(**fields), next_start, signs, patience, at(seconds))


def live(*statuses: tuple[int, str, float]) -> ChargePoint:
    """A connected charge point; each connector has its state since so many seconds after the start."""
    connectors = tuple(a_connector(n, status, last_update=at(since)) for n, status, since in statuses)
    return a_charge_point(connectors=connectors, connection=a_connection())


def gone(last_seen: float | None, **fields: Any) -> ChargePoint:
    return a_charge_point(last_seen=None if last_seen is None else at(last_seen), **fields)


# --- a newer start -----------------------------------------------------------------------------------


def test_a_newer_start_on_the_same_connector_follows_a_session() -> None:
    sessions = [
        a_session(1),
        a_session(2, start_time=at(50)),
        a_session(3, start_time=at(90)),
        a_session(4, connector_id=2, start_time=at(10)),
    ]
    assert next_starts(sessions) == {"session-1": at(50), "session-2": at(90)}


def test_the_start_that_came_later_is_the_newer_one_whatever_the_clock_says() -> None:
    """A44: starts come in order, also late ones; and a clock may be set back."""
    sessions = [
        a_session(1, start_time=at(7200), received_at=at(7200)),
        a_session(2, start_time=at(0), received_at=at(7300)),
    ]
    assert next_starts(sessions) == {"session-1": at(7300)}


def test_of_two_that_began_in_the_same_moment_none_follows() -> None:
    """Nobody can say which of them is alive."""
    assert next_starts([a_session(1), a_session(2)]) == {}


def test_other_charge_points_do_not_matter() -> None:
    other = a_session(2, start_time=at(50))
    elsewhere = Session(
        **{name: getattr(other, name) for name in Session.__slots__} | {"charge_point_id": "CP-2"}
    )
    assert next_starts([a_session(1), elsewhere]) == {}


def test_a_session_that_is_followed_is_replaced_whatever_else_is_so() -> None:
    found = judged(1, live((1, "Charging", 0)), next_start=at(1))
    assert found == Suspicion(FaultReason.REPLACED_BY_NEWER_START)


# --- a free connector --------------------------------------------------------------------------------


@pytest.mark.parametrize(("seconds", "suspected"), [(360, False), (361, True)])
def test_a_connector_that_is_free_for_long_has_no_session(seconds: float, *, suspected: bool) -> None:
    found = judged(seconds, live((1, "Available", 60)))
    assert found == (Suspicion(FaultReason.CONNECTOR_AVAILABLE, at(60)) if suspected else None)


@pytest.mark.parametrize(("seconds", "suspected"), [(10_300, False), (10_301, True)])
def test_the_stop_of_a_start_that_came_late_has_time_to_come(seconds: float, *, suspected: bool) -> None:
    """B31: what was charged offline is told in order, and the connector has long been free by then."""
    found = judged(seconds, live((1, "Available", 60)), received_at=at(10_000))
    assert found == (Suspicion(FaultReason.CONNECTOR_AVAILABLE, at(60)) if suspected else None)


@pytest.mark.parametrize(
    "status", ["Charging", "Preparing", "SuspendedEV", "Finishing", "Faulted", "Unavailable"]
)
def test_any_other_status_ends_nothing(status: str) -> None:
    """B39."""
    assert judged(10_000, live((1, status, 60))) is None


def test_another_connector_ends_nothing() -> None:
    assert judged(10_000, live((0, "Available", 60), (2, "Available", 60))) is None


@pytest.mark.parametrize("since", [-500, 0])
def test_a_connector_that_was_free_before_the_start_proves_nothing(since: float) -> None:
    """Many charge points never say that a connector is in use."""
    assert judged(10_000, live((1, "Available", since))) is None


# --- silence -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("seconds", "suspected"), [(4200, False), (4201, True)])
def test_an_offline_charge_point_that_is_silent_for_long_has_no_session(
    seconds: float, *, suspected: bool
) -> None:
    found = judged(seconds, gone(600))
    assert found == (Suspicion(FaultReason.SILENCE, at(seconds - 3600)) if suspected else None)


def test_a_silent_connection_is_silence_too() -> None:
    found = judged(9000, gone(600, connection=a_connection(silent=True)))
    assert found is not None
    assert found.reason is FaultReason.SILENCE


@pytest.mark.parametrize("charge_point", [None, gone(None), gone(-9000)])
def test_where_nobody_was_heard_silence_counts_from_the_start(charge_point: ChargePoint | None) -> None:
    assert judged(3600, charge_point) is None
    assert judged(3601, charge_point) is not None


def test_a_charge_point_that_is_there_is_not_silent() -> None:
    """It may have nothing to tell: readings can be switched off."""
    assert judged(10_000_000, live((1, "Charging", 5))) is None


def test_patience_without_end() -> None:
    assert judged(10_000_000, live((1, "Available", 60)), Patience(0, 3600)) is None
    assert judged(10_000_000, gone(60), Patience(300, 0)) is None


def test_a_stop_without_start_is_no_session_that_runs() -> None:
    assert judged(10_000, None, start_time=None) is None


# --- the estimate ------------------------------------------------------------------------------------


def test_it_ended_with_its_last_reading() -> None:
    values = (EnergyValue(at(60), 1500.6), EnergyValue(at(30), 1200))
    ended = estimated_end(a_session(review=("odd",)), FaultReason.SILENCE, values, at(9000))
    assert (ended.status, ended.fault_reason, ended.estimated) == (SessionStatus.FAULTED, "silence", True)
    assert (ended.stop_time, ended.stop_meter_value, ended.energy_wh) == (at(60), 1501, 500.6)
    assert ended.meter_values == (values[1], values[0])
    assert ended.review == ("odd", "stop_missing")


def test_without_readings_it_ended_where_it_began() -> None:
    ended = estimated_end(a_session(), FaultReason.CONNECTOR_AVAILABLE, (), at(9000))
    assert (ended.stop_time, ended.stop_meter_value, ended.energy_wh) == (at(0), 1000, 0)


def test_a_reading_from_before_the_start_does_not_end_it_before_that() -> None:
    ended = estimated_end(a_session(), FaultReason.SILENCE, (EnergyValue(at(-5), 990),), at(9000))
    assert ended.stop_time == at(0)
    assert "stopped_before_start" not in ended.review
