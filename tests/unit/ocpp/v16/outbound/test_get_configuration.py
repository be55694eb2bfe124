"""GetConfiguration: the answer is what was wanted (C13)."""

from typing import Any

import pytest

from app.domain.command import CONNECTION_LOST, EXPIRED, NO_ANSWER, Outcome
from app.domain.configuration_keys import STANDARD_KEYS
from app.domain.errors import InvalidInput
from tests.unit.ocpp.conftest import Station
from tests.unit.ocpp.v16.outbound.kinds import allowed_while_pending, outcome, payload, wrong
from tests.unit.ocpp.v16.outbound.submitting import answer, follow_up, refuse, sent, submit


@pytest.mark.parametrize("command_type", ["get_configuration", "GetConfiguration"])
def test_it_goes_by_every_name(command_type: str) -> None:
    assert payload(command_type, {}) == {}


@pytest.mark.parametrize(
    ("parameters", "wire"),
    [({}, {}), ({"key": ["SupportedFeatureProfiles"]}, {"key": ["SupportedFeatureProfiles"]})],
)
def test_parameters_become_the_payload(parameters: dict[str, Any], wire: dict[str, Any]) -> None:
    assert payload("get_configuration", parameters) == wire


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({"key": "SupportedFeatureProfiles"}, {"parameters.key"}),
        ({"key": [1]}, {"parameters.key.0"}),
        ({"keys": []}, {"parameters.keys"}),
    ],
)
def test_wrong_missing_and_unknown_parameters_are_named(parameters: dict[str, Any], named: set[str]) -> None:
    assert wrong("get_configuration", parameters) == named


def test_any_answer_is_the_wanted_information() -> None:
    assert outcome("get_configuration") == "accepted"
    assert (
        outcome("get_configuration", configurationKey=[{"key": "K", "readonly": True}], unknownKey=["X"])
        == "accepted"
    )


def test_it_may_be_sent_while_the_registration_is_pending() -> None:
    """A34."""
    assert allowed_while_pending("get_configuration")


# --- what it keeps, and what it asks next ----------------------------------------------------------


def keys_asked(station: Station) -> list[list[str] | None]:
    return [payload.get("key") for action, payload in sent(station) if action == "GetConfiguration"]


def told(*names: str, value: Any = "1", **fields: Any) -> list[dict[str, Any]]:
    return [{"key": name, "readonly": False, "value": value, **fields} for name in names]


def test_the_answer_is_kept_in_the_mirror(station: Station) -> None:
    """C13: a key without value is known and not set, an unknown one is known to be unknown."""
    command = submit(station, "get_configuration", {})
    listed = [*told("HeartbeatInterval", value="300"), {"key": "Unset", "readonly": True}]
    answer(station, command, configurationKey=listed, unknownKey=["Nonsense"])
    mirror = station.world.configurations.find(station.ref)
    assert mirror.value("heartbeatinterval") == "300"
    unset = mirror.find("Unset")
    assert unset is not None
    assert (unset.value, unset.readonly) == (None, True)
    assert mirror.is_unknown("NONSENSE")
    assert mirror.read_at == station.world.clock.now()
    assert len(sent(station)) == 1


def test_only_the_question_for_everything_makes_the_mirror_complete(station: Station) -> None:
    command = submit(station, "get_configuration", {"key": ["A"]})
    answer(station, command, configurationKey=told("A"))
    mirror = station.world.configurations.find(station.ref)
    assert (mirror.value("A"), mirror.read_at) == ("1", None)


@pytest.mark.parametrize(
    ("value", "readonly", "kept"),
    [
        (60, 0, ("60", False)),
        (True, 1, ("true", True)),
        (1.5, "true", ("1.5", True)),
        ("x" * 600, None, ("x" * 600, False)),
    ],
)
def test_odd_types_are_understood(
    station: Station, value: Any, readonly: Any, kept: tuple[str, bool]
) -> None:
    """G26, G10."""
    command = submit(station, "get_configuration", {})
    answer(station, command, configurationKey=[{"key": "K", "value": value, "readonly": readonly}])
    key = station.world.configurations.find(station.ref).find("k")
    assert key is not None
    assert (key.value, key.readonly) == kept


@pytest.mark.parametrize(
    "odd",
    [
        {"configurationKey": None, "unknownKey": None},
        {"configurationKey": "all", "unknownKey": {"a": 1}},
        {"configurationKey": [7, None, {"value": "1"}, {"key": ""}], "unknownKey": [7, "", None]},
        {},
    ],
)
def test_nonsense_leaves_the_mirror_as_it_is(station: Station, odd: dict[str, Any]) -> None:
    command = submit(station, "get_configuration", {})
    answer(station, command, **odd)
    mirror = station.world.configurations.find(station.ref)
    assert (dict(mirror.keys), mirror.unknown, mirror.read_at) == ({}, frozenset(), None)


