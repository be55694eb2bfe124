"""SendLocalList: a list in full, or what changes in it (C21-C25, TC_043)."""

from typing import Any

import pytest

from app.domain.command import NO_ANSWER, CommandStatus, FollowUp, Outcome
from app.domain.context import ChargePointRef
from app.domain.local_list import ListState, LocalList
from app.ocpp.catalog import load_catalog
from app.services.ports import Asked
from tests.builders import REF, a_charge_point, a_command
from tests.fakes.world import World, fake_world
from tests.unit.ocpp.v16.outbound.kinds import allowed_while_pending, outcome, payload, wrong

KIND = load_catalog().command_kind("send_local_list")
A = {"id_tag": "A", "id_tag_info": {"status": "Accepted"}}
B = {
    "id_tag": "B",
    "id_tag_info": {"expiry_date": "2030-01-01T00:00:00.000Z", "parent_id_tag": "G", "status": "Blocked"},
}
FULL = {"list_version": 5, "local_authorization_list": [A, B], "update_type": "Full"}
DIFFERENCE = {"list_version": 6, "local_authorization_list": [{"id_tag": "A"}], "update_type": "Differential"}
ACCEPTED = {"status": "Accepted"}


@pytest.fixture
def world() -> World:
    return fake_world(load_catalog())


def known(world: World) -> LocalList:
    return world.services.keepers.local_lists.get(REF)


def tell(
    world: World, parameters: dict[str, Any], answer: dict[str, Any] | Outcome, command_id: str = "cmd-1"
) -> list[FollowUp]:
    command = a_command(command_id, action="SendLocalList", payload=KIND.build_payload(parameters))
    KIND.taken(command, world.services.keepers)
    ending = answer if isinstance(answer, Outcome) else KIND.judge(answer)
    return list(KIND.ended(command, ending, world.services.keepers))


def doubts(world: World, parameters: dict[str, Any]) -> list[str]:
    asked = Asked(a_charge_point(), "cmd-1", parameters)
    return KIND.concerns(asked, KIND.build_payload(parameters), world.services.keepers)


def configure(world: World, **keys: str) -> None:
    reported = [{"key": key, "readonly": True, "value": value} for key, value in keys.items()]
    world.services.keepers.configuration.note_reported(REF, reported, ())


# --- what is sent ------------------------------------------------------------------------------------


@pytest.mark.parametrize("command_type", ["send_local_list", "SendLocalList"])
def test_it_goes_by_every_name(command_type: str) -> None:
    assert payload(command_type, FULL) == {
        "listVersion": 5,
        "localAuthorizationList": [
            {"idTag": "A", "idTagInfo": {"status": "Accepted"}},
            {
                "idTag": "B",
                "idTagInfo": {
                    "expiryDate": "2030-01-01T00:00:00.000Z",
                    "parentIdTag": "G",
                    "status": "Blocked",
                },
            },
        ],
        "updateType": "Full",
    }


def test_a_full_list_may_be_empty_and_a_difference_may_delete() -> None:
    assert payload("send_local_list", {"list_version": 1, "update_type": "Full"}) == {
        "listVersion": 1,
        "updateType": "Full",
    }
    assert payload("send_local_list", DIFFERENCE)["localAuthorizationList"] == [{"idTag": "A"}]


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"update_type": "Half"}, {"update_type"}),
        ({"list_version": 0}, {"list_version"}),
        ({"list_version": -1}, {"list_version"}),
        ({"list_version": "5"}, {"list_version"}),
        ({"local_authorization_list": {}}, {"local_authorization_list"}),
        ({"local_authorization_list": ["A"]}, {"local_authorization_list.0"}),
        ({"local_authorization_list": [A, A | {"id_tag": "a"}]}, {"local_authorization_list.1.id_tag"}),
        ({"local_authorization_list": [{"id_tag": "A"}]}, {"local_authorization_list.0.id_tag_info"}),
        ({"local_authorization_list": [A | {"id_tag": "x" * 21}]}, {"local_authorization_list.0.id_tag"}),
        (
            {"local_authorization_list": [A | {"id_tag_info": {"status": "ConcurrentTx"}}]},
            {"local_authorization_list.0.id_tag_info.status"},
        ),
    ],
)
def test_what_no_charge_point_may_get_is_named(changes: dict[str, Any], named: set[str]) -> None:
    """C21, C22, C25."""
    assert wrong("send_local_list", FULL | changes) == {f"parameters.{name}" for name in named}


def test_it_may_be_sent_while_the_registration_is_pending() -> None:
    assert allowed_while_pending("send_local_list")


def test_the_version_may_be_left_out(world: World) -> None:
    """C23: it is the next one then."""
    without = {"update_type": "Full"}
    asked = Asked(a_charge_point(), "cmd-1", without)
    assert KIND.complete(asked, world.services.keepers) == without | {"list_version": 1}
    tell(world, FULL, ACCEPTED)
    assert KIND.complete(asked, world.services.keepers) == without | {"list_version": 6}
    given = Asked(a_charge_point(), "cmd-1", FULL)
    assert KIND.complete(given, world.services.keepers) == FULL


