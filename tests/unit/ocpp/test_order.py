"""What we send has its members in the order of the specification's tables (1.6: 6, 7; white paper: 5, 6)."""

import random
from typing import Any

import pytest

from app.ocpp.catalog import load_catalog
from app.ocpp.validation import PayloadSchema
from tests.unit.ocpp.conftest import Station

REQUESTS = {
    "CancelReservation": "reservationId",
    "CertificateSigned": "certificateChain",
    "ChangeAvailability": "connectorId type",
    "ChangeConfiguration": "key value",
    "ClearCache": "",
    "ClearChargingProfile": "id connectorId chargingProfilePurpose stackLevel",
    "DataTransfer": "vendorId messageId data",
    "DeleteCertificate": "certificateHashData",
    "ExtendedTriggerMessage": "requestedMessage connectorId",
    "GetCompositeSchedule": "connectorId duration chargingRateUnit",
    "GetConfiguration": "key",
    "GetDiagnostics": "location retries retryInterval startTime stopTime",
    "GetInstalledCertificateIds": "certificateType",
    "GetLocalListVersion": "",
    "GetLog": "logType requestId retries retryInterval log",
    "InstallCertificate": "certificateType certificate",
    "RemoteStartTransaction": "connectorId idTag chargingProfile",
    "RemoteStopTransaction": "transactionId",
    "ReserveNow": "connectorId expiryDate idTag parentIdTag reservationId",
    "Reset": "type",
    "SendLocalList": "listVersion localAuthorizationList updateType",
    "SetChargingProfile": "connectorId csChargingProfiles",
    "SignedUpdateFirmware": "retries retryInterval requestId firmware",
    "TriggerMessage": "requestedMessage connectorId",
    "UnlockConnector": "connectorId",
    "UpdateFirmware": "location retries retrieveDate retryInterval",
}
PROFILE = (
    "chargingProfileId transactionId stackLevel chargingProfilePurpose chargingProfileKind recurrencyKind"
    " validFrom validTo chargingSchedule"
)


def shuffled(names: str) -> dict[str, Any]:
    words = names.split()
    random.Random(names).shuffle(words)
    return dict.fromkeys(words, 1)


@pytest.mark.parametrize("action", REQUESTS)
def test_a_request_has_its_members_in_order(action: str) -> None:
    assert list(PayloadSchema(action).in_order(shuffled(REQUESTS[action]))) == REQUESTS[action].split()


def test_every_command_is_listed_here() -> None:
    assert set(load_catalog().actions()[1]) <= set(REQUESTS)


def test_members_within_members_too() -> None:
    schedule = shuffled("duration startSchedule chargingRateUnit chargingSchedulePeriod minChargingRate")
    schedule["chargingSchedulePeriod"] = [shuffled("startPeriod limit numberPhases")]
    profile = shuffled(PROFILE) | {"chargingSchedule": schedule}
    ordered = PayloadSchema("SetChargingProfile").in_order({"csChargingProfiles": profile, "connectorId": 1})
    assert list(ordered) == ["connectorId", "csChargingProfiles"]
    assert list(ordered["csChargingProfiles"]) == PROFILE.split()
    inner = ordered["csChargingProfiles"]["chargingSchedule"]
    assert list(inner)[:2] == ["duration", "startSchedule"]
    assert list(inner["chargingSchedulePeriod"][0]) == ["startPeriod", "limit", "numberPhases"]


def test_members_of_the_security_extension_too() -> None:
    """Its schemas refer to their classes by name."""
    firmware = "location retrieveDateTime installDateTime signingCertificate signature"
    ordered = PayloadSchema("SignedUpdateFirmware").in_order({"firmware": shuffled(firmware), "requestId": 1})
    assert list(ordered) == ["requestId", "firmware"]
    assert list(ordered["firmware"]) == firmware.split()


def test_answers_too(station: Station) -> None:
    boot = station.ask("BootNotification", {"chargePointVendor": "V", "chargePointModel": "M"})
    assert list(boot) == ["currentTime", "interval", "status"]
    start = {"connectorId": 1, "idTag": "T", "meterStart": 0, "timestamp": "2026-03-01T12:00:00Z"}
    answer = station.ask("StartTransaction", start)
    assert list(answer) == ["idTagInfo", "transactionId"]
