"""The OCPP configuration keys of a simulated charge point."""

from typing import Any

READ_ONLY = "read-only"
REBOOT = "reboot"
WRITABLE = "writable"


class StationConfiguration:
    """Key -> value, with the three kinds of keys that a central system must cope with."""

    def __init__(self, connectors: int) -> None:
        self._kinds = {
            "AuthorizeRemoteTxRequests": WRITABLE,
            "ConnectionTimeOut": WRITABLE,
            "HeartbeatInterval": WRITABLE,
            "MeterValueSampleInterval": WRITABLE,
            "MeterValuesSampledData": WRITABLE,
            "NumberOfConnectors": READ_ONLY,
            "SupportedFeatureProfiles": READ_ONLY,
            "WebSocketPingInterval": REBOOT,
        }
        self.values = {
            "AuthorizeRemoteTxRequests": "true",
            "ConnectionTimeOut": "60",
            "HeartbeatInterval": "300",
            "MeterValueSampleInterval": "60",
            "MeterValuesSampledData": "Energy.Active.Import.Register,Power.Active.Import,Current.Import",
            "NumberOfConnectors": str(connectors),
            "SupportedFeatureProfiles": "Core,LocalAuthListManagement,RemoteTrigger,Reservation,"
            "SmartCharging",
            "WebSocketPingInterval": "0",
        }

    def add(self, key: str, value: str) -> None:
        """One more key, which can be written."""
        self._kinds[key], self.values[key] = WRITABLE, value

    def change(self, key: str, value: str) -> str:
        """Set a key; gives the ConfigurationStatus. A wrong value for a numeric key is Rejected."""
        kind = self._kinds.get(key)
        if kind is None:
            return "NotSupported"
        if kind == READ_ONLY or (self.values[key].isdigit() and not value.isdigit()):
            return "Rejected"
        self.values[key] = value
        return "RebootRequired" if kind == REBOOT else "Accepted"

    def read(self, keys: list[str]) -> tuple[list[dict[str, Any]], list[str]]:
        """(known keys as KeyValue objects, unknown names); no keys means all of them."""
        known = [
            {"key": key, "readonly": self._kinds[key] == READ_ONLY, "value": self.values[key]}
            for key in (keys or self.values)
            if key in self.values
        ]
        return known, [key for key in keys if key not in self.values]
