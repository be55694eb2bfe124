"""What the official texts say of every frame that the central system sends.

The order of members is that of the tables in OCPP 1.6 edition 2 (sections 6 and 7) and in the security white
paper (sections 5 and 6); the schemas are those that ship with the `ocpp` package. Nothing here comes from
the system under test.
"""

import json
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any

from jsonschema import Draft4Validator

ERROR_CODES = frozenset(
    {
        "NotImplemented",
        "NotSupported",
        "InternalError",
        "ProtocolError",
        "SecurityError",
        "FormationViolation",
        "PropertyConstraintViolation",
        "OccurenceConstraintViolation",
        "TypeConstraintViolation",
        "GenericError",
    }
)
"""OCPP-J 1.6 table 7, with its spelling."""

_SCHEDULE = {
    "duration": None,
    "startSchedule": None,
    "chargingRateUnit": None,
    "chargingSchedulePeriod": dict.fromkeys(["startPeriod", "limit", "numberPhases"]),
    "minChargingRate": None,
}
_PROFILE = {
    "chargingProfileId": None,
    "transactionId": None,
    "stackLevel": None,
    "chargingProfilePurpose": None,
    "chargingProfileKind": None,
    "recurrencyKind": None,
    "validFrom": None,
    "validTo": None,
    "chargingSchedule": _SCHEDULE,
}
_ID_TAG_INFO = dict.fromkeys(["expiryDate", "parentIdTag", "status"])
_CERTIFICATE_HASH = dict.fromkeys(["hashAlgorithm", "issuerNameHash", "issuerKeyHash", "serialNumber"])
_FIRMWARE = dict.fromkeys(
    ["location", "retrieveDateTime", "installDateTime", "signingCertificate", "signature"]
)
_LOG = dict.fromkeys(["remoteLocation", "oldestTimestamp", "latestTimestamp"])

Members = Mapping[str, Any]
REQUESTS: dict[str, Members] = {
    "CancelReservation": dict.fromkeys(["reservationId"]),
    "ChangeAvailability": dict.fromkeys(["connectorId", "type"]),
    "ChangeConfiguration": dict.fromkeys(["key", "value"]),
    "ClearCache": {},
    "ClearChargingProfile": dict.fromkeys(["id", "connectorId", "chargingProfilePurpose", "stackLevel"]),
    "DataTransfer": dict.fromkeys(["vendorId", "messageId", "data"]),
    "GetCompositeSchedule": dict.fromkeys(["connectorId", "duration", "chargingRateUnit"]),
    "GetConfiguration": dict.fromkeys(["key"]),
    "GetDiagnostics": dict.fromkeys(["location", "retries", "retryInterval", "startTime", "stopTime"]),
    "GetLocalListVersion": {},
    "RemoteStartTransaction": {"connectorId": None, "idTag": None, "chargingProfile": _PROFILE},
    "RemoteStopTransaction": dict.fromkeys(["transactionId"]),
    "ReserveNow": dict.fromkeys(["connectorId", "expiryDate", "idTag", "parentIdTag", "reservationId"]),
    "Reset": dict.fromkeys(["type"]),
    "SendLocalList": {
        "listVersion": None,
        "localAuthorizationList": {"idTag": None, "idTagInfo": _ID_TAG_INFO},
        "updateType": None,
    },
    "SetChargingProfile": {"connectorId": None, "csChargingProfiles": _PROFILE},
    "TriggerMessage": dict.fromkeys(["requestedMessage", "connectorId"]),
    "UnlockConnector": dict.fromkeys(["connectorId"]),
    "UpdateFirmware": dict.fromkeys(["location", "retries", "retrieveDate", "retryInterval"]),
    "CertificateSigned": dict.fromkeys(["certificateChain"]),
    "DeleteCertificate": {"certificateHashData": _CERTIFICATE_HASH},
    "ExtendedTriggerMessage": dict.fromkeys(["requestedMessage", "connectorId"]),
    "GetInstalledCertificateIds": dict.fromkeys(["certificateType"]),
    "GetLog": {"logType": None, "requestId": None, "retries": None, "retryInterval": None, "log": _LOG},
    "InstallCertificate": dict.fromkeys(["certificateType", "certificate"]),
    "SignedUpdateFirmware": {
        "retries": None,
        "retryInterval": None,
        "requestId": None,
        "firmware": _FIRMWARE,
    },
}
"""Calls of the central system: members in the order of the tables, with those of inner classes."""

