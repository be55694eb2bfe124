"""ChangeConfiguration: RebootRequired is a yes that waits (C8)."""

from datetime import timedelta
from typing import Any

import pytest

from app.domain.command import EXPIRED, NO_ANSWER
from app.domain.errors import InvalidInput
from tests.unit.ocpp.conftest import Station
from tests.unit.ocpp.v16.outbound.kinds import allowed_while_pending, outcome, payload, wrong
from tests.unit.ocpp.v16.outbound.submitting import answer, doubts, sent, submit


@pytest.mark.parametrize("command_type", ["change_configuration", "ChangeConfiguration"])
def test_it_goes_by_every_name(command_type: str) -> None:
    assert payload(command_type, {"key": "MeterValueSampleInterval", "value": "60"}) == {
        "key": "MeterValueSampleInterval",
        "value": "60",
    }


@pytest.mark.parametrize(
    ("parameters", "wire"),
    [
        (
            {"key": "MeterValueSampleInterval", "value": "60"},
            {"key": "MeterValueSampleInterval", "value": "60"},
        ),
        ({"key": "StopTxnSampledData", "value": ""}, {"key": "StopTxnSampledData", "value": ""}),
    ],
)
def test_parameters_become_the_payload(parameters: dict[str, Any], wire: dict[str, Any]) -> None:
    assert payload("change_configuration", parameters) == wire


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({"key": "HeartbeatInterval"}, {"parameters.value"}),
        ({"key": "HeartbeatInterval", "value": [60]}, {"parameters.value"}),
        ({"key": "x" * 51, "value": ""}, {"parameters.key"}),
        ({"key": "K", "value": "x" * 501}, {"parameters.value"}),
        ({"key": "K", "value": "a\x00b"}, {"parameters.value"}),
    ],
)
def test_wrong_missing_and_unknown_parameters_are_named(parameters: dict[str, Any], named: set[str]) -> None:
    assert wrong("change_configuration", parameters) == named


@pytest.mark.parametrize("name", ["known_as", "knownAs", "known__as", "known_As", "key_", "_key"])
def test_no_other_name_stands_for_the_key(station: Station, name: str) -> None:
    """What keeps keys out of sight, and who may change them, goes by `key`."""
    parameters = {"key": "BlinkRepeat", name: "AuthorizationKey", "value": "ca" * 20}
    with pytest.raises(InvalidInput) as refused:
        submit(station, "ChangeConfiguration", parameters, force=True)
    assert [problem for problem in refused.value.problems if problem.startswith("parameters.")]


@pytest.mark.parametrize("status", ["Accepted", "RebootRequired"])
def test_yes(status: str) -> None:
    assert outcome("change_configuration", status=status) == "accepted"


@pytest.mark.parametrize("status", ["Rejected", "NotSupported", "accepted", "", None, 7])
def test_every_other_word_is_a_no(status: Any) -> None:
    """C4: also words that OCPP does not know."""
    assert outcome("change_configuration", status=status) == "rejected"


def test_an_answer_without_status_is_a_no() -> None:
    assert outcome("change_configuration") == "rejected"


def test_it_may_be_sent_while_the_registration_is_pending() -> None:
    """A34."""
    assert allowed_while_pending("change_configuration")


# --- doubts, and what it keeps ---------------------------------------------------------------------


def know(station: Station, key: str, value: str = "1", *, readonly: bool = False, all_: bool = False) -> None:
    item = {"key": key, "value": value, "readonly": readonly}
    station.world.services.keepers.configuration.note_reported(station.ref, [item], [], everything=all_)


def change(key: str, value: Any) -> dict[str, Any]:
    return {"key": key, "value": value}


@pytest.mark.parametrize(("value", "wire"), [(60, "60"), (True, "true"), (False, "false"), (0.5, "0.5")])
def test_numbers_and_booleans_become_texts(value: Any, wire: str) -> None:
    assert payload("change_configuration", change("K", value)) == change("K", wire)


def test_the_key_is_written_as_the_charge_point_spells_it(station: Station) -> None:
    """G26."""
    know(station, "heartBeatInterval")
    command = submit(station, "change_configuration", change("HeartbeatInterval", 60), command_id="mine")
    assert sent(station) == [("ChangeConfiguration", change("heartBeatInterval", "60"))]
    again = submit(station, "change_configuration", change("HeartbeatInterval", 60), command_id="mine")
    assert again.id == command.id
    with pytest.raises(InvalidInput):
        submit(station, "change_configuration", change("A", "1") | {"known_as": "B"})


def test_a_value_it_took_is_in_the_mirror(station: Station) -> None:
    """C8."""
    answer(
        station, submit(station, "change_configuration", change("HeartbeatInterval", "60")), status="Accepted"
    )
    key = station.world.configurations.find(station.ref).find("heartbeatinterval")
    assert key is not None
    assert (key.key, key.value, key.reboot_required) == ("HeartbeatInterval", "60", False)


def test_a_value_that_waits_for_a_reset_says_so_until_the_next_boot(station: Station) -> None:
    command = submit(station, "change_configuration", change("HeartbeatInterval", "60"))
    answer(station, command, status="RebootRequired")
    key = station.world.configurations.find(station.ref).find("HeartbeatInterval")
    assert key is not None
    assert key.waits_for_reset(None)
    assert key.waits_for_reset(key.reported_at - timedelta(seconds=1))
    assert not key.waits_for_reset(key.reported_at + timedelta(seconds=1))


