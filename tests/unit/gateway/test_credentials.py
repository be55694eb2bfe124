"""How a connection proves who it is: security profiles 0 to 3 (E1, E4, E6, E16-E18, A8-A11, G4)."""

from base64 import b64encode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.charge_point import ChargePoint, ChargePointSecurity, ChargePointSettings
from app.domain.context import ChargePointRef
from app.ocpp.quirks import Quirk
from app.services.keys import KeyHasher
from app.services.refusals import RefusalReason
from gateway.credentials import Basic, CredentialCheck, Distrust, Presented, Proof, basic_of
from tests.builders import a_tenant
from tests.fakes.world import QUICK_HASHER, fake_world

KEY = bytes.fromhex("0001020304050607FFFFFFFFFFFFFFFFFFFFFFFF")
OTHER_KEY = bytes(range(100, 116))
HASHER = KeyHasher(QUICK_HASHER)
HASH, OTHER_HASH = HASHER.hash(KEY), HASHER.hash(OTHER_KEY)
A10 = "Basic QUwxMDAwOgABAgMEBQYH////////////////"


# --- the header --------------------------------------------------------------------------------------


def test_the_vector_of_the_standard_is_read() -> None:
    """A10."""
    assert basic_of([A10]) == Basic("AL1000", KEY)
    assert basic_of([A10.replace("Basic", "bASIC")]) == Basic("AL1000", KEY)


@given(st.binary(max_size=40))
def test_the_key_may_hold_any_bytes(key: bytes) -> None:
    header = f"Basic {b64encode(b'CP-1:' + key).decode()}"
    assert basic_of([header]) == Basic("CP-1", key)


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [""],
        ["Basic"],
        ["Basic "],
        ["Basic !!!"],
        ["Basic Q1AtMQ=="],
        ["Basic /////w=="],
        ["Bearer abc"],
        ["Basic é"],
        [A10, A10],
    ],
)
def test_what_cannot_be_read_is_no_header(headers: list[str]) -> None:
    assert basic_of(headers) is None


def test_no_repr_shows_a_key() -> None:
    """E7."""
    shown = repr(Presented(True, Basic("CP-1", b"secret-key"))) + repr(ChargePointSecurity(1, "hash-of-it"))
    assert "secret" not in shown
    assert "hash-of-it" not in shown


# --- the proof ---------------------------------------------------------------------------------------


def a_certificate(
    cn: str = "CP-1", organization: str | None = "Acme", serial: str = "0A1B"
) -> dict[str, Any]:
    """As `SSLObject.getpeercert` gives it."""
    subject: list[tuple[tuple[str, str], ...]] = [(("commonName", cn),)]
    if organization:
        subject.insert(0, (("organizationName", organization),))
    return {"subject": tuple(subject), "serialNumber": serial}


def plain(key: bytes | None = None, user: str = "CP-1") -> Presented:
    return Presented(False, Basic(user, key) if key is not None else None)


def tls(key: bytes | None = None, certificate: dict[str, Any] | None = None) -> Presented:
    return Presented(True, Basic("CP-1", key) if key is not None else None, certificate)


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as pool:
        yield pool


class Desk:
    """Checks what is shown against what is configured."""

    def __init__(self, threads: ThreadPoolExecutor) -> None:
        self.world = fake_world()
        self.tenant = a_tenant()
        self._check = CredentialCheck(self.world.services.keepers, HASHER, threads)

    async def __call__(
        self, shown: Presented, security: ChargePointSecurity, *, strict: bool = False, **inventory: str
    ) -> Proof | Distrust:
        charge_point = ChargePoint(
            "acme",
            "CP-1",
            None,
            inventory=inventory,
            security=security,
            settings=ChargePointSettings(strict=strict),
        )
        return await self._check.prove(self.tenant, charge_point, shown)

    async def reason(self, shown: Presented, security: ChargePointSecurity, **more: Any) -> RefusalReason:
        found = await self(shown, security, **more)
        assert isinstance(found, Distrust)
        return found.reason


