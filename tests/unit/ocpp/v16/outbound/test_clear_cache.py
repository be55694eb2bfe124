"""ClearCache: no cache is a no (C11)."""

from typing import Any

import pytest

from tests.unit.ocpp.v16.outbound.kinds import allowed_while_pending, outcome, payload, wrong


@pytest.mark.parametrize("command_type", ["clear_cache", "ClearCache"])
def test_it_goes_by_every_name(command_type: str) -> None:
    assert payload(command_type, {}) == {}


@pytest.mark.parametrize(
    ("parameters", "wire"),
    [({}, {})],
)
def test_parameters_become_the_payload(parameters: dict[str, Any], wire: dict[str, Any]) -> None:
    assert payload("clear_cache", parameters) == wire


@pytest.mark.parametrize(
    ("parameters", "named"),
    [({"all": True}, {"parameters.all"})],
)
def test_wrong_missing_and_unknown_parameters_are_named(parameters: dict[str, Any], named: set[str]) -> None:
    assert wrong("clear_cache", parameters) == named


@pytest.mark.parametrize("status", ["Accepted"])
def test_yes(status: str) -> None:
    assert outcome("clear_cache", status=status) == "accepted"


@pytest.mark.parametrize("status", ["Rejected", "accepted", "", None, 7])
def test_every_other_word_is_a_no(status: Any) -> None:
    """C4: also words that OCPP does not know."""
    assert outcome("clear_cache", status=status) == "rejected"


def test_an_answer_without_status_is_a_no() -> None:
    assert outcome("clear_cache") == "rejected"


def test_it_may_be_sent_while_the_registration_is_pending() -> None:
    """A34."""
    assert allowed_while_pending("clear_cache")
