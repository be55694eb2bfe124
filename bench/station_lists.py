"""The local list of a simulated charge point, and its answers about it (OCPP 1.6 5.10, 5.15)."""

# The package is untyped, so its decorators are Any.
# mypy: disable-error-code="untyped-decorator"

from typing import TYPE_CHECKING, Any

from ocpp.routing import on
from ocpp.v16 import call_result
from ocpp.v16.enums import Action

if TYPE_CHECKING:
    from bench.charge_point import SimulatedChargePoint


class StationList:
    """A list of id tags by the rules of the standard. Put statuses into `script` to answer those first."""

    def __init__(self) -> None:
        self.version = 0
        self.entries: dict[str, Any] = {}
        self.script: list[str] = []

    def take(self, version: int, update_type: str, listed: list[dict[str, Any]]) -> str:
        """The status of the answer."""
        if self.script:
            return self.script.pop(0)
        if update_type == "Differential" and version <= self.version:
            return "VersionMismatch"
        entries = {} if update_type == "Full" else dict(self.entries)
        for entry in listed:
            key = entry["id_tag"].casefold()
            entries.pop(key, None)
            if "id_tag_info" in entry:
                entries[key] = entry["id_tag_info"]
        self.version, self.entries = version, entries
        return "Accepted"


class StationLists:
    """The part of a `Station` that answers about its list."""

    owner: "SimulatedChargePoint"

    @on(Action.get_local_list_version)
    def on_get_local_list_version(self, **parameters: Any) -> Any:
        """What it has."""
        self.owner.note_command("GetLocalListVersion", parameters)
        return call_result.GetLocalListVersion(list_version=self.owner.local_list.version)

    @on(Action.send_local_list)
    def on_send_local_list(self, **parameters: Any) -> Any:
        """Taken, or as the script says."""
        self.owner.note_command("SendLocalList", parameters)
        listed = parameters.get("local_authorization_list") or []
        status = self.owner.local_list.take(parameters["list_version"], parameters["update_type"], listed)
        return call_result.SendLocalList(status=status)
