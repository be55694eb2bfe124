"""A valid payload of every Call that a charge point may send, and ways to spoil a frame."""

import json
from collections.abc import Callable
from copy import deepcopy
from random import Random
from typing import Any

_TIME = "2026-03-01T12:00:00.000Z"
_SAMPLES = [
    {"value": "1500"},
    {
        "value": "1.6",
        "unit": "kWh",
        "context": "Sample.Periodic",
        "measurand": "Energy.Active.Import.Register",
    },
    {"value": "16.1", "unit": "A", "phase": "L1", "location": "Outlet", "measurand": "Current.Import"},
    {"value": "00FF", "format": "SignedData"},
]
_CSR = "-----BEGIN CERTIFICATE REQUEST-----\nMIIB\n-----END CERTIFICATE REQUEST-----\n"

VALID: dict[str, dict[str, Any]] = {
    "Authorize": {"idTag": "GOOD-TAG"},
    "BootNotification": {
        "chargePointVendor": "Vendor",
        "chargePointModel": "Model",
        "chargePointSerialNumber": "S-1",
        "firmwareVersion": "1.0",
        "iccid": "8931",
        "imsi": "2040",
        "meterType": "T",
        "meterSerialNumber": "M-1",
    },
    "DataTransfer": {"vendorId": "com.example", "messageId": "M", "data": '{"a":1}'},
    "DiagnosticsStatusNotification": {"status": "Uploading"},
    "FirmwareStatusNotification": {"status": "Downloading"},
    "Heartbeat": {},
    "LogStatusNotification": {"status": "Uploading", "requestId": 1},
    "MeterValues": {
        "connectorId": 1,
        "transactionId": 1,
        "meterValue": [{"timestamp": _TIME, "sampledValue": _SAMPLES}],
    },
    "SecurityEventNotification": {"type": "SettingSystemTime", "timestamp": _TIME, "techInfo": "by hand"},
    "SignCertificate": {"csr": _CSR},
    "SignedFirmwareStatusNotification": {"status": "Downloading", "requestId": 1},
    "StartTransaction": {
        "connectorId": 1,
        "idTag": "GOOD-TAG",
        "meterStart": 1000,
        "timestamp": _TIME,
        "reservationId": 1,
    },
    "StatusNotification": {
        "connectorId": 1,
        "errorCode": "NoError",
        "status": "Available",
        "timestamp": _TIME,
        "info": "fine",
        "vendorId": "com.example",
        "vendorErrorCode": "0",
    },
    "StopTransaction": {
        "transactionId": 1,
        "meterStop": 2000,
        "timestamp": _TIME,
        "idTag": "GOOD-TAG",
        "reason": "Local",
        "transactionData": [{"timestamp": _TIME, "sampledValue": _SAMPLES}],
    },
}

_ODD: list[Any] = [
    None,
    True,
    0,
    -1,
    2**31,
    2**63,
    10**30,
    -(10**400),
    1e308,
    0.1,
    "",
    " ",
    "\u0000",
    "x" * 5000,
    "\u202e\u0301\ud7ff",
    "1970-01-01T00:00:00Z",
    "9999-12-31T23:59:59+23:59",
    "$where",
    "a.b",
    [],
    {},
    [[]],
    {"": {}},
    {"$set": {"_id": 1}},
]


def frame(dice: Random, transaction_ids: list[int]) -> list[Any]:
    """A valid Call; now and then of a transaction that there is."""
    action = dice.choice(sorted(VALID))
    payload = json.loads(json.dumps(VALID[action]))
    if transaction_ids and "transactionId" in payload and dice.random() < 0.5:
        payload["transactionId"] = dice.choice(transaction_ids)
    return [2, f"f{dice.getrandbits(48):x}", action, payload]


def spoiled(dice: Random, call: list[Any]) -> str | bytes:
    """The Call as a text with one to three things wrong with it, or not even a text."""
    for _ in range(dice.randint(0, 2)):
        call = dice.choice(_IN_THE_TREE)(dice, call)
    text = json.dumps(call, ensure_ascii=dice.random() < 0.5, separators=(",", ":"))
    if dice.random() < 0.5:
        return text
    return dice.choice(_IN_THE_TEXT)(dice, text)


# --- in the tree ---------------------------------------------------------------------------------


def _places(tree: Any) -> list[tuple[Any, Any]]:
    """Every container with every key of it."""
    found, waiting = [], [tree]
    while waiting:
        container = waiting.pop()
        keys = list(container) if isinstance(container, dict) else range(len(container))
        found += [(container, key) for key in keys]
        waiting += [container[key] for key in keys if isinstance(container[key], dict | list)]
    return found


def _odd(dice: Random) -> Any:
    return deepcopy(dice.choice(_ODD))


def _change_value(dice: Random, call: list[Any]) -> list[Any]:
    container, key = dice.choice(_places(call))
    container[key] = _odd(dice)
    return call


def _drop(dice: Random, call: list[Any]) -> list[Any]:
    container, key = dice.choice(_places(call))
    del container[key]
    return call or [2]


def _add(dice: Random, call: list[Any]) -> list[Any]:
    containers = [container for container, _ in _places(call)]
    container = dice.choice(containers) if containers else call
    if isinstance(container, dict):
        container[dice.choice(["extra", "", "$x", "a.b", "__proto__"])] = _odd(dice)
    else:
        container.insert(dice.randint(0, len(container)), _odd(dice))
    return call


def _deepen(dice: Random, call: list[Any]) -> list[Any]:
    container, key = dice.choice(_places(call))
    for _ in range(dice.choice([3, 60, 300])):
        container[key] = [container[key]]
    return call


def _multiply(dice: Random, call: list[Any]) -> list[Any]:
    lists = [container[key] for container, key in _places(call) if isinstance(container[key], list)]
    if lists:
        longest = dice.choice(lists)
        longest.extend(deepcopy(longest[:1]) * dice.choice([2, 30, 1500]))
    return call


def _answer_instead(dice: Random, call: list[Any]) -> list[Any]:
    """An answer to nothing, of either kind."""
    kind = dice.choice([3, 4, 3.0, "3", 5, -2])
    return [kind, call[1] if len(call) > 1 else "", *([{}] if kind == 3 else ["Code", None, []])]


_IN_THE_TREE: list[Callable[[Random, list[Any]], list[Any]]] = [
    _change_value,
    _change_value,
    _change_value,
    _drop,
    _add,
    _deepen,
    _multiply,
    _answer_instead,
]


# --- in the text ---------------------------------------------------------------------------------


def _flip(dice: Random, text: str) -> bytes:
    raw = bytearray(text.encode("utf-8", "surrogatepass"))
    for _ in range(dice.randint(1, 4)):
        raw[dice.randrange(len(raw))] ^= 1 << dice.randrange(8)
    return bytes(raw)


def _cut(dice: Random, text: str) -> str:
    return text[: dice.randrange(len(text))]


def _splice(dice: Random, text: str) -> str:
    place = dice.randrange(len(text))
    odd = ["\\ud800", "\\u0000", "NaN", "-0", "1E400", "9" * 400, "]", "}", "//", "\ufeff", '",', "[" * 3000]
    return text[:place] + dice.choice(odd) + text[place:]


def _twice(dice: Random, text: str) -> str:
    return text + dice.choice(["", "\n", ","]) + text


_IN_THE_TEXT: list[Callable[[Random, str], str | bytes]] = [_flip, _cut, _cut, _splice, _splice, _twice]
