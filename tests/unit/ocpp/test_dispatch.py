"""The single entry for calls: each is answered once, fails alone, and only after it was stored."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from structlog.testing import capture_logs

from app.domain.charge_point import Registration
from app.domain.errors import Retryable
from app.domain.tenant import TenantStatus
from app.domain.times import to_epoch_ms
from app.ocpp.dispatch import handle_batch
from app.ocpp.envelope import Reply, StrayFrame
from app.services.batch import Batch
from tests.builders import at
from tests.fakes.world import World
from tests.unit.ocpp.conftest import Station, a_batch

BOOT = {"chargePointVendor": "V", "chargePointModel": "M"}
STATUS = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}
METER = {
    "connectorId": 1,
    "meterValue": [{"timestamp": "2026-03-01T12:00:00Z", "sampledValue": [{"value": "1"}]}],
}
START = {"connectorId": 1, "idTag": "TAG", "meterStart": 0, "timestamp": "2026-03-01T12:00:00Z"}


def codes(replies: list[Reply]) -> list[str]:
    """Of each reply: "ok", or the CallError's code."""
    frames = [json.loads(reply.text) for reply in replies]
    return ["ok" if frame[0] == 3 else frame[2] for frame in frames]


# --- answers -----------------------------------------------------------------------------------------


def test_a_reply_carries_the_calls_unique_id_and_place(station: Station) -> None:
    call = station.call("Heartbeat", {}, unique_id="some id/with ünïcode")
    (reply,) = station.handle(call)
    assert json.loads(reply.text) == [3, "some id/with ünïcode", {"currentTime": "2026-03-01T12:00:00.000Z"}]
    assert (reply.connection_id, reply.sequence) == (call.connection_id, call.sequence)


def test_null_is_an_empty_payload(station: Station) -> None:
    """Vector H1."""
    assert station.send("Heartbeat", None) == [3, "u-1", {"currentTime": "2026-03-01T12:00:00.000Z"}]


def test_an_unknown_action_is_not_implemented_a_known_one_not_supported(station: Station) -> None:
    """Vector H4: the two codes are easily mixed up (A45)."""
    assert station.refusal("Foo", {}) == "NotImplemented"
    assert station.refusal("heartbeat", {}) == "NotImplemented"
    assert station.refusal("Reset", {"type": "Hard"}) == "NotSupported"
    assert station.refusal("BootNotificationResponse", {}) == "NotImplemented"


def test_of_an_action_that_nobody_knows_only_the_beginning_is_told(station: Station) -> None:
    """It may be a megabyte, and stands in each line of the log about the call."""
    with capture_logs() as logs:
        station.send("Foo" * 1_000, {})
    (told,) = (entry for entry in logs if entry["event"] == "call_refused")
    assert len(told["action"]) == 100
    (exchange,) = station.world.batches.exchanges
    assert len(exchange.action) == 100
    assert "Foo" * 1_000 in exchange.request


def test_a_payload_that_breaks_the_schema_gets_its_code(station: Station) -> None:
    """Vector H5."""
    assert station.refusal("Authorize", {}) == "ProtocolError"
    assert station.refusal("Authorize", {"idTag": {}}) == "TypeConstraintViolation"


def test_only_a_boot_reports_a_registration(station: Station) -> None:
    replies = station.handle(station.call("Heartbeat", {}), station.call("BootNotification", BOOT))
    assert [reply.registration for reply in replies] == [None, "Accepted"]


def test_an_empty_batch_is_answered_by_nothing(world: World) -> None:
    """It is the canary that shows that a queue works again."""
    assert handle_batch(a_batch(), world.services) == []
    assert world.batches.exchanges == []


# --- registration (A33) ------------------------------------------------------------------------------


