"""What breaks us is put aside alone: its batch is split until it is found, and the others are handled."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from structlog.testing import capture_logs

from app.domain.dead_letter import DeadLetterKind, DeadLetterStatus
from app.domain.errors import Conflict, Retryable
from app.domain.tenant import Tenant
from app.ocpp.dispatch import handle_batch
from app.ocpp.envelope import CommandReport, InboundCall, Reply, ReportKind, StrayFrame
from app.ocpp.replay import replay
from app.services.batch import Batch, BatchNeeds
from tests.builders import NOON, at
from tests.fakes.world import World
from tests.unit.ocpp.conftest import Station, a_batch

METER = {
    "connectorId": 1,
    "meterValue": [{"timestamp": "2026-03-01T12:00:00Z", "sampledValue": [{"value": "1"}]}],
}
START = {"connectorId": 1, "idTag": "TAG", "meterStart": 0, "timestamp": "2026-03-01T12:00:00Z"}
STOP = {"transactionId": 1, "meterStop": 5000, "timestamp": "2026-03-01T12:30:00Z"}
STATUS = {"connectorId": 1, "errorCode": "NoError", "status": "Charging"}
BOOT = {"chargePointVendor": "V", "chargePointModel": "M"}


def codes(replies: list[Reply]) -> list[str]:
    """Of each reply: "ok", or the CallError's code."""
    frames = [json.loads(reply.text) for reply in replies]
    return ["ok" if frame[0] == 3 else frame[2] for frame in frames]


@pytest.fixture
def stations(add_station: Callable[..., Station]) -> list[Station]:
    return [add_station(f"CP-{number}") for number in range(1, 8)]


