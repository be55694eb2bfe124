"""Commands: taken once, sent to who holds the connection, followed to one end (C1-C4, A22-A25, A34)."""

from datetime import datetime
from typing import Any

import pytest

from app.domain.charge_point import Registration
from app.domain.command import (
    CONNECTION_LOST,
    EXPIRED,
    HELD_UP,
    NO_ANSWER,
    Command,
    CommandRequest,
    CommandStatus,
    Outcome,
)
from app.domain.context import ChargePointRef
from app.domain.errors import Conflict, Expired, FeatureDisabled, InvalidInput, NotFound, Retryable
from app.domain.permissions import MQTT_PERMISSIONS, Permission
from app.domain.tenant import Tenant
from app.ocpp.catalog import load_catalog
from app.services.ports import PageRequest
from tests.builders import NOON, REF, a_command, a_tenant, at
from tests.fakes.world import World, fake_world

OTHER = ChargePointRef("acme", "CP-2")
ACCEPTED, REJECTED = {"status": "Accepted"}, {"status": "Rejected"}


@pytest.fixture
def online(world: World) -> World:
    """CP-1 is connected to gateway gw-1, by its connection of epoch 1."""
    world.services.charge_points.open_connection(REF, "gw-1", "c-1")
    for entry in world.outbox.head("acme", 10):
        world.outbox.remove("acme", [entry.id])
    return world


def submit(world: World, tenant: Tenant | None = None, **fields: Any) -> Command:
    known: dict[str, Any] = {
        "charge_point": REF,
        "command_type": "reset",
        "parameters": {"type": "Soft"},
        "requested_by": "ann",
    }
    return world.services.commands.submit(tenant or a_tenant(), CommandRequest(**(known | fields)))


def status(world: World, command: Command) -> CommandStatus:
    return world.services.commands.get("acme", command.id).status


def told(world: World) -> list[str]:
    """The states of commands that went to the outbox."""
    return [
        e.body["status"] for e in world.outbox.events("acme") if e.body["event_type"] == "command_response"
    ]


# --- taking a command --------------------------------------------------------------------------------


def test_a_command_is_taken_acknowledged_and_handed_to_the_gateway(online: World) -> None:
    command = submit(online)
    assert (command.status, command.action, command.payload) == (
        CommandStatus.QUEUED,
        "Reset",
        {"type": "Soft"},
    )
    assert (command.created_at, command.expires_at, command.timeout_s) == (NOON, at(60), 30.0)
    assert online.services.commands.get("acme", command.id) == command
    assert told(online) == ["queued"]
    ((gateway_id, delivery),) = online.link.delivered
    assert (gateway_id, delivery.charge_point, delivery.epoch) == ("gw-1", REF, 1)
    assert (delivery.command_id, delivery.action, delivery.payload) == (command.id, "Reset", {"type": "Soft"})
    assert (delivery.expires_at, delivery.timeout_s) == (at(60), 30.0)


def test_the_alias_is_kept_as_the_type_and_its_action_is_sent(online: World) -> None:
    command = submit(online, command_type="remote_start", parameters={"id_tag": "TAG"})
    assert (command.command_type, command.action) == ("remote_start", "RemoteStartTransaction")
    assert (command.parameters, command.payload) == ({"id_tag": "TAG"}, {"idTag": "TAG"})


def test_the_same_command_id_gives_the_command_that_exists(online: World) -> None:
    """MQTT may bring it twice, and REST may retry."""
    first = submit(online, command_id="mine")
    online.services.commands.mark_sent(REF, "mine", at(1))
    again = submit(online, command_id="mine")
    assert (again.id, again.created_at, again.status) == ("mine", first.created_at, CommandStatus.SENT)
    assert len(online.link.delivered) == 1
    assert told(online) == ["queued", "sent"]


@pytest.mark.parametrize(
    "fields",
    [{"parameters": {"type": "Hard"}}, {"command_type": "Reset"}, {"charge_point": OTHER}],
)
def test_the_same_id_for_another_command_is_a_conflict(online: World, fields: dict[str, Any]) -> None:
    online.add_charge_point("acme", "CP-2")
    submit(online, command_id="mine")
    with pytest.raises(Conflict):
        submit(online, **({"command_id": "mine"} | fields))


