"""News of commands from the gateway: sent, answered, or ended without an answer (A24, A25, A32b)."""

import json
from typing import Any

import pytest

from app.domain.command import Command, CommandRequest, CommandStatus
from app.domain.errors import Retryable
from app.domain.times import to_epoch_ms
from app.ocpp.dispatch import handle_batch
from app.ocpp.envelope import CommandReport, ReportKind
from app.ocpp.reports import exchanges_of
from tests.builders import NOON, at
from tests.unit.ocpp.conftest import Station, a_batch


@pytest.fixture
def command(station: Station) -> Command:
    tenant = station.world.services.tenants.get("acme")
    request = CommandRequest(station.ref, "reset", {"type": "Soft"}, "tests", command_id="cmd-1")
    return station.world.services.commands.submit(tenant, request)


def report(station: Station, kind: ReportKind, answer: Any = None, command_id: str = "cmd-1") -> Command:
    """What becomes of the command."""
    text = answer if isinstance(answer, str) or answer is None else json.dumps(answer)
    news = CommandReport("CP-1", command_id, kind, to_epoch_ms(NOON), "Reset", '[2,"x","Reset",{}]', text)
    handle_batch(a_batch(reports=(news,)), station.world.services)
    return station.world.services.commands.get("acme", "cmd-1")


def test_sent(station: Station, command: Command) -> None:
    sent = report(station, ReportKind.SENT)
    assert (sent.status, sent.sent_at) == (CommandStatus.SENT, NOON)


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ({"status": "Accepted"}, CommandStatus.ACCEPTED),
        ({"status": "Rejected"}, CommandStatus.REJECTED),
        ({}, CommandStatus.REJECTED),
    ],
)
def test_an_answer_ends_the_command_as_its_action_judges(
    station: Station, command: Command, answer: dict[str, Any], status: CommandStatus
) -> None:
    report(station, ReportKind.SENT)
    ended = report(station, ReportKind.ANSWERED, [3, "x", answer])
    assert (ended.status, ended.result) == (status, answer)
    assert ended.completed_at == NOON


def test_an_answer_may_be_worked_on_before_the_news_of_sending(station: Station, command: Command) -> None:
    report(station, ReportKind.ANSWERED, [3, "x", {"status": "Accepted"}])
    assert report(station, ReportKind.SENT).status is CommandStatus.ACCEPTED


@pytest.mark.parametrize("code", ["NotSupported", "FormatViolation", "SomethingElse"])
def test_a_call_error_fails_the_command_with_code_and_text_as_they_came(
    station: Station, command: Command, code: str
) -> None:
    """A32b, C4: a normal result shown to the caller."""
    ended = report(station, ReportKind.ANSWERED, [4, "x", code, "no thanks", {"a": 1}])
    assert ended.status is CommandStatus.FAILED
    assert ended.error == {"code": code, "message": "no thanks", "details": {"a": 1}}


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (ReportKind.UNANSWERED, CommandStatus.TIMED_OUT),
        (ReportKind.CONNECTION_LOST, CommandStatus.UNKNOWN_OUTCOME),
    ],
)
def test_without_an_answer_the_outcome_is_unknown_not_failed(
    station: Station, command: Command, kind: ReportKind, status: CommandStatus
) -> None:
    """A24."""
    ended = report(station, kind)
    assert ended.status is status
    assert ended.error is not None
    assert ended.error["code"] == "outcome_unknown"


def test_what_waited_too_long_is_expired(station: Station, command: Command) -> None:
    assert report(station, ReportKind.EXPIRED).status is CommandStatus.EXPIRED


def test_a_late_answer_is_noted_beside_the_outcome(station: Station, command: Command) -> None:
    """A25."""
    report(station, ReportKind.UNANSWERED)
    assert (
        report(station, ReportKind.ANSWERED, [3, "x", {"status": "Accepted"}]).status
        is CommandStatus.TIMED_OUT
    )
    assert station.world.commands.late_answers == {("acme", "cmd-1"): {"status": "Accepted"}}


def test_news_of_an_unknown_command_changes_nothing(station: Station, command: Command) -> None:
    for kind in ReportKind:
        assert report(station, kind, [3, "x", {}], command_id="nobody's").status is CommandStatus.QUEUED


