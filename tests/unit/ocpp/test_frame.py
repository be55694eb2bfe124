"""OCPP-J frames: exact on the way out, unshakeable on the way in (A14-A19, A30-A32b, vectors H)."""

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.ocpp.errors import ErrorCode
from app.ocpp.frame import (
    Call,
    CallError,
    CallResult,
    Frame,
    Malformed,
    UnknownMessageType,
    encode_call,
    encode_error,
    encode_result,
    parse,
)

FRAMES = Call | CallResult | CallError | Malformed | UnknownMessageType
TEXT = st.text(st.characters(exclude_categories=["Cs"]))  # JSON texts hold no lone surrogates
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(TEXT, inner, max_size=5),
    max_leaves=10,
)
UNIQUE_ID = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=36)
PAYLOAD = st.dictionaries(TEXT, st.integers(-(2**53), 2**53) | TEXT | st.booleans(), max_size=5)


# --- what comes in -----------------------------------------------------------------------------------


def test_a_call_is_read() -> None:
    assert parse('[2,"19223201","BootNotification",{"chargePointVendor":"V"}]') == Call(
        "19223201", "BootNotification", {"chargePointVendor": "V"}
    )


def test_null_stands_for_an_empty_payload() -> None:
    """A16, vector H1."""
    assert parse('[2,"1","Heartbeat",null]') == Call("1", "Heartbeat", {}, null_payload=True)
    assert parse('[3,"1",null]') == CallResult("1", {})


def test_a_result_is_read_with_and_without_payload() -> None:
    assert parse('[3,"1",{"status":"Accepted"}]') == CallResult("1", {"status": "Accepted"})
    assert parse('[3,"1"]') == CallResult("1", {})


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ('[4,"1","NotSupported","no",{"a":1}]', CallError("1", "NotSupported", "no", {"a": 1})),
        ('[4,"1","NotSupported","no"]', CallError("1", "NotSupported", "no", {})),
        ('[4,"1","NotSupported"]', CallError("1", "NotSupported", "", {})),
        ('[4,"1"]', CallError("1", "GenericError", "", {})),
        ('[4,"1",null,null,null]', CallError("1", "GenericError", "", {})),
        ('[4,"1","FormatViolation","",{}]', CallError("1", "FormatViolation", "", {})),
        (
            '[4,"1","OccurrenceConstraintViolation",7,[]]',
            CallError("1", "OccurrenceConstraintViolation", "7", {}),
        ),
        ('[4,"1","a","b",{},"more"]', CallError("1", "a", "b", {})),
    ],
)
def test_a_call_error_is_read_in_whatever_shape_it_comes(text: str, error: CallError) -> None:
    """A32b: any code, both spellings, three to five elements."""
    assert parse(text) == error


@pytest.mark.parametrize(
    "text",
    [
        "hello",
        "",
        " ",
        "{}",
        "[]",
        "null",
        '"[2]"',
        "2",
        "[2",
        '[2,"1","Heartbeat",{}',
        '[2,"1","X",{"a":NaN}]',
    ],
)
def test_what_is_no_frame_has_no_id_to_answer(text: str) -> None:
    """A31, vector H6: logged, never answered."""
    frame = parse(text)
    assert isinstance(frame, Malformed)
    assert frame.unique_id is None


@pytest.mark.parametrize(
    "text",
    ["[2]", "[2,null]", "[2,1,{}]", '[2,"","Heartbeat",{}]', '[2,["1"],"Heartbeat",{}]', "[3]", "[4,5]"],
)
def test_an_id_that_is_no_text_cannot_be_answered(text: str) -> None:
    frame = parse(text)
    assert isinstance(frame, Malformed)
    assert frame.unique_id is None


@pytest.mark.parametrize(
    "text",
    [
        '[2,"1","Heartbeat"]',
        '[2,"1"]',
        '[2,"1","Heartbeat",{},{}]',
        '[2,"1",7,{}]',
        '[2,"1",null,{}]',
        '[2,"1","Heartbeat",[]]',
        '[2,"1","Heartbeat","{}"]',
        '[2,"1","Heartbeat",0]',
    ],
)
def test_a_call_of_the_wrong_shape_is_answered_under_its_id(text: str) -> None:
    """Vector H7."""
    frame = parse(text)
    assert isinstance(frame, Malformed)
    assert frame.unique_id == "1"


def test_an_id_of_36_characters_is_taken_and_one_of_37_is_not() -> None:
    """A18, A30, vector H7."""
    assert parse(json.dumps([2, "x" * 36, "Heartbeat", {}])) == Call("x" * 36, "Heartbeat", {})
    frame = parse(json.dumps([2, "x" * 37, "Heartbeat", {}]))
    assert isinstance(frame, Malformed)
    assert frame.unique_id == "x" * 37


def test_a_result_that_is_no_object_still_ends_its_call() -> None:
    """Nothing answers an answer, and the next command must not wait for it."""
    reason = "the payload of the CallResult is not an object"
    assert parse('[3,"1","Accepted"]') == CallError("1", "FormationViolation", reason, {})


@pytest.mark.parametrize("kind", ["9", "0", "-1", "1", "5", "2.0", "true", '"2"', "null", "[2]", "{}", "20"])
def test_an_unknown_message_type_is_told_from_a_malformed_frame(kind: str) -> None:
    """A19, vector H6: ignored; it does not count against the connection."""
    assert isinstance(parse(f'[{kind},"1","x"]'), UnknownMessageType)


