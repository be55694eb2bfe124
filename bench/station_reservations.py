"""The reservations of a simulated charge point, and its answers about them (OCPP 1.6 5.1, 5.13)."""

# The package is untyped, so its decorators are Any.
# mypy: disable-error-code="untyped-decorator"

from typing import TYPE_CHECKING, Any

from ocpp.routing import on
from ocpp.v16 import call_result
from ocpp.v16.enums import Action

if TYPE_CHECKING:
    from bench.charge_point import SimulatedChargePoint

_WORD_OF = {"Available": "Accepted", "Faulted": "Faulted", "Unavailable": "Unavailable"}


class StationReservationBook:
    """Reservations by number. Put statuses into `script` to answer those first."""

    def __init__(self) -> None:
        self.held: dict[int, dict[str, Any]] = {}
        self.takes_connector_0 = True
        self.script: list[str] = []

    def reserve(self, wanted: dict[str, Any], connectors: dict[int, str]) -> str:
        """The status of the answer."""
        status = self.script.pop(0) if self.script else self._judge(wanted, connectors)
        if status == "Accepted":
            self.held[wanted["reservation_id"]] = wanted
        return status

    def _judge(self, wanted: dict[str, Any], connectors: dict[int, str]) -> str:
        connector_id, number = wanted["connector_id"], wanted["reservation_id"]
        if connector_id == 0:
            return "Accepted" if self.takes_connector_0 else "Rejected"
        if any(one["connector_id"] == connector_id for other, one in self.held.items() if other != number):
            return "Occupied"
        return _WORD_OF.get(connectors.get(connector_id, "Unavailable"), "Occupied")


class StationReservations:
    """The part of a `Station` that answers about reservations."""

    owner: "SimulatedChargePoint"

    @on(Action.reserve_now)
    def on_reserve_now(self, **parameters: Any) -> Any:
        """Accepted where the connector is free."""
        self.owner.note_command("ReserveNow", parameters)
        status = self.owner.reservations.reserve(parameters, self.owner.connectors)
        return call_result.ReserveNow(status=status)

    @on(Action.cancel_reservation)
    def on_cancel_reservation(self, **parameters: Any) -> Any:
        """Rejected for a number that is not held."""
        self.owner.note_command("CancelReservation", parameters)
        known = self.owner.reservations.held.pop(parameters["reservation_id"], None)
        return call_result.CancelReservation(status="Rejected" if known is None else "Accepted")
