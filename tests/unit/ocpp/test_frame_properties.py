"""Whatever comes: it is read without a fuss, answered once, under its id, and never by an internal error."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.charge_point import Registration
from app.domain.context import ChargePointRef
from app.ocpp.catalog import load_catalog
from app.ocpp.errors import ErrorCode, OcppError
from app.ocpp.frame import (
    Call,
    CallError,
    CallResult,
    Malformed,
    UnknownMessageType,
    encode_call,
    encode_result,
    parse,
)
from app.ocpp.tolerance import mend
from app.ocpp.validation import PayloadSchema
from tests.fakes.world import World, fake_world
from tests.unit.ocpp.conftest import Station
from tests.unit.ocpp.payloads import JSON, TEXT, good, spoiled

KINDS = (Call, CallResult, CallError, Malformed, UnknownMessageType)
ACTIONS = sorted(load_catalog().actions()[0])
IDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=36)
every_action = pytest.mark.parametrize("action", ACTIONS)


def as_text(frame: Any) -> str:
    """JSON as sloppy as charge points write it: with NaN, lone surrogates, numbers of any length."""
    return json.dumps(frame)


# --- frames --------------------------------------------------------------------------------------


@given(st.binary(max_size=200) | st.text(max_size=200))
def test_anything_has_a_kind(text: str | bytes) -> None:
    assert isinstance(parse(text), KINDS)


@given(JSON)
def test_any_json_has_a_kind(tree: Any) -> None:
    frame = parse(as_text(tree))
    assert isinstance(frame, KINDS)
    if not isinstance(tree, list):
        assert isinstance(frame, Malformed)
        assert frame.unique_id is None


@given(st.integers(-3, 9), JSON, JSON, st.lists(JSON, max_size=3))
def test_any_array_has_the_kind_of_its_number(
    kind: int, unique_id: Any, action: Any, rest: list[Any]
) -> None:
    """What cannot be answered has no id; what can is Malformed under its own."""
    frame = parse(as_text([kind, unique_id, action, *rest]))
    expected = {2: (Call, Malformed), 3: (CallResult, CallError, Malformed), 4: (CallError, Malformed)}
    if not (isinstance(frame, Malformed) and frame.reason.startswith("not JSON")):
        assert isinstance(frame, expected.get(kind, UnknownMessageType))
    if isinstance(frame, Malformed) and frame.unique_id is not None:
        assert frame.unique_id == unique_id


@given(IDS, TEXT, good("MeterValues") | good("BootNotification"))
def test_what_is_written_is_read_back(unique_id: str, action: str, payload: dict[str, Any]) -> None:
    call = encode_call(unique_id, action, payload)
    assert parse(call) == Call(unique_id, action, payload)
    assert parse(encode_result(unique_id, payload)) == CallResult(unique_id, payload)
    assert call == json.dumps(json.loads(call), separators=(",", ":"), ensure_ascii=False)


@given(IDS, TEXT, good("StatusNotification"), st.integers(0, 200), st.integers(0, 7))
def test_a_flipped_bit_is_no_disaster(
    unique_id: str, action: str, payload: dict[str, Any], place: int, bit: int
) -> None:
    raw = bytearray(encode_call(unique_id, action, payload).encode())
    raw[place % len(raw)] ^= 1 << bit
    assert isinstance(parse(bytes(raw)), KINDS)


# --- calls ---------------------------------------------------------------------------------------


def a_station(*, tolerant: bool = True) -> Station:
    """A charge point of an installation of its own, with a transaction that runs."""
    world: World = fake_world(load_catalog())
    world.services.tenants.create("acme", "Acme")
    world.services.tenants.directory.refresh()
    world.link.gateways.add("gw-1")
    ref = ChargePointRef("acme", "CP-1")
    world.add_charge_point("acme", "CP-1", Registration.ACCEPTED)
    world.services.charge_points.open_connection(ref, "gw-1", "connection-CP-1")
    station = Station(world, ref)
    station.ask(
        "StartTransaction",
        {"connectorId": 1, "idTag": "TAG", "meterStart": 0, "timestamp": "2026-03-01T11:00:00Z"},
    )
    return station


def answer_to(station: Station, unique_id: str, action: str, payload: Any) -> list[Any]:
    """The one answer, which is a frame under the call's id and none of an internal error."""
    (reply,) = station.handle(station.call(action, payload, unique_id))
    frame: list[Any] = json.loads(reply.text)
    assert frame[:2] in ([3, unique_id], [4, unique_id])
    if frame[0] == 4:
        _, _, code, description, details = frame
        assert code in set(ErrorCode) - {ErrorCode.INTERNAL_ERROR}
        assert isinstance(description, str)
        assert details == {}
    else:
        assert PayloadSchema(f"{action}Response").is_valid(frame[2])
    return frame


def is_object(payload: Any) -> bool:
    """The gateway answers everything else itself."""
    return payload is None or isinstance(payload, dict)


@every_action
@given(data=st.data())
@settings(max_examples=80, deadline=None)
def test_what_is_mended_can_be_stored(action: str, data: st.DataObject) -> None:
    """Whole numbers beyond 64 bits, above all: the fakes would take them, a store does not."""
    payload = data.draw(spoiled(action).filter(lambda made: isinstance(made, dict)))
    schema = PayloadSchema(action)
    try:
        mend(schema, payload)
    except OcppError:
        return
    whole = [value for value in payload.values() if isinstance(value, int)]
    assert all(-(2**53) <= value <= 2**53 for value in whole)


@every_action
@given(data=st.data(), unique_id=IDS)
@settings(max_examples=40, deadline=None)
def test_a_good_call_gets_a_result(action: str, data: st.DataObject, unique_id: str) -> None:
    """Except connectors that nobody has, and what is refused whatever it looks like."""
    payload = data.draw(good(action))
    frame = answer_to(a_station(), unique_id, action, payload)
    connector = payload.get("connectorId", 0)
    assert frame[0] == 3 or (not 0 <= connector <= 1000 and frame[2] == "PropertyConstraintViolation"), frame


@every_action
@given(data=st.data(), unique_id=IDS)
@settings(max_examples=80, deadline=None)
def test_a_spoiled_call_gets_an_answer(action: str, data: st.DataObject, unique_id: str) -> None:
    payload = data.draw(spoiled(action).filter(is_object))
    answer_to(a_station(), unique_id, action, payload)


@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_any_row_of_calls_gets_answers(data: st.DataObject) -> None:
    """Of one charge point, whose transaction stops, starts and stops again."""
    station = a_station()
    for number in range(data.draw(st.integers(1, 6))):
        action = data.draw(st.sampled_from(ACTIONS))
        payload = data.draw(spoiled(action).filter(is_object))
        if isinstance(payload, dict) and "transactionId" in payload and data.draw(st.booleans()):
            payload["transactionId"] = 1
        answer_to(station, f"call-{number}", action, payload)