def test_actions_are_case_sensitive() -> None:
    """A17: whatever it is, it is handed on as it came."""
    frame = parse('[2,"1","/heartBeat",{}]')
    assert isinstance(frame, Call)
    assert frame.action == "/heartBeat"


def test_bytes_are_read_as_well() -> None:
    assert parse('[2,"1","Heartbeat",{"ä":"ö"}]'.encode()) == Call("1", "Heartbeat", {"ä": "ö"})
    assert isinstance(parse(b'[2,"\xff","Heartbeat",{}]'), Malformed)


def test_deep_nesting_is_malformed_not_fatal() -> None:
    assert isinstance(parse('[2,"1","Heartbeat",{"a":' + "[" * 50_000 + "]" * 50_000 + "}]"), Malformed)


@pytest.mark.parametrize("levels", [40, 200, 1_000])
def test_what_nests_deeper_than_any_ocpp_is_answered_as_malformed(levels: int) -> None:
    """Nothing behind the gateway recurses for it."""
    data = "[" * levels + "]" * levels
    frame = parse(f'[2,"1","DataTransfer",{{"vendorId":"v","data":{data}}}]')
    assert frame == Malformed("nested deeper than 32 levels", "1")
    answer = parse(f'[3,"1",{{"data":{data}}}]')
    assert answer == CallError("1", "FormationViolation", "nested deeper than 32 levels", {})
    assert parse(f"[9,{data}]") == Malformed("nested deeper than 32 levels")
    assert isinstance(parse(f'[2,[],"X",{{"data":{data}}}]'.encode()), Malformed)


def test_many_readings_are_not_deep() -> None:
    values = ",".join(['{"value":"1"}'] * 500)
    frame = parse(f'[2,"1","MeterValues",{{"connectorId":1,"meterValue":[{{"sampledValue":[{values}]}}]}}]')
    assert isinstance(frame, Call)


@pytest.mark.parametrize("part", ["[]", "{}", "[[[[]]]]"])
def test_a_megabyte_of_brackets_is_not_even_read(part: str) -> None:
    text = '[2,"1","MeterValues",{"connectorId":1,"meterValue":[' + ",".join([part] * 100_000) + "]}]"
    began = time.perf_counter()
    assert parse(text) == Malformed("more than 20000 lists and objects")
    assert time.perf_counter() - began < 0.05


@given(st.text() | st.binary())
def test_nothing_at_all_makes_parsing_raise(text: str | bytes) -> None:
    assert isinstance(parse(text), FRAMES)


@given(st.lists(JSON, max_size=7))
def test_no_json_array_makes_parsing_raise(parts: list[Any]) -> None:
    assert isinstance(parse(json.dumps(parts)), FRAMES)


@given(st.sampled_from([2, 3, 4]), st.lists(JSON, max_size=5))
def test_no_frame_like_array_makes_parsing_raise(kind: int, rest: list[Any]) -> None:
    frame: Frame = parse(json.dumps([kind, *rest]))
    assert isinstance(frame, FRAMES)
    if isinstance(frame, CallError):
        assert (type(frame.code), type(frame.description), type(frame.details)) == (str, str, dict)


# --- what goes out -----------------------------------------------------------------------------------


def test_frames_are_sent_in_the_exact_shape() -> None:
    """A15."""
    assert encode_call("1", "Reset", {"type": "Soft"}) == '[2,"1","Reset",{"type":"Soft"}]'
    assert encode_result("1", {}) == '[3,"1",{}]'
    assert encode_error("1", ErrorCode.NOT_IMPLEMENTED) == '[4,"1","NotImplemented","",{}]'
    assert encode_error("1", ErrorCode.INTERNAL_ERROR, "later") == '[4,"1","InternalError","later",{}]'


def test_a_description_is_cut_to_255_characters() -> None:
    (_, _, _, description, _) = json.loads(encode_error("1", ErrorCode.GENERIC_ERROR, "x" * 300))
    assert description == "x" * 255


@pytest.mark.parametrize("number", [16.1, 0.1, 6.0, 32, 22000.7])
def test_numbers_are_sent_as_they_were_given(number: float) -> None:
    """Vector H13: 16.1 never becomes 16.100000000000001."""
    assert f'"limit":{number}' in encode_call("1", "SetChargingProfile", {"limit": number})


@given(UNIQUE_ID, TEXT, PAYLOAD)
def test_a_call_that_is_sent_is_read_back_the_same(
    unique_id: str, action: str, payload: dict[str, Any]
) -> None:
    assert parse(encode_call(unique_id, action, payload)) == Call(unique_id, action, payload)
    assert parse(encode_result(unique_id, payload)) == CallResult(unique_id, payload)


@given(UNIQUE_ID, st.sampled_from(ErrorCode), st.text(st.characters(exclude_categories=["Cs"]), max_size=300))
def test_an_error_that_is_sent_is_read_back_the_same(
    unique_id: str, code: ErrorCode, description: str
) -> None:
    assert parse(encode_error(unique_id, code, description)) == CallError(
        unique_id, code.value, description[:255], {}
    )
