"""Local lists, from what is wanted to what a charge point has (C20-C25, B41).

The charge point in these tests answers from a script: each answer goes to the oldest command that is open.
"""

from typing import Any

import pytest

from app.domain.command import EXPIRED, NO_ANSWER, Command, CommandRequest, CommandStatus, Outcome
from app.domain.errors import Conflict, InvalidInput, NeedsForce
from app.domain.local_list import ListState, LocalList, Selection, UpdateMode
from app.domain.tenant import Tenant
from app.ocpp.catalog import load_catalog
from tests.builders import REF, a_tenant, at
from tests.fakes.world import World, fake_world

ALL = Selection(all=True)
FULL, DIFFERENTIAL, AUTO = UpdateMode.FULL, UpdateMode.DIFFERENTIAL, UpdateMode.AUTO
ACCEPTED, FAILED, MISMATCH = {"status": "Accepted"}, {"status": "Failed"}, {"status": "VersionMismatch"}


@pytest.fixture
def world() -> World:
    world = fake_world(load_catalog())
    world.services.tenants.create("acme", "Acme", ["ACME-"])
    world.add_charge_point("acme", "CP-1")
    return world


def register(world: World, *id_tags: str) -> None:
    for id_tag in id_tags:
        world.services.id_tags.put("acme", id_tag)


def configure(world: World, **keys: str) -> None:
    reported = [{"key": key, "readonly": True, "value": value} for key, value in keys.items()]
    world.services.keepers.configuration.note_reported(REF, reported, ())


def ask(world: World, command_type: str, tenant: Tenant | None = None, **parameters: Any) -> Command:
    request = CommandRequest(REF, command_type, parameters, "ann")
    return world.services.commands.submit(tenant or a_tenant(), request)


def update(
    world: World,
    selection: Selection = ALL,
    mode: UpdateMode = AUTO,
    *,
    root: str = "cmd-1",
    force: bool = False,
) -> None:
    """As REST does it."""
    world.services.keepers.local_lists.plan(REF, root, selection, mode, force=force)
    request = CommandRequest(REF, "get_local_list_version", {}, "ann", command_id=root)
    world.services.commands.submit(a_tenant(), request)


def answer(world: World, *answers: dict[str, Any] | Outcome) -> list[Command]:
    """Give the open commands these answers, in order; answers the commands."""
    answered = []
    for given in answers:
        (command,) = world.commands.waiting("acme", ["CP-1"])
        world.clock.advance(1)
        if isinstance(given, Outcome):
            world.services.commands.fail(REF, command.id, given)
        else:
            world.services.commands.complete(REF, command.id, given)
        answered.append(command)
    return answered


def version(number: int) -> dict[str, int]:
    return {"listVersion": number}


def known(world: World) -> LocalList:
    return world.services.keepers.local_lists.get(REF)


def holds(world: World) -> set[str] | None:
    entries = known(world).entries
    return None if entries is None else set(entries)


def sent(command: Command) -> tuple[str, int, list[str]]:
    """The kind, the version and the id tags of a SendLocalList; removed ones with a minus."""
    listed = command.payload.get("localAuthorizationList", [])
    tags = [entry["idTag"] if "idTagInfo" in entry else f"-{entry['idTag']}" for entry in listed]
    return command.payload["updateType"], command.payload["listVersion"], tags


def nothing_more_goes_out(world: World) -> bool:
    return (
        not world.commands.waiting("acme", ["CP-1"])
        and known(world).pending is None
        and known(world).plan is None
    )


# --- from wanted to sent -----------------------------------------------------------------------------


def test_a_list_is_sent_once_the_version_is_known(world: World) -> None:
    register(world, "B", "A")
    world.services.id_tags.put("acme", "C", blocked=True, parent_id_tag="GROUP")
    world.services.id_tags.put("acme", "D", expires_at=at(-1))
    update(world)
    assert (known(world).pending, known(world).wanted) == ("cmd-1", ALL)
    asked, first = answer(world, version(3), ACCEPTED)
    assert asked.action == "GetLocalListVersion"
    assert first.payload == {
        "listVersion": 4,
        "localAuthorizationList": [
            {"idTag": "A", "idTagInfo": {"status": "Accepted"}},
            {"idTag": "B", "idTagInfo": {"status": "Accepted"}},
            {"idTag": "C", "idTagInfo": {"parentIdTag": "GROUP", "status": "Blocked"}},
            {"idTag": "D", "idTagInfo": {"expiryDate": "2026-03-01T11:59:59.000Z", "status": "Expired"}},
        ],
        "updateType": "Full",
    }
    found = known(world)
    assert (found.state, found.version, found.answer) == (ListState.IN_SYNC, 4, "Accepted")
    assert holds(world) == {"a", "b", "c", "d"}
    assert nothing_more_goes_out(world)


