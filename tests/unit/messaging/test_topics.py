"""MQTT topics: exactly those of design section 5, and no id ever means more than itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.context import ChargePointRef
from app.domain.events import Event, EventChannel
from app.messaging.topics import COMMANDS, charge_point_of_command, escape, is_retained, topic_of
from tests.builders import REF

IDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
HOSTILE = st.text("+#/%\x00\x1f\x7fab2BF", min_size=1)


@pytest.mark.parametrize(
    ("channel", "topic"),
    [
        (EventChannel.SESSION, "ocpp/events/acme/CP-1/session"),
        (EventChannel.METER_VALUE, "ocpp/events/acme/CP-1/meter_value"),
        (EventChannel.FAULT, "ocpp/events/acme/CP-1/fault"),
        (EventChannel.STATUS, "ocpp/status/acme/CP-1"),
        (EventChannel.RESPONSE, "ocpp/responses/acme/CP-1"),
    ],
)
def test_each_channel_has_its_topic(channel: EventChannel, topic: str) -> None:
    assert topic_of(Event(channel, REF, {})) == topic


def test_only_the_status_is_retained() -> None:
    """Who subscribes later learns every charge point's state, and no old session starts again."""
    retained = {channel for channel in EventChannel if is_retained(Event(channel, REF, {}))}
    assert retained == {EventChannel.STATUS}


@given(IDS | HOSTILE)
def test_what_has_a_meaning_in_topics_never_survives(identity: str) -> None:
    assert not set(escape(identity)) & set("+#/\x00\n")


@given(IDS | HOSTILE, IDS | HOSTILE)
def test_a_command_topic_names_the_same_charge_point_again(tenant_id: str, charge_point_id: str) -> None:
    topic = f"ocpp/commands/{escape(tenant_id)}/{escape(charge_point_id)}"
    assert charge_point_of_command(topic) == ChargePointRef(tenant_id, charge_point_id)


@given(IDS | HOSTILE, IDS | HOSTILE)
def test_different_ids_have_different_topics(one: str, other: str) -> None:
    assert (escape(one) == escape(other)) == (one == other)


def test_ordinary_ids_stay_readable() -> None:
    assert escape("RDAM 123:é-ü_.x") == "RDAM 123:é-ü_.x"
    assert escape("a/b+c#d%e") == "a%2Fb%2Bc%23d%25e"


@pytest.mark.parametrize(
    "topic",
    [
        "",
        "ocpp/commands",
        "ocpp/commands/acme",
        "ocpp/commands/acme/CP-1/x",
        "ocpp/commands//CP-1",
        "ocpp/events/acme/CP-1",
        "x/ocpp/commands/acme/CP-1",
    ],
)
def test_other_topics_are_no_commands(topic: str) -> None:
    assert charge_point_of_command(topic) is None


def test_the_subscription_covers_every_tenant_and_charge_point() -> None:
    assert COMMANDS == "ocpp/commands/+/+"
