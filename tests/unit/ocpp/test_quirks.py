"""What handlers forgive is noted under its name; what is in order is not (section G)."""

from typing import Any

import pytest

from app.domain.meter import is_unreadable
from tests.unit.ocpp.conftest import Station

NOON = "2026-03-01T12:00:00Z"
START = {"connectorId": 1, "idTag": "TAG", "meterStart": 0, "timestamp": NOON}
STOP = {"transactionId": 4711, "meterStop": 9, "timestamp": NOON}


def meter(value: str, **more: Any) -> dict[str, Any]:
    return {"connectorId": 1, "meterValue": [{"timestamp": NOON, "sampledValue": [{"value": value}]}]} | more


def counts(station: Station) -> dict[str, int]:
    found = station.world.services.deviations.find(station.ref).counts
    return dict(found)


@pytest.mark.parametrize(
    ("action", "payload", "noted"),
    [
        ("MeterValues", meter("abc"), {"unreadable_value": 1}),
        ("MeterValues", meter(""), {"unreadable_value": 1}),
        ("MeterValues", meter("1.5"), {}),
        ("MeterValues", meter("1", transactionId=-1), {"no_transaction": 1}),
        ("MeterValues", meter("1", transactionId=4711), {"unknown_transaction": 1}),
        ("StopTransaction", STOP, {"unknown_transaction": 1}),
        ("StopTransaction", STOP | {"transactionId": 0}, {"no_transaction": 1}),
        ("StopTransaction", STOP | {"idTag": "TAG "}, {"id_tag_not_clean": 1, "unknown_transaction": 1}),
        ("StartTransaction", START, {}),
        ("StartTransaction", START | {"reservationId": 0}, {"no_reservation": 1}),
        ("StartTransaction", START | {"reservationId": -1}, {"no_reservation": 1}),
        ("StartTransaction", START | {"idTag": "TAG\u0003"}, {"id_tag_not_clean": 1}),
        ("Authorize", {"idTag": "\u0000TAG"}, {"id_tag_not_clean": 1}),
        ("Authorize", {"idTag": "04:AA:BB:CC"}, {}),
    ],
)
def test_a_quirk_is_noted_under_its_name(
    station: Station, action: str, payload: dict[str, Any], noted: dict[str, int]
) -> None:
    station.ask(action, payload)
    assert counts(station) == noted


def test_a_transaction_of_ours_is_none(station: Station) -> None:
    transaction_id = station.ask("StartTransaction", START)["transactionId"]
    station.ask("MeterValues", meter("1", transactionId=transaction_id))
    station.ask("StopTransaction", STOP | {"transactionId": transaction_id})
    assert counts(station) == {}


@pytest.mark.parametrize(
    ("sample", "unreadable"),
    [
        ({"value": "1"}, False),
        ({"value": " 1.5e3 "}, False),
        ({"value": "00FF", "format": "SignedData"}, False),
        ({"value": "1 200"}, True),
        ({"value": "NaN"}, True),
        ({}, True),
    ],
)
def test_signed_blocks_are_no_numbers_and_need_not_be(sample: dict[str, str], unreadable: bool) -> None:
    assert is_unreadable(sample) is unreadable