@pytest.mark.parametrize("registration", [None, "Rejected"])
@pytest.mark.parametrize(
    ("action", "payload"), [("StatusNotification", STATUS), ("Heartbeat", {}), ("Foo", {})]
)
def test_before_acceptance_only_a_boot_is_answered(
    station: Station, registration: str | None, action: str, payload: object
) -> None:
    """Vector H3."""
    station.registration = registration
    assert station.refusal(action, payload) == "SecurityError"
    assert station.ask("BootNotification", BOOT)["status"] == "Accepted"


def test_while_pending_what_was_triggered_is_answered(station: Station) -> None:
    station.registration = "Pending"
    assert station.ask("StatusNotification", STATUS) == {}


def test_while_pending_nobody_charges_and_a_stop_is_kept_all_the_same(station: Station) -> None:
    """A33, B44: what began before acceptance was lost must still be billed."""
    station.registration = "Pending"
    assert station.refusal("Authorize", {"idTag": "TAG"}) == "SecurityError"
    assert station.refusal("StartTransaction", START) == "SecurityError"
    stop = {"transactionId": 7, "meterStop": 5, "timestamp": "2026-03-01T12:00:00Z"}
    assert station.ask("StopTransaction", stop) == {}


def test_an_accepted_charge_point_is_served_on_a_new_socket_without_booting(station: Station) -> None:
    """A38, vector H3."""
    assert station.ask("StatusNotification", STATUS) == {}


def test_calls_of_an_unknown_tenant_are_refused(world: World, station: Station) -> None:
    replies = handle_batch(a_batch(station.call("Heartbeat", {}), tenant_id="nobody"), world.services)
    assert codes(replies) == ["SecurityError"]


def test_calls_of_a_suspended_tenant_are_refused(world: World, station: Station) -> None:
    world.tenants.replace(replace(world.services.tenants.get("acme"), status=TenantStatus.SUSPENDED))
    world.services.tenants.directory.refresh()
    assert station.refusal("BootNotification", BOOT) == "SecurityError"


# --- one failing call fails alone --------------------------------------------------------------------


@pytest.fixture
def stations(add_station: Callable[..., Station]) -> list[Station]:
    return [add_station(f"CP-{number}") for number in (1, 2, 3)]


BAD_CALLS = [
    ("Foo", {}, "NotImplemented"),
    ("Authorize", {}, "ProtocolError"),
    ("Authorize", {"idTag": None}, "ProtocolError"),
    ("StartTransaction", START | {"idTag": None}, "ProtocolError"),
    ("StopTransaction", {"transactionId": None, "meterStop": 1, "timestamp": "t"}, "ProtocolError"),
    ("MeterValues", METER | {"connectorId": 2**53 + 1}, "PropertyConstraintViolation"),
    ("StatusNotification", STATUS | {"connectorId": -1}, "PropertyConstraintViolation"),
    ("StatusNotification", STATUS | {"connectorId": 1001}, "PropertyConstraintViolation"),
]


@pytest.mark.parametrize(("action", "payload", "code"), BAD_CALLS)
def test_a_bad_call_costs_its_neighbours_nothing(
    stations: list[Station], action: str, payload: object, code: str
) -> None:
    first, bad, last = stations
    replies = first.handle(
        first.call("Heartbeat", {}), bad.call(action, payload), last.call("MeterValues", METER)
    )
    assert codes(replies) == ["ok", code, "ok"]
    assert len(first.world.batches.meter_records) == 1


