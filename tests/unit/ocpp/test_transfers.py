"""What the commands that move files have in common."""

import pytest

from app.domain.context import ChargePointRef
from app.ocpp.transfers import doubts_about_location, gathered, given, request_id_of
from app.services.ports import Asked
from tests.builders import a_charge_point
from tests.fakes.world import World, fake_world


@pytest.fixture
def world() -> World:
    return fake_world()


def doubts(world: World, location: object) -> list[str]:
    asked = Asked(a_charge_point(), "cmd-1", {})
    return doubts_about_location(asked, location, world.services.keepers)


def list_protocols(world: World, value: str) -> None:
    key = {"key": "SupportedFileTransferProtocols", "readonly": True, "value": value}
    world.services.keepers.configuration.note_reported(ChargePointRef("acme", "CP-1"), [key], ())


def test_the_same_command_gets_the_same_request_id() -> None:
    ids = {request_id_of(f"cmd-{number}") for number in range(100)}
    assert len(ids) == 100
    assert all(0 < number < 2**31 for number in ids)
    assert request_id_of("cmd-1") == request_id_of("cmd-1")


@pytest.mark.parametrize("location", ["ftp://x/", "HTTPS://x/", "sftp://x/y"])
def test_any_protocol_is_good_while_nothing_is_known(world: World, location: str) -> None:
    assert doubts(world, location) == []


@pytest.mark.parametrize("location", ["", "x", "/x", "http//x", "http://[x", 7])
def test_what_names_no_protocol_is_doubted(world: World, location: object) -> None:
    assert len(doubts(world, location)) == 1


def test_a_protocol_that_the_charge_point_does_not_list_is_doubted(world: World) -> None:
    """C18, E 3.88."""
    list_protocols(world, "FTP, HTTPS")
    assert doubts(world, "https://x/") == doubts(world, "ftp://x/") == []
    (doubt,) = doubts(world, "http://x/")
    assert doubt == "The charge point transfers files by FTP, HTTPS only, not by HTTP."


def test_an_empty_list_says_nothing(world: World) -> None:
    list_protocols(world, "")
    assert doubts(world, "http://x/") == []


def test_members_move_inside_unless_they_are_there() -> None:
    assert gathered({"a": 1, "b": 2, "in": {"b": 3}}, "in", ("b", "c")) == {"a": 1, "in": {"b": 3}}
    assert gathered({"a": 1, "b": 2}, "in", ("b",)) == {"a": 1, "in": {"b": 2}}
    assert gathered({"in": "text", "b": 2}, "in", ("b",)) == {"in": "text"}


def test_a_parameter_is_found_outside_and_inside() -> None:
    assert given({"b": 1}, "in", "b") == 1
    assert given({"b": 1, "in": {"b": 2}}, "in", "b") == 2
    assert given({"in": "text"}, "in", "b") is None
