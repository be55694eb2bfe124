"""Outgoing actions: our spelling and the wire's, and what an answer becomes."""

import pytest

from app.domain.command import CommandStatus
from app.domain.errors import InvalidInput
from app.ocpp.catalog import load_catalog
from app.ocpp.outgoing import accept_any_answer, as_result, camel_case, judge_by_status, snake_case


@pytest.mark.parametrize(
    ("ours", "wire"),
    [
        ("connector_id", "connectorId"),
        ("id_tag", "idTag"),
        ("type", "type"),
        ("cs_charging_profiles", "csChargingProfiles"),
        ("valid_from", "validFrom"),
    ],
)
def test_names_change_their_spelling_both_ways(ours: str, wire: str) -> None:
    assert camel_case(ours) == wire
    assert snake_case(wire) == ours


@pytest.mark.parametrize("name", ["idTag", "id_", "_id", "id__tag", "id_Tag", "ID_TAG", ""])
def test_what_is_no_name_of_ours_stays_as_it_is(name: str) -> None:
    """Else `id_` would stand for `id`, unseen by all that looks for it."""
    assert camel_case(name) == name


def test_action_names_become_command_types() -> None:
    assert snake_case("RemoteStartTransaction") == "remote_start_transaction"


def test_an_answer_is_shown_in_our_spelling_all_the_way_down() -> None:
    answer = {"configurationKey": [{"key": "HeartbeatInterval", "readOnly": True}], "unknownKey": ["FooBar"]}
    assert as_result(answer) == {
        "configuration_key": [{"key": "HeartbeatInterval", "read_only": True}],
        "unknown_key": ["FooBar"],
    }


def test_a_no_says_what_the_charge_point_answered() -> None:
    """C4: unknown words are kept as they came."""
    outcome = judge_by_status({"Accepted"})({"status": "NotToday", "info": "x"})
    assert outcome.status is CommandStatus.REJECTED
    assert outcome.result == {"status": "NotToday", "info": "x"}
    assert outcome.error == {"code": "refused", "message": "The charge point answered 'NotToday'."}


@pytest.mark.parametrize("status", [["Accepted"], {"a": 1}, None, 5])
def test_a_status_that_is_no_word_is_a_no(status: object) -> None:
    assert judge_by_status({"Accepted"})({"status": status}).status is CommandStatus.REJECTED


def test_where_the_answer_is_the_information_any_is_a_yes() -> None:
    assert accept_any_answer({}).status is CommandStatus.ACCEPTED


def test_every_wrong_parameter_is_named_at_once_with_a_sentence() -> None:
    with pytest.raises(InvalidInput) as refused:
        load_catalog().command_kind("remote_start").build_payload({"connector_id": "x", "foo": 1, "bar": 2})
    assert refused.value.problems == {
        "parameters.id_tag": ["Missing."],
        "parameters.foo": ["Unknown parameter."],
        "parameters.bar": ["Unknown parameter."],
        "parameters.connector_id": ['"x" is not of type "integer".'],
    }


def test_the_parameters_given_are_not_changed() -> None:
    parameters = {"id_tag": "TAG", "connector_id": 1}
    load_catalog().command_kind("remote_start").build_payload(parameters)
    assert parameters == {"id_tag": "TAG", "connector_id": 1}


@pytest.mark.parametrize("levels", [21, 300, 900])
def test_parameters_that_nest_without_end_are_refused(levels: int) -> None:
    deep: object = 1
    for _ in range(levels):
        deep = {"a": [deep]}
    with pytest.raises(InvalidInput, match="nest deeper than 20 levels"):
        load_catalog().command_kind("Reset").build_payload({"type": "Hard", "extra": deep})