class Poison:
    """Lets one part of the way break for whatever has to do with CP-3."""

    def __init__(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        self._world, self._patch = world, monkeypatch
        self._load, self._flush = world.batches.load, world.batches.flush
        self.loads = 0

    def spread(self, where: str) -> None:
        if where == "load":
            self._patch.setattr(self._world.batches, "load", self.load)
        elif where == "flush":
            self._patch.setattr(self._world.batches, "flush", self.flush)
        elif where == "parse":
            self._patch.setattr("app.ocpp.dispatch.time_zone", self.break_down)
        else:
            self._patch.setattr("app.ocpp.dispatch.encode_result", self.encode)

    def load(self, tenant: Tenant, needs: BatchNeeds) -> Batch:
        self.loads += 1
        if any(need.charge_point_id == "CP-3" for need in needs.readings):
            raise KeyError("a field that nobody stored")
        return self._load(tenant, needs)

    def flush(self, batch: Batch) -> dict[int, Exception]:
        if any(record.charge_point.charge_point_id == "CP-3" for record in batch.meter_records):
            raise UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates not allowed")
        return self._flush(batch)

    @staticmethod
    def encode(unique_id: str, payload: dict[str, Any]) -> str:
        if unique_id == "poison":
            raise TypeError("not JSON serializable")
        return json.dumps([3, unique_id, payload])

    @staticmethod
    def break_down(*_: object) -> None:
        raise ZeroDivisionError("a bug")


@pytest.fixture
def poison(world: World, monkeypatch: pytest.MonkeyPatch) -> Poison:
    return Poison(world, monkeypatch)


def calls_of(stations: list[Station]) -> list[InboundCall]:
    """Everybody's meter values; the third's are the poison."""
    calls = [one.call("MeterValues", METER, "poison" if one is stations[2] else None) for one in stations]
    calls[2] = replace(calls[2], time_zone="Europe/Berlin")
    return calls


@pytest.mark.parametrize("where", ["parse", "load", "handler", "flush"])
def test_wherever_it_breaks_only_that_call_is_parked(
    stations: list[Station], poison: Poison, where: str
) -> None:
    poison.spread(where)
    world = stations[0].world
    replies = stations[0].handle(*calls_of(stations))
    assert codes(replies) == ["ok", "ok", "InternalError", "ok", "ok", "ok", "ok"]
    assert [reply.connection_id for reply in replies] == [f"connection-CP-{n}" for n in range(1, 8)]
    (letter,) = world.dead_letters.all("acme")
    assert (letter.charge_point_id, letter.action, letter.kind) == ("CP-3", "MeterValues", "call")
    assert letter.status is DeadLetterStatus.PARKED
    stored = {record.charge_point.charge_point_id for record in world.batches.meter_records.values()}
    assert stored >= {"CP-1", "CP-2", "CP-4", "CP-5", "CP-6", "CP-7"}


def test_the_search_takes_few_steps(stations: list[Station], poison: Poison) -> None:
    poison.spread("load")
    stations[0].handle(*calls_of(stations))
    assert poison.loads <= 2 * 3 + 1


def test_what_the_others_said_is_stored_once_though_it_was_tried_more_often(
    stations: list[Station], poison: Poison
) -> None:
    poison.spread("flush")
    calls = calls_of(stations)
    calls[3] = stations[3].call("StartTransaction", START)
    calls[4] = stations[4].call("StatusNotification", STATUS)
    assert codes(stations[0].handle(*calls)) == ["ok", "ok", "InternalError", "ok", "ok", "ok", "ok"]
    told = [event.body["event_type"] for event in stations[3].events()]
    assert told.count("session_started") == 1
    assert len(stations[4].events("status")) == 1


def test_what_came_beside_a_poison_is_in_the_message_log(station: Station, poison: Poison) -> None:
    """A frame that is no call, and the answer to a command."""
    call = replace(station.call("MeterValues", METER, "poison"), charge_point_id="CP-3")
    stray = StrayFrame("CP-1", 0, "not JSON", "hello")
    news = CommandReport("CP-1", "cmd-1", ReportKind.UNANSWERED, 0, "Reset", '[2,"x","Reset",{}]')
    poison.spread("load")
    envelope = replace(a_batch(call, reports=(news,)), strays=(stray,))
    assert codes(handle_batch(envelope, station.world.services)) == ["InternalError"]
    assert [kept.action for kept in station.world.batches.exchanges] == ["(stray)", "Reset"]


def test_two_poisons_are_both_found(stations: list[Station], poison: Poison) -> None:
    poison.spread("load")
    calls = calls_of(stations)
    calls[6] = replace(calls[2], connection_id="connection-CP-7", text=calls[2].text.replace('"1"', '"2"'))
    assert codes(stations[0].handle(*calls)) == [
        "ok",
        "ok",
        "InternalError",
        "ok",
        "ok",
        "ok",
        "InternalError",
    ]
    assert len(stations[0].world.dead_letters.all("acme")) == 2


def test_what_is_no_call_is_parked_and_answered(stations: list[Station]) -> None:
    """The gateway sends nothing else; if it does, that costs nobody but its sender."""
    answer = InboundCall("CP-9", "c", 1, 1, "Accepted", 0, '[3,"1",{}]')
    nothing = InboundCall("CP-9", "d", 1, 1, "Accepted", 0, "hello")
    replies = stations[0].handle(answer, stations[0].call("Heartbeat", {}), nothing)
    assert codes(replies) == ["InternalError", "ok", "InternalError"]
    assert json.loads(replies[0].text)[1] == "1"
    assert json.loads(replies[2].text)[1] == "-1"
    assert {letter.action for letter in stations[0].world.dead_letters.all("acme")} == {""}


def test_a_store_that_is_away_is_no_poison(stations: list[Station]) -> None:
    world = stations[0].world
    world.batches.reachable = False
    assert codes(stations[0].handle(*calls_of(stations))) == ["InternalError"] * 7
    world.batches.reachable = True
    world.batches.failing = {2: Retryable("no primary")}
    stations[0].handle(*calls_of(stations))
    assert world.dead_letters.all("acme") == []


def test_what_a_store_can_never_keep_is_poison(stations: list[Station]) -> None:
    world = stations[0].world
    world.batches.failing = {2: OverflowError("MongoDB can only handle up to 8-byte ints")}
    assert codes(stations[0].handle(*calls_of(stations)))[2] == "InternalError"
    (letter,) = world.dead_letters.all("acme")
    assert (letter.error, letter.reason) == ("OverflowError", "MongoDB can only handle up to 8-byte ints")


def test_what_a_charge_point_does_wrong_is_refused_and_not_parked(station: Station) -> None:
    assert station.refusal("MeterValues", {"connectorId": "x"}) in ("FormationViolation", "ProtocolError")
    assert station.world.dead_letters.all("acme") == []


def test_a_dead_letter_tells_all_that_is_needed(station: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    """And the log has the rest, under its id."""
    poisoned(monkeypatch)
    station.world.clock.advance(5)
    call = replace(station.call("MeterValues", METER), strict=True, time_zone="Europe/Berlin")
    with capture_logs() as logs:
        station.handle(call)
    (letter,) = station.world.dead_letters.all("acme")
    (line,) = (entry for entry in logs if entry["event"] == "call_broke")
    assert line["dead_letter_id"] == letter.id
    assert isinstance(line["exc_info"], ZeroDivisionError)
    assert letter.frame == call.text
    assert (letter.connection_id, letter.epoch, letter.sequence) == ("connection-CP-1", 1, 1)
    assert (letter.registration, letter.strict, letter.time_zone) == ("Accepted", True, "Europe/Berlin")
    assert (letter.received_at, letter.first_at, letter.last_at) == (at(5), at(5), at(5))
    assert (letter.error, letter.reason, letter.count) == ("ZeroDivisionError", "a bug", 1)


def test_secrets_in_a_reason_are_hidden(station: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    poisoned(monkeypatch, ValueError("mongodb://ocpp:hush@mongodb:27017 " + "x" * 1000))
    station.send("MeterValues", METER)
    (letter,) = station.world.dead_letters.all("acme")
    assert "hush" not in letter.reason
    assert len(letter.reason) == 500


def poisoned(monkeypatch: pytest.MonkeyPatch, failure: Exception | None = None) -> None:
    """Every reading breaks the handler."""

    def break_down(*_: object, **__: object) -> None:
        raise failure or ZeroDivisionError("a bug")

    monkeypatch.setattr("app.ocpp.incoming.Incoming.readings", break_down)


def test_the_same_again_is_the_same_dead_letter(station: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    """Charge points try again, under a new message id and with other spaces."""
    poisoned(monkeypatch)
    station.send("MeterValues", METER)
    station.world.clock.advance(60)
    call = station.call("MeterValues", METER)
    station.handle(replace(call, text=call.text.replace(", ", " ,  ")))
    (letter,) = station.world.dead_letters.all("acme")
    assert (letter.count, letter.first_at, letter.last_at) == (2, at(0), at(60))
    assert (letter.sequence, letter.received_at) == (1, NOON)
    station.send("MeterValues", METER | {"connectorId": 2})
    assert len(station.world.dead_letters.all("acme")) == 2


@pytest.mark.parametrize("failure", [Retryable("no primary"), ZeroDivisionError()])
def test_parking_that_fails_costs_no_answer(
    stations: list[Station], poison: Poison, monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    def fail(*_: object) -> None:
        raise failure

    monkeypatch.setattr(stations[0].world.dead_letters, "park", fail)
    poison.spread("load")
    with capture_logs() as logs:
        replies = stations[0].handle(*calls_of(stations))
    assert codes(replies).count("ok") == 6
    assert "dead_letters_not_parked" in [entry["event"] for entry in logs]


def test_nothing_is_parked_where_nothing_breaks(
    stations: list[Station], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise AssertionError("asked for nothing")

    monkeypatch.setattr(stations[0].world.dead_letters, "park", fail)
    assert codes(stations[0].handle(*calls_of(stations))) == ["ok"] * 7


def test_side_paths_that_break_cost_no_answer(
    stations: list[Station], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stations[0].world.services.charge_points, "hear", Poison.break_down)
    monkeypatch.setattr("app.ocpp.dispatch.exchanges_of", Poison.break_down)
    assert codes(stations[0].handle(*calls_of(stations))) == ["ok"] * 7
    assert stations[0].world.dead_letters.all("acme") == []


# --- reports -----------------------------------------------------------------------------------------


def test_a_report_that_breaks_is_parked_alone(station: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(station.world.services.commands, "mark_sent", Poison.break_down)
    news = CommandReport(
        "CP-1", "cmd-1", ReportKind.ANSWERED, 0, "GetConfiguration", None, '[3,"x",{"a":"AuthorizationKey"}]'
    )
    heartbeat = station.call("Heartbeat", {})
    replies = handle_batch(a_batch(heartbeat, reports=(news, news)), station.world.services)
    assert codes(replies) == ["ok"]
    (letter,) = station.world.dead_letters.all("acme")
    assert (letter.kind, letter.action, letter.epoch) == (DeadLetterKind.REPORT, "GetConfiguration", None)
    with pytest.raises(Conflict):
        replay(letter, station.world.services)


# --- replay ------------------------------------------------------------------------------------------


def park(station: Station, action: str, payload: object) -> str:
    """A call that breaks in the store's reading, whatever it is; the dead letter's id."""
    with pytest.MonkeyPatch.context() as broken:
        broken.setattr(station.world.batches, "load", Poison.break_down)
        assert station.refusal(action, payload) == "InternalError"
    (letter,) = [one for one in station.world.dead_letters.all("acme") if one.action == action]
    return letter.id


def handled(station: Station, dead_letter_id: str) -> tuple[DeadLetterStatus, Any]:
    """Replay; the status and the answer's frame."""
    letters = station.world.services.dead_letters
    after = replay(letters.get("acme", dead_letter_id), station.world.services)
    assert after == letters.get("acme", dead_letter_id)
    return after.status, json.loads(after.answer or "null")


def test_a_whole_session_is_replayed_late_and_nothing_of_it_is_lost(station: Station) -> None:
    """The charge point has dropped all three; the dead letters are the only copy."""
    park(station, "StartTransaction", START)
    park(station, "MeterValues", METER | {"transactionId": 1})
    park(station, "StopTransaction", STOP)
    world = station.world
    world.clock.advance(86_400)
    by_action = {letter.action: letter.id for letter in world.dead_letters.all("acme")}
    status, answer = handled(station, by_action["StartTransaction"])
    assert (status, answer[2]["transactionId"]) == (DeadLetterStatus.REPLAYED, 1)
    assert handled(station, by_action["MeterValues"])[0] is DeadLetterStatus.REPLAYED
    assert handled(station, by_action["StopTransaction"])[0] is DeadLetterStatus.REPLAYED
    session = world.services.sessions.get("acme", "session-1")
    assert (session.status, session.start_meter_value, session.stop_meter_value) == ("completed", 0, 5000)
    assert (session.start_time, session.received_at) == (NOON, NOON)
    assert [record.transaction_id for record in world.batches.meter_records.values()] == [1]
    told = {event.body["event_type"] for event in station.events()}
    assert told == {"session_started", "meter_value", "session_stopped"}


def test_a_replay_after_the_charge_point_came_through_changes_nothing(station: Station) -> None:
    name = park(station, "StartTransaction", START)
    assert station.ask("StartTransaction", START)["transactionId"] == 1
    assert handled(station, name)[1][2]["transactionId"] == 1
    assert len(station.events("session_started")) == 1


def test_a_second_replay_changes_nothing(station: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    name = park(station, "MeterValues", METER)
    first = handled(station, name)
    monkeypatch.setattr(station.world.batches, "load", Poison.break_down)
    assert handled(station, name) == first
    assert len(station.world.batches.meter_records) == 1


def test_a_replayed_status_does_not_overwrite_a_newer_one(station: Station) -> None:
    name = park(station, "StatusNotification", STATUS)
    station.ask("StatusNotification", STATUS | {"status": "Available"})
    assert handled(station, name)[0] is DeadLetterStatus.REPLAYED
    assert [connector.status for connector in station.stored.connectors] == ["Available"]


def test_a_replayed_boot_does_not_overwrite_a_newer_one(station: Station) -> None:
    name = park(station, "BootNotification", BOOT)
    station.ask("BootNotification", BOOT | {"chargePointModel": "new"})
    newest = station.stored
    assert handled(station, name)[0] is DeadLetterStatus.REPLAYED
    assert station.stored.inventory == newest.inventory


def test_a_replay_that_breaks_again_stays_parked_and_says_so(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    poisoned(monkeypatch)
    station.send("MeterValues", METER)
    (letter,) = station.world.dead_letters.all("acme")
    status, answer = handled(station, letter.id)
    assert (status, answer[0], answer[2]) == (DeadLetterStatus.PARKED, 4, "InternalError")


def test_a_replay_while_the_store_is_away_stays_parked(station: Station) -> None:
    name = park(station, "MeterValues", METER)
    station.world.batches.reachable = False
    status, answer = handled(station, name)
    assert (status, answer[3]) == (DeadLetterStatus.PARKED, "try again later")


def test_a_replay_is_nothing_that_was_heard_or_said(station: Station) -> None:
    """The charge point may be off for days, and the message log tells what was on the wire."""
    name = park(station, "MeterValues", METER)
    station.world.services.charge_points.mark_silent(station.ref, 1)
    said = len(station.world.batches.exchanges)
    handled(station, name)
    assert not station.stored.is_live
    assert len(station.world.batches.exchanges) == said