def test_a_long_list_goes_in_parts_one_after_the_other(world: World) -> None:
    """C23: a full first part, then additions with rising versions."""
    configure(world, SendLocalListMaxLength="2", LocalAuthListMaxLength="5")
    register(world, "A", "B", "C", "D", "E")
    update(world)
    commands = answer(world, version(0), ACCEPTED, ACCEPTED, ACCEPTED)
    assert [sent(command) for command in commands[1:]] == [
        ("Full", 1, ["A", "B"]),
        ("Differential", 2, ["C", "D"]),
        ("Differential", 3, ["E"]),
    ]
    assert (known(world).version, holds(world)) == (3, {"a", "b", "c", "d", "e"})
    assert nothing_more_goes_out(world)


def test_only_what_changed_is_sent_to_a_known_list(world: World) -> None:
    register(world, "A", "B", "C")
    update(world)
    answer(world, version(0), ACCEPTED)
    world.services.id_tags.remove("acme", "A")
    world.services.id_tags.change("acme", "B", {"blocked": True})
    register(world, "D")
    update(world, root="cmd-2")
    _, difference = answer(world, version(1), ACCEPTED)
    assert sent(difference) == ("Differential", 2, ["-A", "B", "D"])
    assert (known(world).version, holds(world)) == (2, {"b", "c", "d"})


def test_where_nothing_changed_nothing_is_sent(world: World) -> None:
    register(world, "A")
    update(world)
    answer(world, version(0), ACCEPTED)
    update(world, root="cmd-2")
    answer(world, version(1))
    assert nothing_more_goes_out(world)
    update(world, mode=FULL, root="cmd-3")
    *_, again = answer(world, version(1), ACCEPTED)
    assert sent(again) == ("Full", 2, ["A"])


def test_the_differences_are_sent_in_full_where_that_is_shorter(world: World) -> None:
    configure(world, SendLocalListMaxLength="2")
    register(world, "A", "B", "C", "D")
    update(world)
    answer(world, version(0), ACCEPTED, ACCEPTED)
    update(world, Selection(id_tags=("A",)), root="cmd-2")
    assert sent(answer(world, version(2), ACCEPTED)[1]) == ("Full", 3, ["A"])
    update(world, ALL, DIFFERENTIAL, root="cmd-3")
    commands = answer(world, version(3), ACCEPTED, ACCEPTED)
    assert [sent(command)[:2] for command in commands[1:]] == [("Differential", 4), ("Differential", 5)]


@pytest.mark.parametrize(
    ("selection", "tags"),
    [
        (ALL, {"a", "b", "c"}),
        (Selection(id_tags=("b", "A", "a")), {"a", "b"}),
        (Selection(parent_id_tag="group"), {"b", "c"}),
        (Selection(id_tags=()), set()),
    ],
)
def test_a_list_holds_all_named_ones_or_a_group(world: World, selection: Selection, tags: set[str]) -> None:
    register(world, "A")
    for id_tag in ("B", "C"):
        world.services.id_tags.put("acme", id_tag, parent_id_tag="GROUP")
    world.services.id_tags.put("beta", "X", parent_id_tag="GROUP")
    world.services.id_tags.put("acme", "longer than any charge point takes", parent_id_tag="OTHER")
    update(world, selection, FULL)
    answer(world, version(0), ACCEPTED)
    assert holds(world) == tags


def test_differences_to_what_is_wanted_are_told_as_of_now(world: World) -> None:
    lists = world.services.keepers.local_lists
    world.services.id_tags.put("acme", "A", expires_at=at(60))
    assert lists.differences(known(world)) is None
    update(world)
    answer(world, version(0), ACCEPTED)
    unchanged = lists.differences(known(world))
    assert unchanged is not None
    assert (unchanged.missing, unchanged.outdated, unchanged.superfluous) == ((), (), ())
    world.clock.advance(60)
    register(world, "B")
    changed = lists.differences(known(world))
    assert changed is not None
    assert (changed.missing, changed.outdated, changed.superfluous) == (("b",), ("a",), ())


