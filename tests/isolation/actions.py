"""Every OCPP action, with the tenant's marker wherever text fits. A new action gets its line here.

`INBOUND`: what the charge point sends, in the order of a day. `OUTBOUND`: a command's parameters, and what
the charge point answers. The suite sends each in both tenants at the same time, under the same ids.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding

from app.domain.times import format_time
from app.services.x509 import hash_data_of
from tests.conformance.charge_point import at
from tests.fakes.authority import a_csr, a_root
from tests.isolation.sides import CHARGE_POINT, ID_TAG, RESERVATION_NUMBER, Side, profile

TRANSACTION = 1
"""The first of a new tenant, so the same in both."""
ACCEPTED = {"status": "Accepted"}
Payload = Callable[[Side], dict[str, Any]]


def _reading(side: Side, wh: int) -> dict[str, Any]:
    signed = {"value": side.marker, "format": "SignedData", "context": "Other"}
    return {"timestamp": at(), "sampledValue": [{"value": str(wh), "unit": "Wh"}, signed]}


INBOUND: dict[str, Payload] = {
    "BootNotification": lambda side: {
        "chargePointVendor": f"V {side.marker}",
        "chargePointModel": f"M {side.marker}",
        "chargePointSerialNumber": f"S {side.marker}",
        "chargeBoxSerialNumber": f"B {side.marker}",
        "firmwareVersion": f"F {side.marker}",
        "iccid": side.marker,
        "imsi": side.marker,
        "meterType": side.marker,
        "meterSerialNumber": side.marker,
    },
    "StatusNotification": lambda side: {
        "connectorId": 2,
        "errorCode": "OtherError",
        "status": "Faulted",
        "info": f"broken {side.marker}",
        "vendorId": side.marker,
        "vendorErrorCode": side.marker,
        "timestamp": at(),
    },
    "Heartbeat": lambda _: {},
    "Authorize": lambda _: {"idTag": ID_TAG},
    "StartTransaction": lambda _: {
        "connectorId": 1,
        "idTag": ID_TAG,
        "meterStart": 1000,
        "timestamp": at(),
    },
    "MeterValues": lambda side: {
        "connectorId": 1,
        "transactionId": TRANSACTION,
        "meterValue": [_reading(side, 1500)],
    },
    "DataTransfer": lambda side: {"vendorId": side.marker, "messageId": side.marker, "data": side.marker},
    "SecurityEventNotification": lambda side: {
        "type": "TamperDetectionActivated",
        "timestamp": at(),
        "techInfo": f"opened {side.marker}",
    },
    "SignCertificate": lambda side: {"csr": a_csr(CHARGE_POINT, side.marker)},
    "DiagnosticsStatusNotification": lambda _: {"status": "Uploading"},
    "LogStatusNotification": lambda _: {"status": "Uploading", "requestId": 1},
    "FirmwareStatusNotification": lambda _: {"status": "Downloading"},
    "SignedFirmwareStatusNotification": lambda _: {"status": "Downloading", "requestId": 1},
    "StopTransaction": lambda side: {
        "transactionId": TRANSACTION,
        "idTag": ID_TAG,
        "meterStop": 2500,
        "timestamp": at(),
        "transactionData": [_reading(side, 2400)],
    },
}


def root_pem(side: Side) -> str:
    """A root with the marker in its name."""
    return a_root(side.marker).public_bytes(Encoding.PEM).decode()


def _root_hash(side: Side) -> dict[str, str]:
    root = a_root(side.marker)
    told = hash_data_of(root, "SHA256", root)
    return {
        "hashAlgorithm": told.hash_algorithm,
        "issuerNameHash": told.issuer_name_hash,
        "issuerKeyHash": told.issuer_key_hash,
        "serialNumber": told.serial_number,
    }


def _deleted(side: Side) -> dict[str, Any]:
    names = ("hash_algorithm", "issuer_name_hash", "issuer_key_hash", "serial_number")
    return {"certificate_hash_data": dict(zip(names, _root_hash(side).values(), strict=True))}


def in_an_hour() -> str:
    """A time to come."""
    return format_time(datetime.now(UTC) + timedelta(hours=1))


def _list_entry(side: Side) -> dict[str, Any]:
    return {"id_tag": ID_TAG, "id_tag_info": {"status": "Accepted", "parent_id_tag": side.marker}}


OUTBOUND: dict[str, tuple[Payload, Payload]] = {
    "GetConfiguration": (
        lambda _: {},
        lambda side: {
            "configurationKey": [{"key": "Marker", "readonly": False, "value": side.marker}],
            "unknownKey": [],
        },
    ),
    "ChangeConfiguration": (lambda side: {"key": "Marker", "value": side.marker}, lambda _: ACCEPTED),
    "ChangeAvailability": (lambda _: {"connector_id": 2, "type": "Operative"}, lambda _: ACCEPTED),
    "ClearCache": (lambda _: {}, lambda _: ACCEPTED),
    "GetLocalListVersion": (lambda _: {}, lambda _: {"listVersion": 1}),
    "SendLocalList": (
        lambda side: {"update_type": "Full", "local_authorization_list": [_list_entry(side)]},
        lambda _: ACCEPTED,
    ),
    "SetChargingProfile": (
        lambda _: {"connector_id": 1, "cs_charging_profiles": profile()},
        lambda _: ACCEPTED,
    ),
    "GetCompositeSchedule": (
        lambda _: {"connector_id": 1, "duration": 600},
        lambda _: {"status": "Rejected"},
    ),
    "ClearChargingProfile": (lambda _: {"connector_id": 2}, lambda _: {"status": "Unknown"}),
    "RemoteStartTransaction": (lambda _: {"connector_id": 2, "id_tag": ID_TAG}, lambda _: ACCEPTED),
    "RemoteStopTransaction": (lambda _: {"transaction_id": TRANSACTION}, lambda _: {"status": "Rejected"}),
    "ReserveNow": (
        lambda side: {
            "connector_id": 2,
            "id_tag": ID_TAG,
            "parent_id_tag": side.marker,
            "expiry_date": in_an_hour(),
            "reservation_id": RESERVATION_NUMBER,
        },
        lambda _: ACCEPTED,
    ),
    "CancelReservation": (lambda _: {"reservation_id": 99}, lambda _: {"status": "Rejected"}),
    "UnlockConnector": (lambda _: {"connector_id": 2}, lambda _: {"status": "Unlocked"}),
    "TriggerMessage": (lambda _: {"requested_message": "Heartbeat"}, lambda _: ACCEPTED),
    "ExtendedTriggerMessage": (lambda _: {"requested_message": "Heartbeat"}, lambda _: ACCEPTED),
    "DataTransfer": (
        lambda side: {"vendor_id": side.marker, "message_id": side.marker, "data": side.marker},
        lambda side: {"status": "Accepted", "data": f"answer {side.marker}"},
    ),
    "InstallCertificate": (
        lambda side: {"certificate_type": "ManufacturerRootCertificate", "certificate": root_pem(side)},
        lambda _: ACCEPTED,
    ),
    "GetInstalledCertificateIds": (
        lambda _: {"certificate_type": "ManufacturerRootCertificate"},
        lambda side: {"status": "Accepted", "certificateHashData": [_root_hash(side)]},
    ),
    "DeleteCertificate": (_deleted, lambda _: {"status": "Failed"}),
    "CertificateSigned": (lambda side: {"certificate_chain": root_pem(side)}, lambda _: ACCEPTED),
    "GetDiagnostics": (lambda _: {}, lambda side: {"fileName": f"{side.marker}.zip"}),
    "GetLog": (
        lambda _: {"log_type": "SecurityLog"},
        lambda side: {"status": "Accepted", "filename": f"{side.marker}.log"},
    ),
    "UpdateFirmware": (lambda side: {"location": f"https://{side.marker}.example/firmware"}, lambda _: {}),
    "SignedUpdateFirmware": (
        lambda side: {
            "location": f"https://{side.marker}.example/firmware",
            "signing_certificate": root_pem(side),
            "signature": "AAAA",
        },
        lambda _: ACCEPTED,
    ),
    "Reset": (lambda _: {"type": "Soft"}, lambda _: ACCEPTED),
}