ANSWERS: dict[str, Members] = {
    "Authorize": {"idTagInfo": _ID_TAG_INFO},
    "BootNotification": dict.fromkeys(["currentTime", "interval", "status"]),
    "DataTransfer": dict.fromkeys(["status", "data"]),
    "DiagnosticsStatusNotification": {},
    "FirmwareStatusNotification": {},
    "Heartbeat": dict.fromkeys(["currentTime"]),
    "MeterValues": {},
    "StartTransaction": {"idTagInfo": _ID_TAG_INFO, "transactionId": None},
    "StatusNotification": {},
    "StopTransaction": {"idTagInfo": _ID_TAG_INFO},
    "LogStatusNotification": {},
    "SecurityEventNotification": {},
    "SignCertificate": dict.fromkeys(["status"]),
    "SignedFirmwareStatusNotification": {},
}
"""Answers of the central system."""


def breaches_of_call(text: str) -> list[str]:
    """What is wrong with a Call as the central system sent it."""
    kind, unique_id, action, payload = json.loads(text, parse_float=Decimal)
    found = _breaches_of_form(text)
    if kind != 2 or not isinstance(unique_id, str) or not 0 < len(unique_id) <= 36:
        found.append(f"no proper Call: {text}")
    if action not in REQUESTS:
        return [*found, f"a central system does not send {action}"]
    return found + _breaches_of_payload(payload, action, REQUESTS[action])


def breaches_of_answer(text: str, action: str) -> list[str]:
    """What is wrong with the CallResult or CallError that answers `action`."""
    kind, unique_id, *rest = json.loads(text, parse_float=Decimal)
    found = _breaches_of_form(text)
    if kind == 4:
        code, description, details = rest
        shape = isinstance(unique_id, str) and isinstance(description, str) and details == {}
        return found if shape and code in ERROR_CODES else [*found, f"no proper CallError: {text}"]
    (payload,) = rest
    return found + _breaches_of_payload(payload, f"{action}Response", ANSWERS[action])


def _breaches_of_form(text: str) -> list[str]:
    compact = json.dumps(json.loads(text), separators=(",", ":"), ensure_ascii=False)
    return [] if text == compact else [f"not compact: {text}"]


def _breaches_of_payload(payload: Any, schema: str, members: Members) -> list[str]:
    found = [f"{schema}: {breach.message}" for breach in _validator(schema).iter_errors(payload)]
    return found + _breaches_of_order(payload, members, schema)


def _breaches_of_order(payload: Any, members: Members, path: str) -> list[str]:
    if isinstance(payload, list):
        return [breach for item in payload for breach in _breaches_of_order(item, members, path)]
    found = []
    if list(payload) != [name for name in members if name in payload]:
        found.append(f"{path}: {list(payload)} is not in the order {list(members)}")
    for name, value in payload.items():
        if isinstance(value, dict | list) and isinstance(members.get(name), Mapping):
            found += _breaches_of_order(value, members[name], f"{path}.{name}")
    return found


@cache
def schema_of(name: str) -> dict[str, Any]:
    """An official schema: `Authorize` for the request, `AuthorizeResponse` for its answer."""
    text = files("ocpp").joinpath("v16", "schemas", f"{name}.json").read_text(encoding="utf-8-sig")
    schema: dict[str, Any] = json.loads(text, parse_float=Decimal)
    return schema


@cache
def _validator(name: str) -> Draft4Validator:
    return Draft4Validator(schema_of(name))
