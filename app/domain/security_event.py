"""Security events: what charge points notify, and what this system notices itself (B54, E3, E23)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

CRITICAL = frozenset(
    {
        "FirmwareUpdated",
        "SettingSystemTime",
        "StartupOfTheDevice",
        "ResetOrReboot",
        "SecurityLogWasCleared",
        "MemoryExhaustion",
        "TamperDetectionActivated",
    }
)
"""White paper 8."""


class EventSource(StrEnum):
    """Who noticed."""

    CHARGE_POINT = "charge_point"
    CENTRAL_SYSTEM = "central_system"


@dataclass(frozen=True, slots=True)
class SecurityEvent:
    """One event. `timestamp` is the noticer's clock, `received_at` ours; any `type` is kept."""

    id: str
    tenant_id: str
    charge_point_id: str
    type: str
    source: EventSource
    critical: bool
    timestamp: datetime
    received_at: datetime
    tech_info: str | None = None