def test_of_two_processes_that_take_one_command_the_second_answers_like_the_first(
    online: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    insert = online.commands.insert

    def insert_late(command: Command, *rest: Any) -> bool:
        monkeypatch.setattr(online.commands, "insert", insert)
        submit(online, command_id="mine")
        return insert(command, *rest)

    monkeypatch.setattr(online.commands, "insert", insert_late)
    assert submit(online, command_id="mine").id == "mine"
    assert len(online.link.delivered) == 1


def test_an_unknown_charge_point_takes_no_commands(online: World) -> None:
    for ref in (ChargePointRef("acme", "nobody"), ChargePointRef("beta", "CP-1")):
        with pytest.raises(NotFound):
            submit(online, charge_point=ref)


@pytest.mark.parametrize(
    "fields", [{"command_type": "explode"}, {"parameters": {"type": 1}}, {"parameters": {}}]
)
def test_a_wrong_command_leaves_nothing_behind(online: World, fields: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        submit(online, command_id="mine", **fields)
    with pytest.raises(NotFound):
        online.services.commands.get("acme", "mine")
    assert told(online) == []


def test_another_tenants_command_is_not_there(online: World) -> None:
    command = submit(online)
    with pytest.raises(NotFound):
        online.services.commands.get("beta", command.id)


# --- expiry ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "expires_at"),
    [
        ({}, at(60)),
        ({"expires_in_s": 5.5}, at(5.5)),
        ({"issued_at": at(-20)}, at(40)),
        ({"issued_at": at(-20), "expires_in_s": 21}, at(1)),
        ({"issued_at": at(3600)}, at(60)),
        ({"issued_at": datetime.max.replace(tzinfo=NOON.tzinfo)}, at(60)),
    ],
)
def test_a_command_expires_from_when_it_was_issued(
    online: World, fields: dict[str, Any], expires_at: datetime
) -> None:
    """A caller's clock that runs ahead does not make its commands live longer."""
    assert submit(online, **fields).expires_at == expires_at


@pytest.mark.parametrize("seconds", [-60, -3600])
def test_a_command_that_expired_on_its_way_is_refused(online: World, seconds: float) -> None:
    with pytest.raises(Expired) as refused:
        submit(online, issued_at=at(seconds))
    assert list(refused.value.problems) == ["timestamp"]
    assert online.link.delivered == []


# --- registration (A34, A35, C2) ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("registration", "command_type", "parameters", "allowed"),
    [
        (Registration.ACCEPTED, "remote_start", {"id_tag": "T"}, True),
        (Registration.PENDING, "remote_start", {"id_tag": "T"}, False),
        (Registration.PENDING, "remote_stop", {"transaction_id": 1}, False),
        (Registration.PENDING, "reset", {"type": "Soft"}, True),
        (Registration.REJECTED, "reset", {"type": "Soft"}, False),
        (Registration.REJECTED, "remote_start", {"id_tag": "T"}, False),
    ],
)
def test_the_registration_decides_what_may_be_sent(
    world: World, registration: Registration, command_type: str, parameters: dict[str, Any], allowed: bool
) -> None:
    """Vector H12: refused here, not on the wire."""
    world.add_charge_point("acme", "CP-1", registration)
    if allowed:
        assert submit(world, command_type=command_type, parameters=parameters).status is CommandStatus.QUEUED
    else:
        with pytest.raises(Conflict):
            submit(world, command_type=command_type, parameters=parameters)


# --- delivery ----------------------------------------------------------------------------------------


def test_a_command_for_an_absent_charge_point_waits_for_it(world: World) -> None:
    command = submit(world)
    assert world.link.delivered == []
    assert status(world, command) is CommandStatus.QUEUED
    world.services.charge_points.open_connection(REF, "gw-2", "c-1")
    assert world.services.commands.deliver_waiting("acme", ["CP-1"]) == 1
    ((gateway_id, delivery),) = world.link.delivered
    assert (gateway_id, delivery.epoch, delivery.command_id) == ("gw-2", 1, command.id)