# --- what may be a mistake ---------------------------------------------------------------------------


def test_a_first_list_is_no_mistake(world: World) -> None:
    assert doubts(world, FULL) == doubts(world, DIFFERENCE) == []


@pytest.mark.parametrize(
    ("keys", "doubt"),
    [
        ({"LocalAuthListEnabled": "False"}, "LocalAuthListEnabled is false"),
        ({"LocalAuthListMaxLength": "1"}, "list holds 1 entries, and these are 2"),
        ({"SendLocalListMaxLength": "1"}, "takes 1 entries in a message, and these are 2"),
        ({"SupportedFeatureProfiles": "Core"}, "feature profile LocalAuthListManagement"),
    ],
)
def test_what_the_configuration_speaks_against(world: World, keys: dict[str, str], doubt: str) -> None:
    """C1, C23, C25."""
    configure(world, **keys)
    (told,) = doubts(world, FULL)
    assert doubt in told


def test_feature_profiles_may_be_spelt_in_any_case(world: World) -> None:
    """G26."""
    configure(world, SupportedFeatureProfiles="core, localauthlistmanagement")
    assert doubts(world, FULL) == []


def test_a_difference_counts_with_what_is_there(world: World) -> None:
    configure(world, LocalAuthListMaxLength="2")
    tell(world, FULL, ACCEPTED)
    more = {
        "list_version": 6,
        "local_authorization_list": [A | {"id_tag": "C"}],
        "update_type": "Differential",
    }
    assert doubts(world, more) == ["The charge point's list holds 2 entries, and these are 3."]
    assert doubts(world, DIFFERENCE) == []


def test_a_version_that_is_not_above(world: World) -> None:
    tell(world, FULL, ACCEPTED)
    (told,) = doubts(world, DIFFERENCE | {"list_version": 5})
    assert "has version 5" in told
    assert doubts(world, FULL) == []


def test_a_difference_after_no_answer(world: World) -> None:
    tell(world, FULL, NO_ANSWER)
    (told,) = doubts(world, DIFFERENCE)
    assert "ask for the version first" in told


# --- what becomes of it ------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["Failed", "NotSupported", "VersionMismatch", "accepted", "", None, 7])
def test_every_other_word_is_a_no(status: Any) -> None:
    assert outcome("send_local_list", status="Accepted") == "accepted"
    assert outcome("send_local_list", status=status) == "rejected"


def test_an_accepted_list_is_kept(world: World) -> None:
    """TC_043_4."""
    assert tell(world, FULL, ACCEPTED) == []
    found = known(world)
    assert (found.state, found.version, found.pending) == (ListState.IN_SYNC, 5, None)
    assert [(entry.id_tag, entry.status.value) for entry in (found.entries or {}).values()] == [
        ("A", "Accepted"),
        ("B", "Blocked"),
    ]


def test_an_accepted_difference_changes_it(world: World) -> None:
    """TC_043_5."""
    tell(world, FULL, ACCEPTED)
    assert tell(world, DIFFERENCE, ACCEPTED, "cmd-2") == []
    assert (known(world).version, set(known(world).entries or {})) == (6, {"b"})


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        ({"status": "Failed"}, ListState.FAILED),
        ({"status": "NotSupported"}, ListState.UNSUPPORTED),
        ({"status": "Perhaps"}, ListState.FAILED),
        (NO_ANSWER, ListState.UNKNOWN),
        (Outcome(CommandStatus.FAILED, error={"code": "NotSupported"}), ListState.UNSUPPORTED),
        (Outcome(CommandStatus.FAILED, error={"code": "InternalError"}), ListState.FAILED),
    ],
)
def test_a_list_that_was_not_taken(world: World, answer: Any, state: ListState) -> None:
    """TC_043_1, TC_043_3: nothing follows of it."""
    assert tell(world, FULL, answer) == []
    assert (known(world).state, known(world).entries) == (state, None)


@pytest.mark.parametrize("status", ["Failed", "VersionMismatch"])
def test_a_refused_difference_is_followed_by_the_whole_list_where_it_is_known(
    world: World, status: str
) -> None:
    """C24."""
    assert tell(world, DIFFERENCE, {"status": status}) == []
    tell(world, FULL, ACCEPTED, "cmd-2")
    (follow_up,) = tell(world, DIFFERENCE, {"status": status}, "cmd-3")
    assert (follow_up.step, follow_up.command_type) == ("full", "send_local_list")
    assert follow_up.parameters == {
        "list_version": 7,
        "local_authorization_list": [B],
        "update_type": "Full",
    }
    assert tell(world, dict(follow_up.parameters), ACCEPTED, "cmd-3.full") == []
    assert (known(world).state, known(world).version) == (ListState.IN_SYNC, 7)


def test_lists_of_other_charge_points_stay(world: World) -> None:
    tell(world, FULL, ACCEPTED)
    assert world.services.keepers.local_lists.get(ChargePointRef("beta", "CP-1")).entries is None