def test_a_report_that_cannot_be_stored_costs_its_batch_nothing(
    station: Station, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise Retryable("MongoDB: no primary")

    monkeypatch.setattr(station.world.commands, "move", fail)
    news = CommandReport("CP-1", "cmd-1", ReportKind.SENT, 0, "Reset")
    (reply,) = handle_batch(a_batch(station.call("Heartbeat", {}), reports=(news,)), station.world.services)
    assert json.loads(reply.text)[0] == 3


def test_an_answer_that_breaks_its_judge_costs_its_batch_nothing(
    station: Station, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Answers are the charge point's own making: no store must choke on one and take the others along."""

    def break_down(*_: object) -> None:
        raise OverflowError("MongoDB can only handle up to 8-byte ints")

    monkeypatch.setattr(station.world.commands, "move", break_down)
    news = CommandReport(
        "CP-1", "cmd-1", ReportKind.ANSWERED, 0, "Reset", "", '[3,"x",{"status":"Accepted"}]'
    )
    (reply,) = handle_batch(a_batch(station.call("Heartbeat", {}), reports=(news,)), station.world.services)
    assert json.loads(reply.text)[0] == 3


def test_finished_exchanges_go_into_the_message_log(station: Station, command: Command) -> None:
    report(station, ReportKind.SENT)
    report(station, ReportKind.ANSWERED, '[3,"x",{"status":"Accepted"}]')
    report(station, ReportKind.EXPIRED)
    (kept,) = station.world.batches.exchanges
    assert (kept.direction, kept.action, kept.unique_id) == ("out", "Reset", "cmd-1")
    assert (kept.request, kept.response) == ('[2,"x","Reset",{}]', '[3,"x",{"status":"Accepted"}]')
    assert kept.received_at == at(0)


@pytest.mark.parametrize("kind", [ReportKind.UNANSWERED, ReportKind.CONNECTION_LOST])
def test_so_does_what_was_sent_and_never_answered(
    station: Station, command: Command, kind: ReportKind
) -> None:
    """Every message is on record."""
    news = CommandReport("CP-1", "cmd-1", kind, to_epoch_ms(NOON), "Reset", '[2,"x","Reset",{}]', None)
    (kept,) = exchanges_of(a_batch(reports=(news,)))
    assert (kept.direction, kept.unique_id, kept.response) == ("out", "cmd-1", "")


# --- the message log holds no key (A01.FR.09) ------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        '[2,"u","ChangeConfiguration",{"key":"AuthorizationKey","value":"CANARY"}]',
        '[2,"u","ChangeConfiguration",{"value":"CANARY","key":"AuthorizationKey"}]',
        '[2,"u","ChangeConfiguration",{"key":"authorizationKEY","value":"CANARY\\"CANARY"}]',
        '[3, "u", {"configurationKey": [{"key": "AuthorizationKey", "readonly": false, "value": "CANARY"}]}]',
        'no JSON, but "AuthorizationKey" and CANARY',
    ],
)
def test_a_key_is_hidden_in_questions_and_answers(station: Station, command: Command, text: str) -> None:
    """Charge points list it among their configuration, though it is only to be written (W 7.2)."""
    for request, answer in ((text, '[3,"u",{}]'), ('[2,"u","GetConfiguration",{}]', text)):
        news = CommandReport("CP-1", "cmd-1", ReportKind.ANSWERED, to_epoch_ms(NOON), "X", request, answer)
        (logged,) = exchanges_of(a_batch(reports=(news,)))
        assert "CANARY" not in logged.request + logged.response
        assert "[hidden]" in logged.request + logged.response


def test_every_other_frame_stays_as_it_came() -> None:
    text = '[2, "u","ChangeConfiguration", {"key":"HeartbeatInterval","value":"60"}]'
    news = CommandReport("CP-1", "cmd-1", ReportKind.ANSWERED, to_epoch_ms(NOON), "X", text, '[3,"u",{} ]')
    (logged,) = exchanges_of(a_batch(reports=(news,)))
    assert (logged.request, logged.response) == (text, '[3,"u",{} ]')