def test_a_charge_point_that_connects_while_a_command_is_taken_gets_it_at_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has looked for what waits before this one was there, and will not look again."""
    insert = world.commands.insert

    def insert_behind(command: Command, *rest: Any) -> bool:
        world.services.charge_points.open_connection(REF, "gw-2", "c-1")
        assert world.services.commands.deliver_waiting("acme", ["CP-1"]) == 0
        return insert(command, *rest)

    monkeypatch.setattr(world.commands, "insert", insert_behind)
    command = submit(world)
    ((gateway_id, delivery),) = world.link.delivered
    assert (gateway_id, delivery.epoch, delivery.command_id) == ("gw-2", 1, command.id)


def test_what_waits_is_delivered_oldest_first_and_only_what_waits(world: World) -> None:
    commands = []
    for _ in range(3):
        commands.append(submit(world))
        world.clock.advance(1)
    world.services.commands.mark_sent(REF, commands[1].id, NOON)
    world.services.charge_points.open_connection(REF, "gw-1", "c-1")
    assert world.services.commands.deliver_waiting("acme", ["CP-1"]) == 2
    assert [d.command_id for _, d in world.link.delivered] == [commands[0].id, commands[2].id]


def test_nothing_waits_for_another_charge_point(world: World) -> None:
    submit(world)
    world.add_charge_point("acme", "CP-2")
    world.services.charge_points.open_connection(OTHER, "gw-1", "c-1")
    assert world.services.commands.deliver_waiting(OTHER.tenant_id, [OTHER.charge_point_id]) == 0


def test_what_does_not_get_through_to_the_gateway_says_so_and_goes_out_later(online: World) -> None:
    online.link.reachable = False
    command = submit(online)
    assert command.warnings == (HELD_UP,)
    assert online.services.commands.get("acme", command.id) == command
    assert online.services.commands.sweep("acme") == 0
    assert online.link.delivered == []
    online.link.reachable = True
    online.services.commands.sweep("acme")
    assert [delivery.command_id for _, delivery in online.link.delivered] == [command.id]
    online.services.commands.mark_sent(REF, command.id, NOON)
    online.services.commands.sweep("acme")
    assert len(online.link.delivered) == 1
    assert told(online) == ["queued", "sent"]


def test_what_is_held_up_expires_like_any_other(online: World) -> None:
    online.link.reachable = False
    command = submit(online)
    online.clock.advance(3600 * 24 * 8)
    assert online.services.commands.sweep("acme") == 1
    assert status(online, command) is CommandStatus.EXPIRED


def test_a_command_that_breaks_the_sweep_keeps_no_other_open(
    online: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, other = submit(online), submit(online)
    move = online.commands.move

    def break_on_one(command: Command, *rest: Any) -> bool:
        if command.id == broken.id:
            raise KeyError("nobody foresaw it")
        return move(command, *rest)

    monkeypatch.setattr(online.commands, "move", break_on_one)
    online.clock.advance(3600 * 24 * 8)
    assert online.services.commands.sweep("acme") == 1
    assert status(online, other) is CommandStatus.EXPIRED


def test_the_sweep_hands_over_only_what_was_held_up(online: World) -> None:
    submit(online)
    online.services.commands.sweep("acme")
    assert len(online.link.delivered) == 1


# --- its life ----------------------------------------------------------------------------------------


def test_sent_answered_accepted(online: World) -> None:
    command = submit(online)
    online.services.commands.mark_sent(REF, command.id, at(1))
    online.clock.advance(2)
    online.services.commands.complete(REF, command.id, ACCEPTED)
    ended = online.services.commands.get("acme", command.id)
    assert (ended.status, ended.sent_at, ended.completed_at) == (CommandStatus.ACCEPTED, at(1), at(2))
    assert ended.result == ACCEPTED
    assert told(online) == ["queued", "sent", "accepted"]


def test_a_no_is_a_rejection(online: World) -> None:
    command = submit(online)
    online.services.commands.complete(REF, command.id, REJECTED)
    assert status(online, command) is CommandStatus.REJECTED


@pytest.mark.parametrize(
    "outcome", [NO_ANSWER, CONNECTION_LOST, EXPIRED, Outcome(CommandStatus.FAILED, error={"code": "x"})]
)
def test_a_command_may_end_otherwise(online: World, outcome: Outcome) -> None:
    command = submit(online)
    online.services.commands.fail(REF, command.id, outcome)
    ended = online.services.commands.get("acme", command.id)
    assert (ended.status, ended.error) == (outcome.status, outcome.error)
    assert told(online)[-1] == outcome.status.value


@pytest.mark.parametrize("final", [status for status in CommandStatus if status.is_final])
def test_what_has_ended_does_not_change_any_more(online: World, final: CommandStatus) -> None:
    online.commands.insert(a_command("done", status=final, result={"a": 1}), [], 1)
    before = online.services.commands.get("acme", "done")
    online.services.commands.mark_sent(REF, "done", at(1))
    online.services.commands.complete(REF, "done", ACCEPTED)
    online.services.commands.fail(REF, "done", NO_ANSWER)
    assert online.services.commands.get("acme", "done") == before
    assert told(online) == []


@pytest.mark.parametrize("outcome", [NO_ANSWER, CONNECTION_LOST])
def test_a_late_answer_is_noted_beside_the_outcome(online: World, outcome: Outcome) -> None:
    """A25: the outcome stays unknown, the operator sees what came."""
    command = submit(online)
    online.services.commands.fail(REF, command.id, outcome)
    online.services.commands.complete(REF, command.id, ACCEPTED)
    assert status(online, command) is outcome.status
    assert online.commands.late_answers == {("acme", command.id): ACCEPTED}


def test_a_command_is_sent_once(online: World) -> None:
    command = submit(online)
    for seconds in (1, 2):
        online.services.commands.mark_sent(REF, command.id, at(seconds))
    assert online.services.commands.get("acme", command.id).sent_at == at(1)
    assert told(online) == ["queued", "sent"]


def test_another_charge_point_cannot_end_it(online: World) -> None:
    command = submit(online)
    online.services.commands.complete(OTHER, command.id, ACCEPTED)
    online.services.commands.fail(OTHER, command.id, NO_ANSWER)
    assert status(online, command) is CommandStatus.QUEUED


def test_a_change_that_meets_another_one_gives_way(online: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two workers, two reports: whoever comes second finds a state that it does not expect."""
    command = submit(online)
    find = online.commands.find

    def find_then_somebody_else_ends_it(tenant_id: str, command_id: str) -> Command | None:
        monkeypatch.setattr(online.commands, "find", find)
        found = find(tenant_id, command_id)
        online.services.commands.complete(REF, command_id, ACCEPTED)
        return found

    monkeypatch.setattr(online.commands, "find", find_then_somebody_else_ends_it)
    online.services.commands.fail(REF, command.id, NO_ANSWER)
    assert status(online, command) is CommandStatus.ACCEPTED
    assert told(online) == ["queued", "accepted"]


