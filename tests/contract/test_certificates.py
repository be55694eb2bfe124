"""Contract of `CertificateRepository`."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from app.domain.certificate import (
    Certificate,
    CertificateFacts,
    CertificateHash,
    CertificateKind,
    CertificateState,
)
from app.domain.context import ChargePointRef
from app.services.ports import PageRequest
from tests.builders import NOON, at
from tests.contract.stores import Stores

State, Kind = CertificateState, CertificateKind
FACTS = CertificateFacts("CN=CP-1", "CN=Root", "ab" * 32, NOON, NOON + timedelta(days=365))


def a_certificate(stores: Stores, number: int = 1, **fields: Any) -> Certificate:
    known: dict[str, Any] = {
        "charge_point_id": "CP-1",
        "kind": Kind.CHARGE_POINT,
        "state": State.REQUESTED,
        "created_at": at(number),
        "changed_at": at(number),
    }
    return Certificate(f"cert-{number}", stores.id, **(known | fields))


def test_what_was_inserted_is_found_with_everything(stores: Stores) -> None:
    whole = a_certificate(
        stores,
        serial_number="a1",
        facts=FACTS,
        pem="pem",
        csr="csr",
        hash_data=CertificateHash("SHA256", "aa", "bb", "0A1"),
        reason="because",
        fence=2**40,
        attempts=3,
        command_id="cmd-1",
    )
    assert stores.certificates.insert(whole)
    assert stores.certificates.find(stores.id, "cert-1") == whole
    bare = a_certificate(stores, 2)
    stores.certificates.insert(bare)
    assert stores.certificates.find(stores.id, "cert-2") == bare
    assert stores.certificates.find(stores.id, "cert-3") is None
    assert stores.certificates.find("t-without-any", "cert-1") is None


def test_an_id_is_taken_once(stores: Stores) -> None:
    assert stores.certificates.insert(a_certificate(stores))
    assert not stores.certificates.insert(a_certificate(stores, csr="another"))
    kept = stores.certificates.find(stores.id, "cert-1")
    assert kept is not None
    assert kept.csr is None


def test_a_charge_points_certificates_of_a_kind_newest_first(stores: Stores) -> None:
    kinds: list[dict[str, Any]] = [{}, {"kind": Kind.CENTRAL_SYSTEM_ROOT}, {"charge_point_id": "CP-2"}, {}]
    for number, fields in enumerate(kinds, start=1):
        stores.certificates.insert(a_certificate(stores, number, **fields))
    ref = ChargePointRef(stores.id, "CP-1")
    own = stores.certificates.of_charge_point(ref, Kind.CHARGE_POINT)
    assert [one.id for one in own] == ["cert-4", "cert-1"]
    assert [one.id for one in stores.certificates.of_charge_point(ref, Kind.CENTRAL_SYSTEM_ROOT)] == [
        "cert-2"
    ]
    assert stores.certificates.of_charge_point(ref, Kind.MANUFACTURER_ROOT) == []


def test_by_serial_number_only_the_charge_points_own(stores: Stores) -> None:
    stores.certificates.insert(a_certificate(stores, 1, serial_number="a1", kind=Kind.CENTRAL_SYSTEM_ROOT))
    stores.certificates.insert(a_certificate(stores, 2, serial_number="a1", charge_point_id="CP-2"))
    ref = ChargePointRef(stores.id, "CP-1")
    assert stores.certificates.with_serial(ref, "a1") is None
    own = a_certificate(stores, 3, serial_number="a1")
    stores.certificates.insert(own)
    assert stores.certificates.with_serial(ref, "a1") == own
    assert stores.certificates.with_serial(ref, "b2") is None


def test_a_certificate_moves_only_from_where_it_is(stores: Stores) -> None:
    asked = a_certificate(stores)
    stores.certificates.insert(asked)
    signed = replace(asked, state=State.SIGNED, serial_number="a1", facts=FACTS, changed_at=at(60))
    assert not stores.certificates.move(signed, (State.SENT, State.FAILED))
    assert stores.certificates.move(signed, (State.SENT, State.REQUESTED))
    assert stores.certificates.find(stores.id, "cert-1") == signed
    assert not stores.certificates.move(signed, (State.REQUESTED,))
    assert not stores.certificates.move(a_certificate(stores, 9), tuple(State))


def test_those_in_some_states_longest_unchanged_first(stores: Stores) -> None:
    for number, state in enumerate([State.SENT, State.REQUESTED, State.IN_USE, State.REQUESTED], start=1):
        stores.certificates.insert(a_certificate(stores, number, state=state, changed_at=at(-number)))
    found = stores.certificates.in_states(stores.id, (State.REQUESTED, State.SENT), 10)
    assert [one.id for one in found] == ["cert-4", "cert-2", "cert-1"]
    assert len(stores.certificates.in_states(stores.id, (State.REQUESTED, State.SENT), 2)) == 2


def test_pages_are_filtered_by_charge_point_kind_and_state(stores: Stores) -> None:
    for number in range(1, 6):
        state = State.IN_USE if number % 2 else State.RETIRED
        stores.certificates.insert(a_certificate(stores, number, state=state))
    filters = {"charge_point_id": "CP-1", "kind": "charge_point", "state": "in_use"}
    first = stores.certificates.list_page(stores.id, PageRequest(2, filters=filters))
    assert [one.id for one in first.items] == ["cert-5", "cert-3"]
    rest = stores.certificates.list_page(stores.id, PageRequest(2, first.next_cursor, filters))
    assert [one.id for one in rest.items] == ["cert-1"]
    assert rest.next_cursor is None
    assert stores.certificates.list_page("t-without-any", PageRequest()).items == ()


def test_for_whom_a_certificate_was_signed_is_known_across_tenants(stores: Stores) -> None:
    fingerprint = f"{stores.id}-f1"
    mine, others = ChargePointRef(stores.id, "CP-1"), ChargePointRef(stores.id, "CP-2")
    assert not stores.certificates.was_signed_for_another(mine, fingerprint)
    for holder in (mine, others):  # who had it first, keeps it
        stores.certificates.record_signed(holder, fingerprint)
    assert not stores.certificates.was_signed_for_another(mine, fingerprint)
    assert stores.certificates.was_signed_for_another(others, fingerprint)
    assert stores.certificates.was_signed_for_another(ChargePointRef("t-other", "CP-1"), fingerprint)
