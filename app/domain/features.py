"""Which commands a feature stands for: what a tenant has not been given, nobody sends in its name."""

from collections.abc import Mapping

from app.domain.errors import FeatureDisabled
from app.domain.tenant_configuration import Features

FEATURE_OF: Mapping[str, str] = {
    "CancelReservation": "reservations",
    "CertificateSigned": "security",
    "ChangeAvailability": "remote_control",
    "ClearChargingProfile": "smart_charging",
    "DataTransfer": "data_transfer",
    "DeleteCertificate": "security",
    "ExtendedTriggerMessage": "remote_trigger",
    "GetCompositeSchedule": "smart_charging",
    "GetDiagnostics": "diagnostics",
    "GetInstalledCertificateIds": "security",
    "GetLocalListVersion": "local_lists",
    "GetLog": "diagnostics",
    "InstallCertificate": "security",
    "RemoteStartTransaction": "remote_control",
    "RemoteStopTransaction": "remote_control",
    "ReserveNow": "reservations",
    "Reset": "remote_control",
    "SendLocalList": "local_lists",
    "SetChargingProfile": "smart_charging",
    "SignedUpdateFirmware": "firmware",
    "TriggerMessage": "remote_trigger",
    "UnlockConnector": "remote_control",
    "UpdateFirmware": "firmware",
}
"""Action -> feature. Those that are not here are always allowed: they keep a charge point usable and safe."""


def check_feature(features: Features, action: str) -> None:
    """Raises FeatureDisabled, which names the feature."""
    feature = FEATURE_OF.get(action)
    if feature is not None and not getattr(features, feature):
        raise FeatureDisabled(f"The feature {feature} is switched off for this tenant.", feature=feature)
