"""The charging profiles of a simulated charge point, and its answers about them (OCPP 1.6 5.5, 5.7, 5.16)."""

# The package is untyped, so its decorators are Any.
# mypy: disable-error-code="untyped-decorator"

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ocpp.routing import on
from ocpp.v16 import call_result
from ocpp.v16.enums import Action

if TYPE_CHECKING:
    from bench.charge_point import SimulatedChargePoint

_CRITERIA = ("charging_profile_purpose", "stack_level")


class StationProfiles:
    """Installed profiles by id. Stack levels above `max_stack_level` are refused."""

    def __init__(self) -> None:
        self.installed: dict[int, dict[str, Any]] = {}
        self.max_stack_level = 10

    def install(self, connector_id: int, profile: dict[str, Any]) -> str:
        """The status of the answer."""
        if profile["stack_level"] > self.max_stack_level:
            return "Rejected"
        place = self._place(connector_id, profile)
        self.installed = {
            number: one
            for number, one in self.installed.items()
            if self._place(one["connector_id"], one) != place
        }
        self.installed[profile["charging_profile_id"]] = profile | {"connector_id": connector_id}
        return "Accepted"

    @staticmethod
    def _place(connector_id: int, profile: dict[str, Any]) -> tuple[Any, ...]:
        return connector_id, *(profile.get(name) for name in (*_CRITERIA, "transaction_id"))

    def clear(self, wanted: dict[str, Any]) -> str:
        """The status of the answer."""
        gone = [number for number, one in self.installed.items() if self._fits(number, one, wanted)]
        for number in gone:
            del self.installed[number]
        return "Accepted" if gone else "Unknown"

    @staticmethod
    def _fits(number: int, profile: dict[str, Any], wanted: dict[str, Any]) -> bool:
        if wanted.get("id") is not None:
            return bool(wanted["id"] == number)
        return all(wanted.get(name) in (None, profile[name]) for name in ("connector_id", *_CRITERIA))

    def lowest(self, connector_id: int) -> float | None:
        """The lowest first limit of all profiles that concern a connector: crude, but its own."""
        limits = [
            one["charging_schedule"]["charging_schedule_period"][0]["limit"]
            for one in self.installed.values()
            if one["connector_id"] in (0, connector_id)
        ]
        return float(min(limits)) if limits else None


class StationSmartCharging:
    """The part of a `Station` that answers about charging profiles."""

    owner: "SimulatedChargePoint"

    @on(Action.set_charging_profile)
    def on_set_charging_profile(self, **parameters: Any) -> Any:
        """Accepted up to the highest stack level that it takes."""
        self.owner.note_command("SetChargingProfile", parameters)
        profiles = self.owner.charging_profiles
        status = profiles.install(parameters["connector_id"], parameters["cs_charging_profiles"])
        return call_result.SetChargingProfile(status=status)

    @on(Action.clear_charging_profile)
    def on_clear_charging_profile(self, **parameters: Any) -> Any:
        """Unknown where nothing matches."""
        self.owner.note_command("ClearChargingProfile", parameters)
        return call_result.ClearChargingProfile(status=self.owner.charging_profiles.clear(parameters))

    @on(Action.get_composite_schedule)
    def on_get_composite_schedule(self, **parameters: Any) -> Any:
        """One period; Rejected for a connector that is not there."""
        self.owner.note_command("GetCompositeSchedule", parameters)
        connector_id = parameters["connector_id"]
        if connector_id not in (0, *self.owner.connectors):
            return call_result.GetCompositeSchedule(status="Rejected")
        limit = self.owner.charging_profiles.lowest(connector_id)
        schedule = {
            "duration": parameters["duration"],
            "charging_rate_unit": parameters.get("charging_rate_unit", "A"),
            "charging_schedule_period": [{"start_period": 0, "limit": 32.0 if limit is None else limit}],
        }
        return call_result.GetCompositeSchedule(
            status="Accepted",
            connector_id=connector_id,
            schedule_start=datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            charging_schedule=schedule,
        )