def test_more_keys_than_it_takes_are_asked_for_in_turn(station: Station) -> None:
    """9.1.9."""
    limit = told("GetConfigurationMaxKeys", value="2")
    station.world.services.keepers.configuration.note_reported(station.ref, limit, [])
    command = submit(station, "get_configuration", {"key": ["A", "B", "C", "D", "E"]})
    answer(station, command, configurationKey=told("a", "B"))
    second = follow_up(station, command, "rest")
    answer(station, second, configurationKey=told("C"), unknownKey=["D"])
    third = follow_up(station, second, "rest")
    answer(station, third, configurationKey=told("E"))
    assert keys_asked(station) == [["A", "B"], ["C", "D"], ["E"]]


def test_what_it_left_out_is_asked_for_again_as_long_as_that_leads_on(station: Station) -> None:
    """G25: some answer four keys at most."""
    command = submit(station, "get_configuration", {"key": ["A", "B", "C"]})
    answer(station, command, configurationKey=told("A"))
    second = follow_up(station, command, "rest")
    answer(station, second, configurationKey=[])
    assert keys_asked(station) == [["A", "B", "C"], ["B", "C"]]


def test_one_that_answers_more_than_it_was_asked_is_not_asked_again(station: Station) -> None:
    """G25: the filter ignored."""
    command = submit(station, "get_configuration", {"key": ["A", "B", "C"], "max_keys": 1})
    answer(station, command, configurationKey=told("A", "B", "C"))
    assert keys_asked(station) == [["A"]]


def test_no_answer_to_the_question_for_everything_leads_to_the_standards_keys(station: Station) -> None:
    """G25."""
    command = submit(station, "get_configuration", {})
    station.world.services.commands.fail(station.ref, command.id, NO_ANSWER)
    few = follow_up(station, command, "standard")
    assert keys_asked(station)[1] == list(STANDARD_KEYS[:4])
    refuse(station, few, "InternalError")
    again = follow_up(station, few, "rest")
    assert keys_asked(station)[2] == list(STANDARD_KEYS[4:8])
    station.world.services.commands.fail(station.ref, again.id, NO_ANSWER)
    assert len(keys_asked(station)) == 3


def test_every_standard_key_is_asked_for_in_the_end(station: Station) -> None:
    command = submit(station, "get_configuration", {})
    refuse(station, command, "InternalError")
    command = follow_up(station, command, "standard")
    asked: list[str] = []
    while True:
        keys = command.payload["key"]
        asked += keys
        answer(station, command, configurationKey=told(*keys))
        if len(asked) == len(STANDARD_KEYS):
            break
        command = follow_up(station, command, "rest")
    assert asked == list(STANDARD_KEYS)
    assert len(asked) == len(keys_asked(station)[1:]) * 4 - 1


@pytest.mark.parametrize("lost", [CONNECTION_LOST, EXPIRED])
def test_what_never_arrived_is_no_reason_to_ask_differently(station: Station, lost: Outcome) -> None:
    command = submit(station, "get_configuration", {})
    station.world.services.commands.fail(station.ref, command.id, lost)
    assert keys_asked(station) == [None]


def test_a_late_answer_is_kept_too(station: Station) -> None:
    """A25."""
    command = submit(station, "get_configuration", {"key": ["A"]})
    station.world.services.commands.fail(station.ref, command.id, NO_ANSWER)
    answer(station, command, configurationKey=told("A"))
    assert station.world.configurations.find(station.ref).value("A") == "1"


@pytest.mark.parametrize("max_keys", [0, -1, "4", True, 1.5])
def test_how_many_at_once_is_a_number(station: Station, max_keys: Any) -> None:
    with pytest.raises(InvalidInput) as refused:
        submit(station, "get_configuration", {"key": ["A"], "max_keys": max_keys})
    assert list(refused.value.problems) == ["parameters.max_keys"]


def test_the_same_command_again_is_the_same_command(station: Station) -> None:
    limit = told("GetConfigurationMaxKeys", value="1")
    station.world.services.keepers.configuration.note_reported(station.ref, limit, [])
    first = submit(station, "get_configuration", {"key": ["A", "B"]}, command_id="mine")
    assert submit(station, "get_configuration", {"key": ["A", "B"]}, command_id="mine") == first