# --- what goes wrong ---------------------------------------------------------------------------------


@pytest.mark.parametrize("refusal", [FAILED, MISMATCH])
def test_refused_differences_are_followed_by_the_whole_list(world: World, refusal: dict[str, str]) -> None:
    """C24."""
    register(world, "A")
    update(world)
    answer(world, version(0), ACCEPTED)
    register(world, "B")
    update(world, root="cmd-2")
    _, difference, whole = answer(world, version(1), refusal, ACCEPTED)
    assert sent(difference) == ("Differential", 2, ["B"])
    assert sent(whole) == ("Full", 3, ["A", "B"])
    assert (known(world).state, known(world).version, holds(world)) == (ListState.IN_SYNC, 3, {"a", "b"})
    assert nothing_more_goes_out(world)


def test_a_part_that_is_refused_begins_the_whole_list_anew_but_only_once(world: World) -> None:
    configure(world, SendLocalListMaxLength="1")
    register(world, "A", "B", "C")
    update(world)
    commands = answer(world, version(0), ACCEPTED, FAILED, ACCEPTED, ACCEPTED, FAILED)
    assert [sent(command) for command in commands[1:]] == [
        ("Full", 1, ["A"]),
        ("Differential", 2, ["B"]),
        ("Full", 3, ["A"]),
        ("Differential", 4, ["B"]),
        ("Differential", 5, ["C"]),
    ]
    assert (known(world).state, known(world).version, holds(world)) == (ListState.FAILED, 4, {"a", "b"})
    assert nothing_more_goes_out(world)


def test_a_whole_list_that_is_refused_is_not_repeated(world: World) -> None:
    """TC_043_3."""
    register(world, "A")
    update(world)
    answer(world, version(0), FAILED)
    assert (known(world).state, known(world).answer, holds(world)) == (ListState.FAILED, "Failed", set())
    assert nothing_more_goes_out(world)


def test_a_charge_point_without_lists_says_so_in_many_ways(world: World) -> None:
    """C20: -1; C21: NotSupported; or it does not know the action at all."""
    register(world, "A")
    no_such_action = Outcome(CommandStatus.FAILED, error={"code": "NotImplemented"})
    ways: list[list[dict[str, Any] | Outcome]] = [
        [version(-1)],
        [version(0), {"status": "NotSupported"}],
        [no_such_action],
        [version(0), no_such_action],
    ]
    for number, answers in enumerate(ways):
        update(world, root=f"cmd-{number}", force=True)
        answer(world, *answers)
        assert known(world).state is ListState.UNSUPPORTED
        assert nothing_more_goes_out(world)
    with pytest.raises(NeedsForce):
        update(world, root="cmd-9")


def test_after_no_answer_nobody_knows_until_the_version_is_asked(world: World) -> None:
    """C24."""
    register(world, "A")
    update(world)
    answer(world, version(0), ACCEPTED)
    register(world, "B")
    update(world, root="cmd-2")
    answer(world, version(1), NO_ANSWER)
    assert (known(world).state, known(world).version) == (ListState.UNKNOWN, 1)
    assert nothing_more_goes_out(world)
    ask(world, "get_local_list_version")
    answer(world, version(1))
    assert (known(world).state, holds(world)) == (ListState.IN_SYNC, {"a"})


def test_the_update_without_answer_may_have_arrived(world: World) -> None:
    register(world, "A")
    update(world)
    answer(world, version(0), NO_ANSWER)
    update(world, root="cmd-2")
    _, whole = answer(world, version(1), ACCEPTED)
    assert sent(whole) == ("Full", 2, ["A"])
    assert known(world).state is ListState.IN_SYNC


def test_a_late_answer_counts_after_all(world: World) -> None:
    register(world, "A")
    update(world)
    *_, late = answer(world, version(0), NO_ANSWER)
    world.services.commands.complete(REF, late.id, ACCEPTED)
    assert (known(world).state, known(world).version, holds(world)) == (ListState.IN_SYNC, 1, {"a"})


