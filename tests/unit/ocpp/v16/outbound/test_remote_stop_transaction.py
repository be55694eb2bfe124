"""RemoteStopTransaction: Accepted means that StopTransaction follows (C15)."""

from typing import Any

import pytest

from app.domain.context import ChargePointRef
from app.domain.session import Session, SessionStatus
from tests.builders import a_session
from tests.unit.ocpp.conftest import Station
from tests.unit.ocpp.v16.outbound.kinds import allowed_while_pending, outcome, payload, wrong
from tests.unit.ocpp.v16.outbound.submitting import doubts, submit


@pytest.mark.parametrize("command_type", ["remote_stop", "remote_stop_transaction", "RemoteStopTransaction"])
def test_it_goes_by_every_name(command_type: str) -> None:
    assert payload(command_type, {"transaction_id": 7}) == {"transactionId": 7}


@pytest.mark.parametrize(
    ("parameters", "wire"),
    [({"transaction_id": 7}, {"transactionId": 7})],
)
def test_parameters_become_the_payload(parameters: dict[str, Any], wire: dict[str, Any]) -> None:
    assert payload("remote_stop_transaction", parameters) == wire


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({}, {"parameters.transaction_id"}),
        ({"transaction_id": "7"}, {"parameters.transaction_id"}),
        ({"transaction_id": 2**31}, {"parameters.transaction_id"}),
        ({"session_id": "session-7"}, {"parameters.transaction_id", "parameters.session_id"}),
    ],
)
def test_wrong_missing_and_unknown_parameters_are_named(parameters: dict[str, Any], named: set[str]) -> None:
    assert wrong("remote_stop_transaction", parameters) == named


@pytest.mark.parametrize("status", ["Accepted"])
def test_yes(status: str) -> None:
    assert outcome("remote_stop_transaction", status=status) == "accepted"


@pytest.mark.parametrize("status", ["Rejected", "accepted", "", None, 7])
def test_every_other_word_is_a_no(status: Any) -> None:
    """C4: also words that OCPP does not know."""
    assert outcome("remote_stop_transaction", status=status) == "rejected"


def test_an_answer_without_status_is_a_no() -> None:
    assert outcome("remote_stop_transaction") == "rejected"


def test_it_is_held_back_while_the_registration_is_pending() -> None:
    """A34."""
    assert not allowed_while_pending("remote_stop_transaction")


# --- doubts ----------------------------------------------------------------------------------------


def test_a_running_transaction_is_stopped_without_doubt(station: Station) -> None:
    station.world.sessions.insert(a_session(7), [], 1)
    submit(station, "remote_stop", {"transaction_id": 7})


@pytest.mark.parametrize(
    ("session", "doubt"),
    [
        (None, "The charge point has no transaction 7."),
        (a_session(7, ChargePointRef("acme", "CP-2")), "The charge point has no transaction 7."),
        (a_session(7, status=SessionStatus.COMPLETED), "Transaction 7 has ended."),
    ],
)
def test_what_does_not_run_takes_force(station: Station, session: Session | None, doubt: str) -> None:
    """C15."""
    if session is not None:
        station.world.sessions.insert(session, [], 1)
    assert doubts(station, "remote_stop", {"transaction_id": 7}) == [doubt]
    assert submit(station, "remote_stop", {"transaction_id": 7}, force=True).warnings == (doubt,)