def test_a_handler_that_breaks_is_an_internal_error_of_its_call_alone(
    stations: list[Station], monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(stations[0].world.services.boots, "boot", break_down)
    first, broken, last = stations
    replies = first.handle(
        first.call("Heartbeat", {}), broken.call("BootNotification", BOOT), last.call("Heartbeat", {})
    )
    assert codes(replies) == ["ok", "InternalError", "ok"]
    assert [reply.registration for reply in replies] == [None, None, None]


def test_a_store_that_fails_one_call_is_asked_for_the_others(
    stations: list[Station], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise Retryable("MongoDB: no primary")

    monkeypatch.setattr(stations[0].world.services.boots, "boot", fail)
    first, broken, _ = stations
    replies = first.handle(broken.call("BootNotification", BOOT), first.call("MeterValues", METER))
    assert codes(replies) == ["InternalError", "ok"]


def test_a_write_that_fails_at_the_end_is_an_internal_error_of_its_call_alone(
    stations: list[Station],
) -> None:
    """Persist, then answer: the CallResult that was ready must not leave (A29)."""
    world = stations[0].world
    world.batches.failing = {1: Retryable("write failed")}
    replies = stations[0].handle(*[one.call("StatusNotification", STATUS) for one in stations])
    assert codes(replies) == ["ok", "InternalError", "ok"]
    told = {event.charge_point.charge_point_id for event in world.outbox.events("acme")}
    assert told == {"CP-1", "CP-3"}


def test_a_store_that_cannot_be_read_fails_all_calls_and_loses_none(stations: list[Station]) -> None:
    world = stations[0].world
    world.batches.reachable = False
    replies = stations[0].handle(*[one.call("MeterValues", METER) for one in stations])
    assert codes(replies) == ["InternalError"] * 3


UNREAD = [
    ("Heartbeat", {}, "ok"),
    ("BootNotification", BOOT, "InternalError"),
    ("StatusNotification", STATUS, "InternalError"),
    ("Authorize", {"idTag": "TAG"}, "InternalError"),
    ("DataTransfer", {"vendorId": "V"}, "InternalError"),
    ("StartTransaction", START, "InternalError"),
    (
        "StopTransaction",
        {"transactionId": 1, "meterStop": 1, "timestamp": START["timestamp"]},
        "InternalError",
    ),
]


@pytest.mark.parametrize(("action", "payload", "expected"), UNREAD)
def test_without_the_store_the_time_is_told_and_nothing_is_taken_that_would_be_lost(
    stations: list[Station], monkeypatch: pytest.MonkeyPatch, action: str, payload: Any, expected: str
) -> None:
    """A charge point keeps its transaction messages and sends them again (A27)."""

    def fail(*_: object) -> None:
        raise Retryable("MongoDB: there is no primary")

    world = stations[0].world
    world.batches.reachable = False
    monkeypatch.setattr(world.charge_points, "find", fail)
    replies = stations[0].handle(
        stations[0].call(action, payload), stations[1].call("MeterValues", METER), stations[2].call("Foo", {})
    )
    assert codes(replies) == [expected, "InternalError", "NotImplemented"]


@pytest.mark.parametrize("failure", [Retryable("away"), ZeroDivisionError()])
@pytest.mark.parametrize("beside", ["wake_relay", "touch", "hear"])
def test_what_stands_beside_the_way_of_answers_costs_none(
    station: Station, monkeypatch: pytest.MonkeyPatch, beside: str, failure: Exception
) -> None:
    """Liveness, and waking the relay: whatever breaks there, what was stored is answered."""

    def fail(*_: object) -> None:
        raise failure

    world = station.world
    owner = {"wake_relay": world.link, "touch": world.last_seen, "hear": world.services.charge_points}[beside]
    monkeypatch.setattr(owner, beside, fail)
    assert codes(station.handle(station.call("StatusNotification", STATUS))) == ["ok"]
    assert station.stored.connectors[0].status == "Available"


def test_answers_leave_though_the_charge_points_waking_cannot_be_stored(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everything the calls said is stored by then; liveness alone must not take their answers."""

    def fail(*_: object) -> None:
        raise Retryable("MongoDB: no primary")

    world = station.world
    world.services.charge_points.mark_silent(station.ref, 1)
    monkeypatch.setattr(world.charge_points, "mark_silent", fail)
    monkeypatch.setattr(world.charge_points, "find", fail)
    assert codes(station.handle(station.call("Heartbeat", {}))) == ["ok"]


# --- what comes again, late -----------------------------------------------------------------------------


def test_a_redelivered_batch_changes_nothing_twice_however_late_it_is(
    add_station: Callable[..., Station],
) -> None:
    """A worker died with it in hand, the gateway has handled it meanwhile, and more was said since."""
    first, second, third = (add_station(f"CP-{number}") for number in (1, 2, 3))
    world = first.world
    lost = [
        first.call("StartTransaction", START),
        second.call("MeterValues", METER),
        third.call("StatusNotification", STATUS | {"status": "Charging"}),
    ]
    answers = [reply.text for reply in first.handle(*lost)]
    stop = first.call(
        "StopTransaction", {"transactionId": 1, "meterStop": 9, "timestamp": START["timestamp"]}
    )
    later = [stop, second.call("Heartbeat", {}), third.call("StatusNotification", STATUS)]
    first.handle(*later)
    session, records = world.services.sessions.get("acme", "session-1"), dict(world.batches.meter_records)
    told = {event.body["event_id"] for event in world.outbox.events("acme")}
    world.clock.advance(20)
    assert [reply.text for reply in first.handle(*lost)] == answers
    assert codes(first.handle(stop)) == ["ok"]
    assert world.services.sessions.get("acme", "session-1") == session
    assert world.batches.meter_records == records
    assert [connector.status for connector in third.stored.connectors] == ["Available"]
    assert {event.body["event_id"] for event in world.outbox.events("acme")} == told


# --- what a batch leaves behind ----------------------------------------------------------------------


def test_the_message_log_keeps_every_exchange_in_order_refused_ones_too(stations: list[Station]) -> None:
    first, second, third = stations
    calls = [first.call("Heartbeat", {}), second.call("Foo", {"a": 1}), third.call("MeterValues", METER)]
    replies = first.handle(*calls)
    kept = first.world.batches.exchanges
    assert [(e.charge_point.charge_point_id, e.direction, e.action) for e in kept] == [
        ("CP-1", "in", "Heartbeat"),
        ("CP-2", "in", "Foo"),
        ("CP-3", "in", "MeterValues"),
    ]
    assert [e.request for e in kept] == [call.text for call in calls]
    assert [e.response for e in kept] == [reply.text for reply in replies]
    assert [e.unique_id for e in kept] == ["u-1", "u-1", "u-1"]


def test_every_charge_point_that_spoke_was_seen(stations: list[Station]) -> None:
    world = stations[0].world
    world.clock.advance(100)
    stations[0].handle(stations[0].call("Heartbeat", {}), stations[1].call("Authorize", {"idTag": "X"}))
    since = world.last_seen.heard_since("acme", world.clock.now())
    assert set(since) == {"CP-1", "CP-2"}


def test_a_charge_point_that_was_silent_is_online_as_soon_as_it_speaks(station: Station) -> None:
    station.world.services.charge_points.mark_silent(station.ref, 1)
    before = station.stored
    station.ask("Heartbeat", {})
    assert (before.is_live, station.stored.is_live) == (False, True)
    assert [event.body["status"] for event in station.events("status")] == ["Offline", "Unavailable"]


def test_the_relay_is_woken_when_there_is_something_to_publish(station: Station) -> None:
    station.world.link.woken.clear()
    station.ask("Heartbeat", {})
    assert station.world.link.woken == []
    station.ask("StatusNotification", STATUS)
    assert station.world.link.woken == ["acme"]


def test_reads_are_gathered_for_the_whole_batch(
    stations: list[Station], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One query per collection, whatever the number of calls (design section 3)."""
    batches, load, asked = stations[0].world.batches, stations[0].world.batches.load, []

    def spy(tenant: object, needs: object) -> Batch:
        asked.append(needs)
        return load(tenant, needs)  # type: ignore[arg-type]

    monkeypatch.setattr(batches, "load", spy)
    first, second, third = stations
    first.handle(
        first.call("StatusNotification", STATUS),
        second.call("Authorize", {"idTag": "Tag"}),
        third.call(
            "StopTransaction", {"transactionId": 7, "meterStop": 1, "timestamp": "t", "idTag": "other"}
        ),
        first.call("Foo", {}),
    )
    (needs,) = asked
    wanted = ({"CP-1", "CP-3"}, {"tag", "other"}, {7})
    assert (needs.charge_points, needs.id_tags, needs.transactions) == wanted  # type: ignore[attr-defined]


def test_two_tenants_with_the_same_names_never_meet(add_station: Callable[..., Station]) -> None:
    """Same charge point id, same tag, same transaction number: neither sees the other's."""
    ours, theirs = add_station("CP-1", "acme"), add_station("CP-1", "beta", Registration.ACCEPTED)
    ours.world.services.id_tags.put("beta", "TAG")
    assert ours.ask("StartTransaction", START)["idTagInfo"] == {"status": "Invalid"}
    started = theirs.ask("StartTransaction", START)
    assert started == {"transactionId": 1, "idTagInfo": {"status": "Accepted"}}
    ours.ask("StopTransaction", {"transactionId": 1, "meterStop": 9, "timestamp": "2026-03-01T12:10:00Z"})
    assert theirs.world.services.sessions.get("beta", "session-1").stop_time is None
    assert {event.body["tenant_id"] for event in theirs.events()} == {"beta"}


# --- tolerant and strict (section G) -----------------------------------------------------------------

ODD_STATUS = {"connectorId": "1", "status": "Available", "errorCode": "Error", "colour": "green"}


def counted(station: Station) -> dict[str, int]:
    return dict(station.world.deviations.find(station.ref).counts)


def test_what_is_forgiven_is_counted(station: Station) -> None:
    """G11, G13, G24: each way by its name, for each charge point."""
    assert station.ask("StatusNotification", ODD_STATUS) == {}
    assert station.ask("StatusNotification", ODD_STATUS) == {}
    assert counted(station) == {"wrong_type": 2, "unknown_word": 2, "unknown_member": 2}


def test_a_good_call_counts_nothing(station: Station) -> None:
    station.ask("StatusNotification", STATUS)
    assert counted(station) == {}


def test_what_the_gateway_saw_is_counted_with_the_call(station: Station) -> None:
    call = replace(station.call("Heartbeat", {}), deviations=("missing_subprotocol",))
    station.handle(call)
    assert counted(station) == {"missing_subprotocol": 1}


@pytest.mark.parametrize(
    ("action", "payload", "code"),
    [
        ("Authorize", {"idTag": 12}, "TypeConstraintViolation"),
        ("StatusNotification", STATUS | {"errorCode": "Nonsense"}, "PropertyConstraintViolation"),
        ("Authorize", {"idTag": "TAG", "connectorId": 1}, "FormationViolation"),
    ],
)
def test_a_strict_charge_point_is_told_its_mistakes(
    station: Station, action: str, payload: dict[str, Any], code: str
) -> None:
    """Vector H5, the rows marked with a tilde."""
    call = station.call(action, payload)
    assert codes(station.handle(replace(call, strict=True))) == [code]
    assert station.send(action, payload)[0] == 3


def test_a_time_without_offset_is_in_the_charge_points_zone(station: Station) -> None:
    """G14."""
    call = station.call("StatusNotification", STATUS | {"timestamp": "2026-03-01T13:00:00"})
    station.handle(replace(call, time_zone="Europe/Berlin"))
    assert station.stored.connectors[0].last_update == at(0)


def test_a_stray_frame_is_in_the_message_log(station: Station) -> None:
    """G: raw frames are kept, also those that nobody can read."""
    stray = StrayFrame("CP-1", to_epoch_ms(at(1)), "not JSON", "hello")
    handle_batch(replace(a_batch(), strays=(stray,)), station.world.services)
    (logged,) = station.world.batches.exchanges
    assert (logged.direction, logged.action, logged.request, logged.response) == (
        "in",
        "(stray)",
        "hello",
        "not JSON",
    )