@pytest.fixture
def desk(threads: ThreadPoolExecutor) -> Desk:
    return Desk(threads)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("profile", "shown"),
    [
        (0, plain()),
        (0, plain(b"whatever")),
        (0, tls()),
        (1, plain(KEY)),
        (2, tls(KEY)),
        (2, tls(KEY, a_certificate("SOMEBODY ELSE"))),
        (3, tls(certificate=a_certificate())),
    ],
)
async def test_the_proof_of_its_profile_lets_it_in(desk: Desk, profile: int, shown: Presented) -> None:
    found = await desk(shown, ChargePointSecurity(profile, HASH))
    assert isinstance(found, Proof)
    assert (found.profile, found.uses_pending_key, found.uses_pending_profile) == (profile, False, False)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("profile", "shown", "reason"),
    [
        (1, tls(KEY), "wrong_profile"),
        (2, plain(KEY), "wrong_profile"),
        (3, plain(KEY), "wrong_profile"),
        (3, tls(KEY), "wrong_certificate"),
        (1, plain(), "wrong_credentials"),
        (1, plain(b""), "wrong_credentials"),
        (1, plain(KEY[:-1]), "wrong_credentials"),
        (1, plain(KEY, "CP-2"), "wrong_credentials"),
        (2, tls(OTHER_KEY), "wrong_credentials"),
        (2, tls(certificate=a_certificate()), "wrong_credentials"),
    ],
)
async def test_any_other_proof_does_not(desk: Desk, profile: int, shown: Presented, reason: str) -> None:
    """A11, E1, O25 TC_083."""
    assert await desk.reason(shown, ChargePointSecurity(profile, HASH)) == reason


@pytest.mark.asyncio
async def test_the_user_name_counts_in_any_case(desk: Desk) -> None:
    """A4, A9."""
    assert isinstance(await desk(plain(KEY, "cp-1"), ChargePointSecurity(1, HASH)), Proof)


@pytest.mark.asyncio
async def test_without_a_key_set_no_key_is_right(desk: Desk) -> None:
    for key in (b"", KEY):
        assert await desk.reason(plain(key), ChargePointSecurity(1)) == "wrong_credentials"


@pytest.mark.asyncio
@pytest.mark.parametrize("text", [KEY.hex(), KEY.hex().upper()])
async def test_the_key_may_come_as_hex_text_from_one_that_is_not_strict(desk: Desk, text: str) -> None:
    """G4."""
    security = ChargePointSecurity(1, HASH)
    found = await desk(plain(text.encode()), security)
    assert found == Proof(1, deviations=(Quirk.KEY_AS_HEX_TEXT,))
    assert await desk.reason(plain(text.encode()), security, strict=True) == "wrong_credentials"


@pytest.mark.asyncio
async def test_a_key_that_is_hex_text_itself_is_no_deviation(desk: Desk) -> None:
    text = KEY.hex().encode()
    found = await desk(plain(text), ChargePointSecurity(1, HASHER.hash(text)))
    assert found == Proof(1)


# --- what is pending ---------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_while_a_key_is_pending_both_are_good_and_it_is_told_which_was_used(desk: Desk) -> None:
    """E6."""
    security = ChargePointSecurity(1, HASH, OTHER_HASH)
    assert await desk(plain(KEY), security) == Proof(1)
    assert await desk(plain(OTHER_KEY), security) == Proof(1, uses_pending_key=True)
    assert await desk.reason(plain(b"third"), security) == "wrong_credentials"


@pytest.mark.asyncio
async def test_while_a_profile_is_pending_both_are_good_the_higher_one_first(desk: Desk) -> None:
    """E4."""
    security = ChargePointSecurity(1, HASH, pending_profile=2)
    assert await desk(plain(KEY), security) == Proof(1)
    assert await desk(tls(KEY), security) == Proof(2, uses_pending_profile=True)
    assert await desk.reason(tls(b"wrong"), security) == "wrong_credentials"


@pytest.mark.asyncio
async def test_who_fails_the_higher_profile_may_fall_back(desk: Desk) -> None:
    """A05.FR.08."""
    security = ChargePointSecurity(2, HASH, pending_profile=3)
    stranger = a_certificate("SOMEBODY ELSE")
    assert await desk(tls(KEY, stranger), security) == Proof(2)
    assert isinstance(await desk(tls(KEY, a_certificate()), security), Proof)


