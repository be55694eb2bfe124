"""Keys and profiles: provisioned, rotated, raised (E1-E8, E26)."""

import re
from typing import Any

import pytest

from app.domain.certificate import CertificateKind, CertificateState
from app.domain.charge_point import ChargePoint, ChargePointSecurity
from app.domain.command import EXPIRED, NO_ANSWER, CommandStatus, Outcome
from app.domain.context import ChargePointRef
from app.domain.errors import InvalidInput, NeedsForce, NotFound
from app.services.keys import KeyHasher
from app.services.security import SecurityService, new_key
from app.services.x509 import hash_data_of
from tests.builders import a_command
from tests.fakes.authority import a_root
from tests.fakes.world import QUICK_HASHER, World
from tests.unit.services.certificates import REF, put_own

KEY, OTHER = "0123456789abcdef" * 2 + "01234567", "ff" * 20
HASHER = KeyHasher(QUICK_HASHER)
ACCEPTED = Outcome(CommandStatus.ACCEPTED, result={"status": "Accepted"})
REBOOT = Outcome(CommandStatus.ACCEPTED, result={"status": "RebootRequired"})
REFUSALS = [
    Outcome(CommandStatus.REJECTED, result={"status": "Rejected"}),
    Outcome(CommandStatus.REJECTED, result={"status": "NotSupported"}),
    Outcome(CommandStatus.FAILED, error={"code": "InternalError"}),
    EXPIRED,
]
UNKNOWN = [NO_ANSWER, Outcome(CommandStatus.FAILED, error={"code": "unreadable_answer"})]


@pytest.fixture
def service(world: World) -> SecurityService:
    return world.services.keepers.security


def security(world: World) -> ChargePointSecurity:
    return charge_point(world).security


def charge_point(world: World) -> ChargePoint:
    found = world.charge_points.find(REF)
    assert found is not None
    return found


def command(value: str, command_id: str = "cmd-1", key: str = "AuthorizationKey") -> Any:
    return a_command(command_id, action="ChangeConfiguration", payload={"key": key, "value": value})


def valid(world: World, *keys: str) -> list[str]:
    """Which of these keys open the door."""
    hashes = [found for found in (security(world).key_hash, security(world).pending_key_hash) if found]
    return [key for key in keys if any(HASHER.matches(found, bytes.fromhex(key)) for found in hashes)]


def test_a_new_key_is_20_random_bytes_in_hexadecimal() -> None:
    """E5."""
    assert re.fullmatch(r"[0-9a-f]{40}", new_key())
    assert new_key() != new_key()


# --- provisioning ----------------------------------------------------------------------------------


def test_a_key_that_is_set_is_the_only_one_and_kept_as_a_hash(world: World, service: SecurityService) -> None:
    service.note_key_sent(command(OTHER))
    assert service.set_key(REF, KEY) == KEY
    assert valid(world, KEY, OTHER) == [KEY]
    assert KEY not in str(charge_point(world).security.key_hash)
    made = service.set_key(REF)
    assert valid(world, KEY, made) == [made]


@pytest.mark.parametrize("key", ["ab" * 15, "ab" * 21, "zz" * 20, "a" * 39])
def test_a_key_has_16_to_20_bytes_in_hexadecimal(world: World, service: SecurityService, key: str) -> None:
    with pytest.raises(InvalidInput):
        service.set_key(REF, key)
    assert security(world).key_hash is None


def test_nothing_is_set_for_a_charge_point_that_is_not_known(service: SecurityService) -> None:
    nobody = ChargePointRef("acme", "CP-9")
    for act in (service.set_key, service.view, lambda ref: service.set_profile(ref, 0)):
        with pytest.raises(NotFound):
            act(nobody)


def test_a_profile_may_be_set_up_and_down_but_not_so_that_nobody_gets_in(
    world: World, service: SecurityService
) -> None:
    for profile in (1, 2, 3):
        with pytest.raises(NeedsForce):
            service.set_profile(REF, profile)
    service.set_profile(REF, 2, force=True)
    assert security(world).profile == 2
    service.set_profile(REF, 0)
    service.set_key(REF, KEY)
    service.set_profile(REF, 2)
    put_own(world, "1a", CertificateState.ACCEPTED)
    service.set_profile(REF, 3)
    assert security(world).profile == 3


# --- AuthorizationKey over OCPP --------------------------------------------------------------------


def test_both_keys_are_valid_while_nobody_knows(world: World, service: SecurityService) -> None:
    service.set_key(REF, KEY)
    service.note_key_sent(command(OTHER))
    assert valid(world, KEY, OTHER) == [KEY, OTHER]


def test_accepted_only_the_new_key_is_valid(world: World, service: SecurityService) -> None:
    """A01.FR.03."""
    service.set_key(REF, KEY)
    service.note_key_sent(command(OTHER))
    for _ in range(2):  # told twice
        service.note_key_outcome(command("[hidden]"), ACCEPTED)
    assert valid(world, KEY, OTHER) == [OTHER]


@pytest.mark.parametrize("outcome", REFUSALS)
def test_refused_or_never_sent_only_the_old_key_is_valid(
    world: World, service: SecurityService, outcome: Outcome
) -> None:
    """A01.FR.04."""
    service.set_key(REF, KEY)
    service.note_key_sent(command(OTHER))
    service.note_key_outcome(command("[hidden]"), outcome)
    assert valid(world, KEY, OTHER) == [KEY]


