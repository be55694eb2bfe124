"""Payloads against the official schemas: exact codes when strict, mended when harmless (A.4, section G)."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.ocpp.errors import OcppError
from app.ocpp.tolerance import mend
from app.ocpp.validation import PayloadSchema

START = {"connectorId": 1, "idTag": "TAG", "meterStart": 0, "timestamp": "2026-03-01T12:00:00Z"}
STATUS = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}
BOOT = {"chargePointVendor": "V", "chargePointModel": "M"}
METER = {
    "connectorId": 1,
    "meterValue": [{"timestamp": "2026-03-01T12:00:00Z", "sampledValue": [{"value": "1"}]}],
}
PROFILE = {
    "connectorId": 1,
    "csChargingProfiles": {
        "chargingProfileId": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Absolute",
        "chargingSchedule": {
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16.1}],
        },
    },
}
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False)
    | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def strict_code(action: str, payload: dict[str, Any]) -> str:
    with pytest.raises(OcppError) as refused:
        PayloadSchema(action).check_strictly(payload)
    return refused.value.error_code.value


def tolerant_code(action: str, payload: dict[str, Any]) -> str:
    with pytest.raises(OcppError) as refused:
        mend(PayloadSchema(action), payload)
    return refused.value.error_code.value


def mended(action: str, payload: dict[str, Any]) -> dict[str, Any]:
    payload = copy.deepcopy(payload)
    mend(PayloadSchema(action), payload)
    return payload


def without(payload: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in payload.items() if key != name}


@pytest.mark.parametrize(
    ("action", "payload"),
    [
        ("StartTransaction", START),
        ("StatusNotification", STATUS),
        ("BootNotification", BOOT),
        ("MeterValues", METER),
    ],
)
def test_a_right_payload_passes_both_ways_and_is_not_touched(action: str, payload: dict[str, Any]) -> None:
    PayloadSchema(action).check_strictly(payload)
    copied = copy.deepcopy(payload)
    assert mend(PayloadSchema(action), copied) == []
    assert copied == payload


@pytest.mark.parametrize(
    ("action", "payload", "code"),
    [
        ("Authorize", {}, "ProtocolError"),
        ("Authorize", {"idTag": 12}, "TypeConstraintViolation"),
        ("Authorize", {"idTag": "x" * 21}, "PropertyConstraintViolation"),
        ("Authorize", {"idTag": "x", "connectorId": 1}, "FormationViolation"),
        ("StatusNotification", STATUS | {"errorCode": "Nonsense"}, "PropertyConstraintViolation"),
        ("StatusNotification", STATUS | {"connectorId": "1"}, "TypeConstraintViolation"),
        ("MeterValues", METER | {"meterValue": "x"}, "TypeConstraintViolation"),
    ],
)
def test_strictly_each_breach_has_its_code(action: str, payload: dict[str, Any], code: str) -> None:
    """Vector H5 and OCPP-J table 7."""
    assert strict_code(action, payload) == code


def test_a_limit_is_a_multiple_of_a_tenth() -> None:
    """Vector H13: 16.1 passes, 16.15 does not."""
    PayloadSchema("SetChargingProfile").check_strictly(PROFILE)
    wrong = copy.deepcopy(PROFILE)
    wrong["csChargingProfiles"]["chargingSchedule"]["chargingSchedulePeriod"][0]["limit"] = 16.15  # type: ignore[index]
    assert strict_code("SetChargingProfile", wrong) == "PropertyConstraintViolation"


# --- tolerance, for what charge points send ----------------------------------------------------------


@pytest.mark.parametrize(
    ("action", "payload", "mended_to"),
    [
        ("Authorize", {"idTag": 1234}, {"idTag": "1234"}),
        ("StartTransaction", START | {"meterStart": "12"}, START | {"meterStart": 12}),
        ("StartTransaction", START | {"meterStart": 12.0}, START | {"meterStart": 12}),
        ("StartTransaction", START | {"reservationId": None}, START),
        ("StartTransaction", START | {"meterStart": 12.6}, START | {"meterStart": 13}),
        ("StartTransaction", without(START, "timestamp"), START | {"timestamp": ""}),
        ("StartTransaction", START | {"idTag": "x" * 900}, START | {"idTag": "x" * 500}),
        ("MeterValues", METER | {"meterValue": {}}, METER | {"meterValue": []}),
        (
            "StopTransaction",
            {"transactionId": 2**31, "meterStop": "123.4", "timestamp": "t", "transactionData": 5},
            {"transactionId": 2**31, "meterStop": 123, "timestamp": "t", "transactionData": []},
        ),
        (
            "StatusNotification",
            STATUS | {"info": 5, "vendorErrorCode": True},
            STATUS | {"info": "5", "vendorErrorCode": "true"},
        ),
        (
            "StopTransaction",
            {"transactionId": "7", "meterStop": 1, "timestamp": "t"},
            {"transactionId": 7, "meterStop": 1, "timestamp": "t"},
        ),
    ],
)
def test_a_value_of_the_wrong_type_is_converted_where_nothing_is_lost(
    action: str, payload: dict[str, Any], mended_to: dict[str, Any]
) -> None:
    """G11, G16."""
    assert mended(action, payload) == mended_to


@pytest.mark.parametrize(
    ("action", "payload"),
    [
        ("Authorize", {"idTag": "TAG", "connectorId": 1}),
        ("Authorize", {"idTag": "x" * 40}),
        ("BootNotification", BOOT | {"chargePointSerialNumber": "x" * 255}),
        ("StatusNotification", STATUS | {"errorCode": "Error"}),
        ("StatusNotification", STATUS | {"status": "Occupied"}),
        ("MeterValues", METER | {"meterValue": []}),
        (
            "MeterValues",
            METER | {"meterValue": [{"timestamp": 5, "sampledValue": [{"value": 7}]}, "nonsense"]},
        ),
        (
            "MeterValues",
            METER | {"meterValue": [{"timestamp": "t", "sampledValue": [{"value": "1", "unit": "Hz"}]}]},
        ),
    ],
)
def test_harmless_breaches_are_let_through_and_counted(action: str, payload: dict[str, Any]) -> None:
    """G10, G13, G24; a bad reading must not cost the others (A28)."""
    copied = copy.deepcopy(payload)
    assert mend(PayloadSchema(action), copied)
    assert copied == payload


@pytest.mark.parametrize(
    ("action", "payload", "code"),
    [
        ("Authorize", {}, "ProtocolError"),
        ("Authorize", {"idTag": []}, "TypeConstraintViolation"),
        ("StartTransaction", without(START, "idTag"), "ProtocolError"),
        ("StartTransaction", START | {"connectorId": "12.5"}, "TypeConstraintViolation"),
        ("StartTransaction", START | {"meterStart": "much"}, "TypeConstraintViolation"),
        ("StartTransaction", START | {"meterStart": True}, "TypeConstraintViolation"),
        ("StartTransaction", START | {"meterStart": "9" * 20}, "PropertyConstraintViolation"),
        ("StartTransaction", START | {"meterStart": 2**63}, "PropertyConstraintViolation"),
        ("StartTransaction", START | {"meterStart": -(2**60)}, "PropertyConstraintViolation"),
        ("MeterValues", without(METER, "meterValue"), "ProtocolError"),
    ],
)
def test_what_cannot_be_mended_is_refused_with_its_code(
    action: str, payload: dict[str, Any], code: str
) -> None:
    assert tolerant_code(action, payload) == code


@pytest.mark.parametrize("name", without(START, "timestamp"))
def test_null_for_a_required_field_is_a_missing_field(name: str) -> None:
    """Dropping the null must not hand a payload without it to the handler."""
    assert tolerant_code("StartTransaction", START | {name: None}) == "ProtocolError"


@pytest.mark.parametrize(
    ("action", "payload"),
    [
        ("StartTransaction", START),
        ("StatusNotification", STATUS),
        ("BootNotification", BOOT),
        ("MeterValues", METER),
    ],
)
@given(
    changes=st.dictionaries(
        st.sampled_from(["connectorId", "idTag", "status", "timestamp", "info", "x"]), JSON
    )
)
def test_whatever_comes_is_mended_or_refused_and_never_breaks(
    action: str, payload: dict[str, Any], changes: dict[str, Any]
) -> None:
    """And what is let through has every required field."""
    tried = copy.deepcopy(payload) | changes
    try:
        mend(PayloadSchema(action), tried)
    except OcppError:
        return
    assert payload.keys() <= tried.keys()


def test_bad_readings_do_not_let_a_number_through_that_no_store_takes() -> None:
    readings = [{"timestamp": "2026-03-01T12:00:00Z", "sampledValue": [{"value": 1}]}]
    payload = {"connectorId": 1, "transactionId": 2**63, "meterValue": readings}
    assert tolerant_code("MeterValues", payload) == "PropertyConstraintViolation"


def test_what_is_nested_without_end_is_refused_and_breaks_nothing() -> None:
    deep: Any = 1
    for _ in range(500):
        deep = [deep]
    assert tolerant_code("Authorize", {"idTag": "TAG", "extra": deep}) == "FormationViolation"
    assert strict_code("Authorize", {"idTag": "TAG", "extra": deep}) == "FormationViolation"