@pytest.mark.asyncio
@pytest.mark.parametrize("pending", [0, 1, 4])
async def test_a_pending_profile_that_is_not_higher_counts_for_nothing(desk: Desk, pending: int) -> None:
    """E2."""
    security = ChargePointSecurity(2, HASH, pending_profile=pending)
    assert await desk.reason(plain(KEY), security) == "wrong_profile"


@pytest.mark.asyncio
async def test_the_first_step_up_needs_the_key_and_leaves_the_old_way_open(desk: Desk) -> None:
    security = ChargePointSecurity(0, HASH, pending_profile=1)
    assert await desk(plain(), security) == Proof(0)
    assert await desk(plain(KEY), security) == Proof(1, uses_pending_profile=True)


# --- certificates (E16-E18) --------------------------------------------------------------------------


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("name", "inventory"),
    [
        ("CP-1", {}),
        ("SN-7", {"charge_point_serial_number": "SN-7"}),
        ("SN-8", {"charge_box_serial_number": "SN-8"}),
    ],
)
async def test_the_certificate_names_the_charge_point_or_its_serial_number(
    desk: Desk, name: str, inventory: dict[str, Any]
) -> None:
    """E17, FR.405."""
    found = await desk(tls(certificate=a_certificate(name)), ChargePointSecurity(3), **inventory)
    assert found == Proof(3, serial_hex="0A1B")


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("organization", "is_good"),
    [("Acme", True), ("Acme Charging Ltd", True), ("Other", False), (None, False)],
)
async def test_the_certificate_names_the_operator_where_the_tenant_has_a_name(
    desk: Desk, organization: str | None, is_good: bool
) -> None:
    """E17, FR.404."""
    desk.tenant = a_tenant(cpo_name="Acme")
    shown = tls(certificate=a_certificate(organization=organization))
    assert isinstance(await desk(shown, ChargePointSecurity(3)), Proof) is is_good


@pytest.mark.asyncio
async def test_a_certificate_of_another_charge_point_is_refused(desk: Desk) -> None:
    shown = tls(certificate=a_certificate("CP-2"))
    assert await desk.reason(shown, ChargePointSecurity(3)) == "wrong_certificate"


@pytest.mark.asyncio
async def test_a_certificate_that_names_several_is_nobodys(desk: Desk) -> None:
    """Else one certificate would do for all of them."""
    shown = a_certificate("CP-2")
    shown["subject"] = (*shown["subject"], (("commonName", "CP-1"),))
    assert await desk.reason(tls(certificate=shown), ChargePointSecurity(3)) == "wrong_certificate"


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("holder", "is_good"),
    [
        (ChargePointRef("acme", "CP-1"), True),
        (ChargePointRef("acme", "CP-2"), False),
        (ChargePointRef("beta", "CP-1"), False),
    ],
)
async def test_a_certificate_that_was_signed_here_is_good_for_who_asked_for_it_only(
    desk: Desk, holder: ChargePointRef, is_good: bool
) -> None:
    """E17: whoever claims another's name as its serial number, or is called the same in another tenant."""
    desk.world.certificates.record_signed(holder, "f1")
    shown = Presented(True, None, a_certificate(), "f1")
    found = await desk(shown, ChargePointSecurity(3))
    assert isinstance(found, Proof) is is_good
    elsewhere = Presented(True, None, a_certificate(), "f2")
    assert isinstance(await desk(elsewhere, ChargePointSecurity(3)), Proof)


@pytest.mark.asyncio
async def test_a_revoked_certificate_is_refused(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """E18."""
    certificates = type(desk.world.services.keepers.certificates)
    monkeypatch.setattr(certificates, "is_revoked", lambda _, ref, serial: serial == "0A1B")
    security = ChargePointSecurity(3)
    assert await desk.reason(tls(certificate=a_certificate()), security) == "wrong_certificate"
    assert isinstance(await desk(tls(certificate=a_certificate(serial="0A1C")), security), Proof)