def test_what_waited_too_long_expires(world: World) -> None:
    command = submit(world, a_tenant(command_expiry_s=10))
    world.clock.advance(9.9)
    assert world.services.commands.sweep("acme") == 0
    world.clock.advance(0.1)
    assert world.services.commands.sweep("acme") == 1
    assert status(world, command) is CommandStatus.EXPIRED
    assert world.services.commands.sweep("acme") == 0


def test_of_what_was_sent_and_never_heard_of_again_the_outcome_is_unknown(online: World) -> None:
    """A24: its gateway died; while it lives, it tells of a time-out itself."""
    command = submit(online, a_tenant(command_timeout_s=30))
    online.services.commands.mark_sent(REF, command.id, NOON)
    online.clock.advance(44)
    assert online.services.commands.sweep("acme") == 0
    online.clock.advance(1)
    assert online.services.commands.sweep("acme") == 1
    assert status(online, command) is CommandStatus.UNKNOWN_OUTCOME
    assert told(online)[-1] == "unknown_outcome"


def test_a_sweep_of_one_tenant_leaves_the_others_alone(world: World) -> None:
    command = submit(world)
    world.clock.advance(1000)
    assert world.services.commands.sweep("beta") == 0
    assert status(world, command) is CommandStatus.QUEUED


def test_a_store_that_fails_is_the_callers_to_know(online: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> bool:
        raise Retryable("MongoDB: no primary")

    monkeypatch.setattr(online.commands, "insert", fail)
    with pytest.raises(Retryable):
        submit(online)
    assert online.link.delivered == []


def test_who_sends_a_wrong_command_is_told_why(world: World) -> None:
    world.services.commands.refuse(REF, "mine", {"code": "invalid_input", "message": "No."})
    (event,) = world.outbox.events("acme")
    assert (event.body["command_id"], event.body["status"]) == ("mine", "failed")
    assert event.body["error"] == {"code": "invalid_input", "message": "No."}
    assert world.link.woken == ["acme"]


def test_a_refusal_for_age_is_told_as_expired(world: World) -> None:
    world.services.commands.refuse(REF, "mine", {"code": "expired", "message": "No."})
    assert told(world) == ["expired"]


def test_an_authorization_key_reaches_the_charge_point_and_stays_nowhere() -> None:
    """A01.FR.08: shown to nobody, and forgotten once it is sent; the same command again is the same."""
    online = fake_world(load_catalog())
    online.add_charge_point("acme", "CP-1")
    online.services.charge_points.open_connection(REF, "gw-1", "c-1")
    secret = {"key": "AuthorizationKey", "value": "00" * 20}
    command = submit(online, command_type="change_configuration", parameters=secret, command_id="key-1")
    assert command.parameters == secret | {"value": "[hidden]"}
    assert online.link.delivered[-1][1].payload["value"] == "00" * 20
    online.services.commands.mark_sent(REF, "key-1", NOON)
    kept = online.services.commands.get("acme", "key-1")
    assert "00" * 20 not in str(kept)
    assert submit(online, command_type="change_configuration", parameters=secret, command_id="key-1") == kept


def test_a_huge_result_is_left_to_rest(online: World) -> None:
    command = submit(online)
    online.services.commands.complete(REF, command.id, {"status": "Accepted", "more": "x" * 200_000})
    answer = online.outbox.events("acme")[-1].body
    assert answer["status"] == "accepted"
    assert command.id in answer["result"]["left_out"]


# --- features ----------------------------------------------------------------------------------------


def test_a_command_of_a_feature_that_is_switched_off_is_refused_and_not_stored() -> None:
    world = fake_world(load_catalog())
    world.add_charge_point("acme", "CP-1")
    limited = a_tenant(features={"remote_control": False})
    with pytest.raises(FeatureDisabled, match="remote_control"):
        submit(world, limited)
    assert world.services.commands.list_page("acme", PageRequest()).items == ()


def test_a_command_that_was_taken_before_is_found_again() -> None:
    world = fake_world(load_catalog())
    world.add_charge_point("acme", "CP-1")
    taken = submit(world, command_id="mine")
    assert submit(world, a_tenant(features={"remote_control": False}), command_id="mine") == taken


@pytest.mark.parametrize(
    ("command_type", "permission"),
    [
        ("reset", Permission.COMMANDS_SEND),
        ("install_certificate", Permission.SECURITY_MANAGE),
        ("InstallCertificate", Permission.SECURITY_MANAGE),
    ],
)
def test_what_a_command_takes_is_the_same_at_every_door(
    world: World, command_type: str, permission: Permission
) -> None:
    request = CommandRequest(REF, command_type, {}, "tests")
    assert world.services.commands.permission_for(request) is permission
    assert (permission in MQTT_PERMISSIONS) == (permission is Permission.COMMANDS_SEND)
