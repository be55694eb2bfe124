"""GetLocalListVersion: 0 is an empty list, -1 no list at all (C20, TC_042)."""

import pytest

from app.domain.command import NO_ANSWER, Command, Outcome
from app.domain.local_list import ListState, LocalList
from app.ocpp.catalog import load_catalog
from tests.builders import REF, a_command
from tests.fakes.world import World, fake_world
from tests.unit.ocpp.v16.outbound.kinds import allowed_while_pending, outcome, payload, wrong

KIND = load_catalog().command_kind("get_local_list_version")
ASKED: Command = a_command("cmd-1", action="GetLocalListVersion", payload={})


@pytest.fixture
def world() -> World:
    return fake_world(load_catalog())


def known(world: World) -> LocalList:
    return world.services.keepers.local_lists.get(REF)


@pytest.mark.parametrize("command_type", ["get_local_list_version", "GetLocalListVersion"])
def test_it_goes_by_every_name(command_type: str) -> None:
    assert payload(command_type, {}) == {}


def test_it_takes_no_parameters() -> None:
    assert wrong("get_local_list_version", {"version": 1}) == {"parameters.version"}


def test_it_may_be_sent_while_the_registration_is_pending() -> None:
    assert allowed_while_pending("get_local_list_version")


@pytest.mark.parametrize("version", [-1, 0, 7])
def test_every_version_is_an_answer(version: int) -> None:
    assert outcome("get_local_list_version", listVersion=version) == "accepted"


@pytest.mark.parametrize(
    ("version", "state"), [(-1, ListState.UNSUPPORTED), (0, ListState.IN_SYNC), (7, ListState.UNKNOWN)]
)
def test_the_version_is_kept(world: World, version: int, state: ListState) -> None:
    """TC_042_1, TC_042_2."""
    KIND.taken(ASKED, world.services.keepers)
    assert known(world).pending == "cmd-1"
    assert not KIND.ended(ASKED, KIND.judge({"listVersion": version}), world.services.keepers)
    assert (known(world).state, known(world).pending, known(world).answer) == (
        state,
        None,
        f"version {version}",
    )


def test_a_version_in_text_is_a_version(world: World) -> None:
    """G11."""
    KIND.ended(ASKED, KIND.judge({"listVersion": "7"}), world.services.keepers)
    assert known(world).version == 7


@pytest.mark.parametrize(
    "ending", [NO_ANSWER, *(KIND.judge({"listVersion": odd}) for odd in ("many", None, True, [7], 7.5))]
)
def test_an_answer_that_says_nothing_changes_nothing(world: World, ending: Outcome) -> None:
    KIND.ended(ASKED, KIND.judge({"listVersion": 0}), world.services.keepers)
    KIND.ended(ASKED, ending, world.services.keepers)
    assert (known(world).state, known(world).version) == (ListState.IN_SYNC, 0)