def test_what_it_refused_is_remembered_until_it_takes_one(station: Station) -> None:
    """G27."""
    answer(station, submit(station, "change_configuration", change("BlinkRepeat", "0")), status="Rejected")
    now = station.world.clock.now()
    mirror = station.world.configurations.find(station.ref)
    assert mirror.was_refused("blinkrepeat", "0", now + timedelta(days=99))
    assert not mirror.was_refused("blinkrepeat", "1", now)
    assert mirror.value("BlinkRepeat") is None
    answer(station, submit(station, "change_configuration", change("BlinkRepeat", "1")), status="Accepted")
    assert station.world.configurations.find(station.ref).refused == {}


def test_what_it_did_not_answer_is_remembered_for_an_hour(station: Station) -> None:
    command = submit(station, "change_configuration", change("BlinkRepeat", "0"))
    station.world.services.commands.fail(station.ref, command.id, NO_ANSWER)
    mirror, now = station.world.configurations.find(station.ref), station.world.clock.now()
    assert mirror.was_refused("BlinkRepeat", "0", now + timedelta(minutes=59))
    assert not mirror.was_refused("BlinkRepeat", "0", now + timedelta(minutes=61))
    answer(station, command, status="Accepted")
    assert station.world.configurations.find(station.ref).value("BlinkRepeat") == "0"


def test_what_never_arrived_was_not_refused(station: Station) -> None:
    command = submit(station, "change_configuration", change("BlinkRepeat", "0"))
    station.world.services.commands.fail(station.ref, command.id, EXPIRED)
    assert station.world.configurations.find(station.ref).refused == {}


def test_a_key_it_does_not_know_is_known_to_be_unknown(station: Station) -> None:
    answer(station, submit(station, "change_configuration", change("Nonsense", "1")), status="NotSupported")
    assert station.world.configurations.find(station.ref).unknown == {"Nonsense"}
    (doubt,) = doubts(station, "change_configuration", change("nonsense", "1"))
    assert "does not know" in doubt


def test_a_key_that_can_only_be_read_takes_force(station: Station) -> None:
    """C10."""
    know(station, "NumberOfConnectors", "2", readonly=True)
    (doubt,) = doubts(station, "change_configuration", change("numberofconnectors", "3"))
    assert "only be read" in doubt
    command = submit(station, "change_configuration", change("NumberOfConnectors", "3"), force=True)
    assert command.warnings == (doubt,)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("HeartbeatInterval", "soon"),
        ("heartbeatinterval", ""),
        ("MeterValueSampleInterval", "1.5"),
        ("LocalPreAuthorize", "yes"),
        ("AuthorizationKey", "secret"),
        ("AuthorizationKey", "0" * 31),
        ("AuthorizationKey", "0" * 33),
        ("AuthorizationKey", "0" * 42),
    ],
)
def test_a_value_of_the_wrong_kind_takes_force(station: Station, key: str, value: str) -> None:
    assert len(doubts(station, "change_configuration", change(key, value))) == 1


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("MeterValueSampleInterval", "-1"),
        ("LocalPreAuthorize", "TRUE"),
        ("StopTxnSampledData", ""),
        ("Any", "thing"),
    ],
)
def test_what_may_be_right_is_sent(station: Station, key: str, value: str) -> None:
    """TC_040_2 sends -1 on purpose; an empty list is legal (C8)."""
    submit(station, "change_configuration", change(key, value))


def test_a_list_longer_than_it_takes(station: Station) -> None:
    """C9: two where it says one; without a word about it one is all it promises, once all is known."""
    two = change("MeterValuesSampledData", "Voltage, SoC")
    submit(station, "change_configuration", two)
    know(station, "Other", all_=True)
    assert "at most 1" in doubts(station, "change_configuration", two)[0]
    know(station, "MeterValuesSampledData", "Voltage,Current.Import")
    submit(station, "change_configuration", two)  # it has two now, whatever it does not promise
    know(station, "MeterValuesSampledData", "Voltage")
    doubts(station, "change_configuration", two)
    know(station, "MeterValuesSampledDataMaxLength", "2")
    submit(station, "change_configuration", two)
    know(station, "MeterValuesSampledDataMaxLength", "1")
    doubts(station, "change_configuration", two)


@pytest.mark.parametrize("value", ["0", "1", "4", "high", "-1", ""])
def test_a_security_profile_is_only_raised_whatever_is_forced(station: Station, value: str) -> None:
    """E2, A05.FR.01."""
    station.world.charge_points.change(station.ref, {"security": {"profile": 1}})
    with pytest.raises(InvalidInput) as refused:
        submit(station, "change_configuration", change("SecurityProfile", value), force=True)
    assert list(refused.value.problems) == ["parameters.value"]
    assert sent(station) == []


def test_nothing_is_above_the_highest_profile(station: Station) -> None:
    station.world.charge_points.change(station.ref, {"security": {"profile": 3}})
    with pytest.raises(InvalidInput):
        submit(station, "change_configuration", change("securityprofile", "3"), force=True)


def test_a_higher_profile_goes_out_and_is_expected(station: Station) -> None:
    command = submit(station, "change_configuration", change("SecurityProfile", 2), force=True)
    assert station.stored.security.pending_profile == 2
    answer(station, command, status="Rejected")
    assert station.stored.security.pending_profile is None


def test_an_authorization_key_is_in_no_mirror(station: Station) -> None:
    """A01.FR.08."""
    command = submit(station, "change_configuration", change("AuthorizationKey", "0A" * 20))
    assert station.stored.security.pending_key_hash is not None
    answer(station, command, status="Accepted")
    assert station.stored.security.key_hash is not None
    mirror = station.world.configurations.find(station.ref)
    assert (dict(mirror.keys), dict(mirror.refused)) == ({}, {})