def test_news_of_an_older_command_changes_nothing(world: World) -> None:
    register(world, "A")
    update(world)
    *_, late = answer(world, version(0), NO_ANSWER)
    update(world, Selection(), FULL, root="cmd-2")
    answer(world, version(0), ACCEPTED)
    world.services.commands.complete(REF, late.id, ACCEPTED)
    assert (known(world).version, holds(world)) == (1, set())


def test_an_update_that_expires_has_failed_and_a_question_that_expires_has_not(world: World) -> None:
    register(world, "A")
    update(world)
    answer(world, EXPIRED)
    assert (known(world).state, known(world).answer) == (ListState.FAILED, "expired")
    assert nothing_more_goes_out(world)
    ask(world, "get_local_list_version")
    answer(world, version(0))
    ask(world, "get_local_list_version")
    answer(world, EXPIRED)
    assert known(world).state is ListState.IN_SYNC


def test_a_conflict_is_over_when_the_whole_list_was_sent(world: World) -> None:
    """B41."""
    lists = world.services.keepers.local_lists
    register(world, "A")
    update(world)
    answer(world, version(0), ACCEPTED)
    lists.note_conflict(REF)
    ask(world, "get_local_list_version")
    answer(world, version(1))
    assert known(world).state is ListState.CONFLICT
    update(world, root="cmd-2")
    _, whole = answer(world, version(1), ACCEPTED)
    assert sent(whole) == ("Full", 2, ["A"])
    assert known(world).state is ListState.IN_SYNC


def test_a_new_plan_ends_the_one_under_way(world: World) -> None:
    configure(world, SendLocalListMaxLength="1")
    register(world, "A", "B", "C")
    update(world)
    answer(world, version(0), ACCEPTED)
    world.clock.advance(1)
    update(world, Selection(id_tags=("C",)), root="cmd-2")
    first, _ = world.commands.waiting("acme", ["CP-1"])
    world.services.commands.complete(REF, first.id, ACCEPTED)
    assert holds(world) == {"a", "b"}
    _, whole = answer(world, version(2), ACCEPTED)
    assert sent(whole) == ("Full", 3, ["C"])
    assert holds(world) == {"c"}
    assert nothing_more_goes_out(world)


@pytest.mark.parametrize("answers", [[ACCEPTED, ACCEPTED], [ACCEPTED, FAILED, ACCEPTED]])
def test_what_is_told_twice_is_done_once(world: World, answers: list[dict[str, str]]) -> None:
    """A worker may die between keeping an outcome and moving the command."""
    configure(world, SendLocalListMaxLength="1")
    register(world, "A", "B")
    update(world)
    kinds = load_catalog()
    script: list[dict[str, Any]] = [version(0), *answers]
    for given in script:
        (command,) = world.commands.waiting("acme", ["CP-1"])
        kind = kinds.command_kind(command.action)
        outcome = kind.judge(given)
        following = kind.ended(command, outcome, world.services.keepers)
        assert list(kind.ended(command, outcome, world.services.keepers)) == list(following)
        answer(world, given)
    assert [entry.id_tag for entry in (known(world).entries or {}).values()][:1] == ["A"]


# --- what is refused before anything is sent ---------------------------------------------------------


def test_unknown_and_unsendable_id_tags_are_named(world: World) -> None:
    register(world, "A", "x" * 21)
    with pytest.raises(InvalidInput) as refused:
        update(world, Selection(id_tags=("a", "nobody", "x" * 21)))
    assert [sentence.split("'")[1] for sentence in refused.value.problems["id_tags"]] == ["nobody", "x" * 21]
    assert known(world) == LocalList(REF)


def test_differences_from_something_unknown_cannot_be_made(world: World) -> None:
    with pytest.raises(Conflict, match="update it in full"):
        update(world, mode=DIFFERENTIAL)


@pytest.mark.parametrize(
    ("keys", "doubt"),
    [
        ({"LocalAuthListEnabled": "false"}, "has no effect"),
        ({"LocalAuthListMaxLength": "1"}, "holds 1 entries, and these are 2"),
    ],
)
def test_what_looks_like_a_mistake_takes_force(world: World, keys: dict[str, str], doubt: str) -> None:
    """C23, C25."""
    configure(world, **keys)
    register(world, "A", "B")
    with pytest.raises(NeedsForce, match=doubt):
        update(world)
    assert known(world).plan is None
    update(world, force=True)
    answer(world, version(0), ACCEPTED)
    assert holds(world) == {"a", "b"}
