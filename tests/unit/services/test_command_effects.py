"""What commands change besides themselves: doubts, kept state, follow-ups, late answers."""

from typing import Any

import pytest

from app.domain.command import NO_ANSWER, Command, CommandRequest, CommandStatus, FollowUp
from app.domain.errors import NeedsForce, Retryable
from app.services.ports import CommandKind
from tests.builders import NOON, REF, a_tenant
from tests.fakes.catalog import FakeCommandKind
from tests.fakes.world import World, fake_world


class OneKind:
    """A catalog with a single command."""

    def __init__(self, kind: FakeCommandKind) -> None:
        self.kind = kind

    def command_kind(self, command_type: str) -> CommandKind:
        return self.kind


def a_world(**kind: Any) -> tuple[World, FakeCommandKind]:
    reset = FakeCommandKind("Reset", {"type": str}, **kind)
    world = fake_world(OneKind(reset))
    world.add_charge_point("acme", "CP-1")
    world.services.charge_points.open_connection(REF, "gw-1", "c-1")
    return world, reset


def submit(world: World, **fields: Any) -> Command:
    request = CommandRequest(REF, "reset", {"type": "Soft"}, "ann", **fields)
    return world.services.commands.submit(a_tenant(), request)


# --- doubts ------------------------------------------------------------------------------------------


def test_what_looks_like_a_mistake_is_not_sent() -> None:
    world, _ = a_world(doubts=("There is no connector 7.",))
    with pytest.raises(NeedsForce) as refused:
        submit(world)
    assert refused.value.problems == {"force": ["There is no connector 7."]}
    assert "force" in refused.value.message
    assert world.link.delivered == []


def test_whoever_insists_gets_it_sent_with_the_doubt_beside_it() -> None:
    """Operators test with wrong values on purpose (section F, practical notes)."""
    world, _ = a_world(doubts=("There is no connector 7.",))
    command = submit(world, force=True)
    assert (command.warnings, command.forced) == (("There is no connector 7.",), True)
    assert len(world.link.delivered) == 1


# --- state -------------------------------------------------------------------------------------------


def test_state_is_kept_when_a_command_is_taken_and_when_it_ends() -> None:
    world, kind = a_world()
    command = submit(world)
    world.services.commands.mark_sent(REF, command.id, NOON)
    world.services.commands.complete(REF, command.id, {"status": "Accepted"})
    assert kind.seen == [("taken", command.id), ("accepted", command.id)]


def test_every_kind_of_end_is_kept() -> None:
    world, kind = a_world()
    command = submit(world)
    world.services.commands.fail(REF, command.id, NO_ANSWER)
    assert kind.seen[-1] == ("timed_out", command.id)


def test_an_end_that_is_told_again_changes_nothing() -> None:
    world, kind = a_world()
    command = submit(world)
    world.services.commands.complete(REF, command.id, {"status": "Rejected"})
    world.services.commands.fail(REF, command.id, NO_ANSWER)
    assert kind.seen == [("taken", command.id), ("rejected", command.id)]


def test_a_late_answer_still_tells_what_the_charge_point_did() -> None:
    """A25: the command stays timed out, the state follows the charge point."""
    world, kind = a_world()
    command = submit(world)
    world.services.commands.fail(REF, command.id, NO_ANSWER)
    world.services.commands.complete(REF, command.id, {"status": "Accepted"})
    assert kind.seen[-2:] == [("timed_out", command.id), ("accepted", command.id)]
    assert world.services.commands.get("acme", command.id).status is CommandStatus.TIMED_OUT


# --- follow-ups --------------------------------------------------------------------------------------


def test_the_end_of_a_command_may_call_for_another() -> None:
    world, _ = a_world(next=(FollowUp("2", "reset", {"type": "Hard"}),), doubts=("Unsure.",))
    command = submit(world, force=True, expires_in_s=7)
    world.services.commands.complete(REF, command.id, {"status": "Accepted"})
    follow_up = world.services.commands.get("acme", f"{command.id}.2")
    assert (follow_up.parameters, follow_up.requested_by) == ({"type": "Hard"}, "ann")
    assert (follow_up.expires_at - follow_up.created_at).total_seconds() == 7
    assert follow_up.timeout_s == command.timeout_s
    assert follow_up.forced
    assert world.services.commands.get("acme", command.id).follow_ups == (follow_up.id,)


def test_a_follow_up_is_taken_once_however_often_its_cause_is_told() -> None:
    world, _ = a_world(next=(FollowUp("2", "reset", {"type": "Hard"}),))
    command = submit(world)
    world.services.commands.fail(REF, command.id, NO_ANSWER)
    world.services.commands.complete(REF, command.id, {"status": "Accepted"})
    sent = [delivery.command_id for _, delivery in world.link.delivered]
    assert sent == [command.id, f"{command.id}.2"]


def test_a_long_chain_of_follow_ups_keeps_short_ids() -> None:
    world, kind = a_world()
    command = submit(world, command_id="mine")
    for step in range(60):
        object.__setattr__(kind, "next", (FollowUp(f"next{step}", "reset", {"type": "Hard"}),))
        world.services.commands.complete(REF, command.id, {"status": "Accepted"})
        command = world.services.commands.get("acme", world.link.delivered[-1][1].command_id)
    ids = [delivery.command_id for _, delivery in world.link.delivered]
    assert len(set(ids)) == 61
    assert max(len(one) for one in ids) <= 128


def test_a_follow_up_that_cannot_be_taken_does_not_keep_its_cause_open() -> None:
    world, _ = a_world(next=(FollowUp("2", "reset", {"nonsense": 1}),))
    command = submit(world)
    world.services.commands.complete(REF, command.id, {"status": "Accepted"})
    ended = world.services.commands.get("acme", command.id)
    assert (ended.status, ended.follow_ups) == (CommandStatus.ACCEPTED, ())


def test_a_command_whose_end_cannot_be_kept_is_not_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told again, by the gateway or the sweep; until then it is open."""
    world, kind = a_world()
    command = submit(world)

    def fail(*_: Any) -> None:
        raise Retryable("no store")

    monkeypatch.setattr(FakeCommandKind, "ended", fail)
    with pytest.raises(Retryable):
        world.services.commands.complete(REF, command.id, {"status": "Accepted"})
    assert not world.services.commands.get("acme", command.id).status.is_final
    assert kind.seen == [("taken", command.id)]


# --- time-outs ---------------------------------------------------------------------------------------


def test_a_charge_point_may_have_its_own_time_to_answer() -> None:
    """A24."""
    world, _ = a_world()
    world.charge_points.change(REF, {"settings": {"command_timeout_s": 90}})
    assert submit(world).timeout_s == 90.0
