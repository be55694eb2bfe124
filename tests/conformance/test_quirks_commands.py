"""Quirks of charge points that are asked for something: second tries, other spellings, strange answers."""

from typing import Any

import pytest

from tests.conformance.central import Operator
from tests.conformance.charge_point import SILENCE, Payload, Refusal, ScriptedChargePoint
from tests.conformance.conftest import Prepare
from tests.e2e.system import RunningSystem

pytestmark = [pytest.mark.e2e, pytest.mark.conformance]


def _tells(**values: Any) -> Payload:
    return {"configurationKey": [{"key": k, "readonly": False, "value": v} for k, v in values.items()]}


@pytest.mark.parametrize(
    ("answer", "status"),
    [(Refusal("InternalError"), "failed"), (SILENCE, "timed_out")],
    ids=["error", "none"],
)
async def test_quirk_25_the_question_for_everything_fails(
    system: RunningSystem, operator: Operator, prepare: Prepare, answer: Refusal, status: str
) -> None:
    """It is asked again, a few of the standard's keys at a time."""

    def few(payload: Payload) -> Payload:
        return {"configurationKey": [], "unknownKey": payload["key"]}

    identity = prepare(settings={"command_timeout_s": 1})
    async with ScriptedChargePoint(system.ws_url, identity) as charge_point:
        await charge_point.boot()
        async with charge_point.expects("GetConfiguration", {}, answer=answer):
            charge_point.always["GetConfiguration"] = few
            async with charge_point.expects("GetConfiguration", answer=few) as second:
                assert (await operator.command(charge_point, "get_configuration"))["status"] == status
        assert 0 < len(second.payload["key"]) <= 4


async def test_quirk_25_some_keys_are_left_out(charge_point: ScriptedChargePoint, operator: Operator) -> None:
    """What is missing in the answer is asked for again."""
    keys = ["A", "B", "C", "D", "E", "F"]
    four = _tells(A="1", B="1", C="1", D="1")
    async with (
        charge_point.expects("GetConfiguration", {"key": keys}, answer=four),
        charge_point.expects("GetConfiguration", {"key": ["E", "F"]}, answer=_tells(E="1", F="1")),
    ):
        await operator.command(charge_point, "get_configuration", {"key": keys})


async def test_quirk_26_values_of_any_kind(charge_point: ScriptedChargePoint, operator: Operator) -> None:
    """Values become texts, names match in any case, and the charge point's own spelling goes back to it."""
    told = [
        {"key": "heartbeatinterval", "readonly": 0, "value": 300},
        {"key": "LocalPreAuthorize", "readonly": 1, "value": True},
        {"key": "VendorKey", "readonly": False, "value": "x" * 600},
    ]
    async with charge_point.expects("GetConfiguration", {}, answer={"configurationKey": told}):
        await operator.command(charge_point, "get_configuration")
    shown = await operator.configuration(charge_point)
    assert (shown["heartbeatinterval"]["value"], shown["heartbeatinterval"]["readonly"]) == ("300", False)
    assert (shown["LocalPreAuthorize"]["value"], shown["LocalPreAuthorize"]["readonly"]) == ("true", True)
    assert shown["VendorKey"]["value"] == "x" * 600
    wanted = {"key": "heartbeatinterval", "value": "60"}
    async with charge_point.expects("ChangeConfiguration", wanted, answer={"status": "Accepted"}):
        change = {"key": "HeartbeatInterval", "value": "60"}
        await operator.command(charge_point, "change_configuration", change)
    shown = await operator.configuration(charge_point)
    assert shown["heartbeatinterval"]["value"] == "60"


async def test_quirk_27_lists_of_measurands_are_refused(
    charge_point: ScriptedChargePoint, operator: Operator
) -> None:
    """One change, one answer: nothing is tried in a loop, and the next one like it is warned of."""
    change = {"key": "MeterValuesSampledData", "value": "Energy.Active.Import.Register,Voltage"}
    async with charge_point.expects("ChangeConfiguration", change, answer={"status": "Rejected"}):
        command = await operator.command(charge_point, "change_configuration", change, force=True)
    assert command["status"] == "rejected"
    single = {"key": "MeterValuesSampledData", "value": "Energy.Active.Import.Register"}
    async with charge_point.expects("ChangeConfiguration", single, answer={"status": "Accepted"}):
        command = await operator.command(charge_point, "change_configuration", single)
    assert command["status"] == "accepted"


async def test_quirk_29_connector_0_is_refused(charge_point: ScriptedChargePoint, operator: Operator) -> None:
    """Then each connector is asked for alone."""
    for connector in (1, 2):
        await charge_point.status(connector, "Available")
    accepted, rejected = {"status": "Accepted"}, {"status": "Rejected"}
    off = [{"connectorId": connector, "type": "Inoperative"} for connector in (0, 1, 2)]
    async with (
        charge_point.expects("ChangeAvailability", off[0], answer=rejected),
        charge_point.expects("ChangeAvailability", off[1], answer=accepted),
        charge_point.expects("ChangeAvailability", off[2], answer=accepted),
    ):
        parameters = {"connector_id": 0, "type": "Inoperative"}
        await operator.command(charge_point, "change_availability", parameters)


async def test_quirk_29_junk_in_rejected_answers(
    charge_point: ScriptedChargePoint, operator: Operator
) -> None:
    """Only the status counts then."""
    junk = {"status": "Rejected", "scheduleStart": "0", "connectorId": "none", "chargingSchedule": []}
    async with charge_point.expects("GetCompositeSchedule", answer=junk):
        parameters = {"connector_id": 1, "duration": 60}
        command = await operator.command(charge_point, "get_composite_schedule", parameters)
    assert command["status"] == "rejected"
