"""Events on MQTT have exactly the shape that design section 5 promises."""

from app.domain.command import CommandStatus
from app.domain.events import EventChannel, event, refused_command_event, response_event, status_event
from tests.builders import NOON, REF, a_charge_point, a_command, a_connection, a_connector, at


def test_an_event_has_the_published_shape() -> None:
    told = event(
        EventChannel.SESSION,
        REF,
        event_type="session_started",
        event_id="session-1:started",
        at=NOON,
        data={"connector_id": 1, "energy_wh": 0, "duration_seconds": 0},
        session_id="session-1",
    )
    assert told.channel is EventChannel.SESSION
    assert told.charge_point == REF
    assert told.body == {
        "schema_version": 1,
        "event_id": "session-1:started",
        "event_type": "session_started",
        "timestamp": "2026-03-01T12:00:00.000Z",
        "session_id": "session-1",
        "charge_point_id": "CP-1",
        "tenant_id": "acme",
        "data": {"connector_id": 1, "energy_wh": 0, "duration_seconds": 0},
    }


def test_a_status_lists_the_connectors() -> None:
    charge_point = a_charge_point(
        connection=a_connection(),
        connectors=(
            a_connector(0),
            a_connector(1, "Charging", error_code="HighTemperature", last_update=at(5)),
        ),
    )
    told = status_event(charge_point, at(6), "status:1")
    assert told.channel is EventChannel.STATUS
    assert told.body == {
        "schema_version": 1,
        "event_id": "status:1",
        "event_type": "status",
        "timestamp": "2026-03-01T12:00:06.000Z",
        "charge_point_id": "CP-1",
        "tenant_id": "acme",
        "status": "Occupied",
        "connectors": [
            {
                "id": 0,
                "status": "Available",
                "error_code": "NoError",
                "last_update": "2026-03-01T12:00:00.000Z",
                "stale": False,
            },
            {
                "id": 1,
                "status": "Charging",
                "error_code": "HighTemperature",
                "last_update": "2026-03-01T12:00:05.000Z",
                "stale": False,
            },
        ],
    }


def test_an_offline_charge_point_shows_its_connectors_as_stale_not_as_available() -> None:
    body = status_event(a_charge_point(connectors=(a_connector(1),)), NOON, "status:2").body
    assert body["status"] == "Offline"
    assert [connector["stale"] for connector in body["connectors"]] == [True]


def test_a_response_tells_state_and_result_of_a_command() -> None:
    command = a_command(
        status=CommandStatus.REJECTED, result={"status": "Rejected"}, error={"code": "refused"}
    )
    told = response_event(command, NOON)
    assert told.channel is EventChannel.RESPONSE
    assert told.body == {
        "schema_version": 1,
        "event_id": "cmd-1:rejected",
        "event_type": "command_response",
        "timestamp": "2026-03-01T12:00:00.000Z",
        "command_id": "cmd-1",
        "command_type": "reset",
        "charge_point_id": "CP-1",
        "tenant_id": "acme",
        "requested_by": "tests",
        "status": "rejected",
        "result": {"status": "Rejected"},
        "error": {"code": "refused"},
    }


def test_each_state_of_a_command_is_told_under_an_id_of_its_own() -> None:
    ids = {response_event(a_command(status=status), NOON).body["event_id"] for status in CommandStatus}
    assert len(ids) == len(CommandStatus)


def test_a_refused_command_has_the_shape_of_a_response() -> None:
    refused = refused_command_event(REF, None, {"code": "invalid_input"}, NOON, "refused:1").body
    assert refused.keys() == response_event(a_command(), NOON).body.keys()
    assert (refused["status"], refused["error"], refused["command_id"]) == (
        "failed",
        {"code": "invalid_input"},
        None,
    )