@pytest.mark.parametrize("outcome", [REBOOT, *UNKNOWN])
def test_both_stay_valid_until_one_is_used(world: World, service: SecurityService, outcome: Outcome) -> None:
    """E6."""
    service.set_key(REF, KEY)
    service.note_key_sent(command(OTHER))
    service.note_key_outcome(command("[hidden]"), outcome)
    assert valid(world, KEY, OTHER) == [KEY, OTHER]


def test_a_late_answer_settles_it(world: World, service: SecurityService) -> None:
    service.set_key(REF, KEY)
    service.note_key_sent(command(OTHER))
    service.note_key_outcome(command("[hidden]"), NO_ANSWER)
    service.note_key_outcome(command("[hidden]"), ACCEPTED)
    assert valid(world, KEY, OTHER) == [OTHER]


def test_the_end_of_an_older_command_does_not_touch_a_newer_key(
    world: World, service: SecurityService
) -> None:
    service.set_key(REF, KEY)
    service.note_key_sent(command(KEY, "cmd-1"))
    service.note_key_sent(command(OTHER, "cmd-2"))
    service.note_key_outcome(command("[hidden]", "cmd-1"), REFUSALS[0])
    assert valid(world, OTHER) == [OTHER]


def test_the_second_telling_does_not_take_the_mask_for_a_key(world: World, service: SecurityService) -> None:
    service.note_key_sent(command("[hidden]"))
    assert security(world) == ChargePointSecurity()


def test_the_gateway_may_have_seen_the_new_key_before_its_answer(
    world: World, service: SecurityService
) -> None:
    service.set_key(REF, KEY)
    service.note_key_sent(command(OTHER))
    pending = security(world).pending_key_hash
    world.charge_points.change(REF, {"security": {"key_hash": pending, "pending_key_hash": None}})
    service.note_key_outcome(command("[hidden]"), ACCEPTED)
    assert valid(world, KEY, OTHER) == [OTHER]


def test_a_second_key_while_the_first_is_open_is_a_concern(world: World, service: SecurityService) -> None:
    assert service.key_concerns(charge_point(world)) == []
    service.note_key_sent(command(OTHER))
    assert len(service.key_concerns(charge_point(world))) == 1


# --- SecurityProfile over OCPP ---------------------------------------------------------------------


def profile(value: str) -> Any:
    return command(value, key="SecurityProfile")


@pytest.mark.parametrize("outcome", [ACCEPTED, REBOOT, *UNKNOWN])
def test_both_profiles_are_allowed_from_the_sending_on(
    world: World, service: SecurityService, outcome: Outcome
) -> None:
    """E4, A05.FR.08: the charge point may come back before its answer is worked on, or fall back."""
    service.note_profile_sent(profile("2"))
    assert (security(world).profile, security(world).pending_profile) == (0, 2)
    service.note_profile_outcome(profile("2"), outcome)
    assert (security(world).profile, security(world).pending_profile) == (0, 2)


@pytest.mark.parametrize("outcome", REFUSALS)
def test_refused_the_profile_stays(world: World, service: SecurityService, outcome: Outcome) -> None:
    service.note_profile_sent(profile("2"))
    service.note_profile_outcome(profile("2"), outcome)
    assert (security(world).profile, security(world).pending_profile) == (0, None)


@pytest.mark.parametrize("value", ["", "9", "two", "-1"])
def test_nonsense_that_an_operator_insisted_on_changes_nothing(
    world: World, service: SecurityService, value: str
) -> None:
    service.note_profile_sent(profile(value))
    service.note_profile_outcome(profile(value), ACCEPTED)
    assert security(world).pending_profile is None


def test_what_a_charge_point_needs_for_a_profile(world: World, service: SecurityService) -> None:
    """E26, A05.FR.02-04."""

    def missing(value: str) -> int:
        return len(service.profile_concerns(charge_point(world), value))

    assert (missing("1"), missing("2"), missing("3")) == (1, 2, 2)
    service.set_key(REF, KEY)
    assert (missing("1"), missing("2"), missing("3")) == (0, 1, 2)
    root = a_root()
    kind = CertificateKind.CENTRAL_SYSTEM_ROOT
    world.services.keepers.roots.note_reported(REF, kind, [hash_data_of(root, "SHA256", root)])
    assert (missing("2"), missing("3")) == (0, 1)
    put_own(world, "1a", CertificateState.ACCEPTED)
    assert missing("3") == 0


# --- looking, and being refused --------------------------------------------------------------------


def test_the_view_shows_what_is_current(world: World, service: SecurityService) -> None:
    put_own(world, "1a", CertificateState.REVOKED)
    put_own(world, "2b", CertificateState.IN_USE)
    view = service.view(REF)
    assert [one.serial_number for one in view.certificates] == ["2b"]
    assert view.charge_point.id == "CP-1"


def test_a_refusal_is_a_security_event(world: World, service: SecurityService) -> None:
    """E3."""
    service.note_refusal(REF, "WrongKey", "from 192.0.2.1")
    assert world.security_events.types() == ["WrongKey"]
