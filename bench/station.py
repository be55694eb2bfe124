"""How a simulated charge point answers the central system's calls (the `ocpp` package's routing)."""

# The package is untyped, so its base class and decorators are Any.
# mypy: disable-error-code="untyped-decorator, misc"

import logging
from typing import TYPE_CHECKING, Any

from ocpp.routing import after, on
from ocpp.v16 import ChargePoint, call_result
from ocpp.v16.enums import Action

from bench.station_lists import StationLists
from bench.station_reservations import StationReservations
from bench.station_security import StationSecurity
from bench.station_smart_charging import StationSmartCharging

if TYPE_CHECKING:
    from bench.charge_point import SimulatedChargePoint

LOGGER = logging.getLogger("bench.station")


class Station(StationLists, StationReservations, StationSmartCharging, StationSecurity, ChargePoint):
    """One connection of a `SimulatedChargePoint`: `@on` answers, `@after` acts once the answer is out."""

    def __init__(self, owner: "SimulatedChargePoint", connection: Any, response_timeout_s: float) -> None:
        super().__init__(owner.identity, connection, response_timeout_s, LOGGER)
        self.owner = owner
        self._promised: int | None = None

    @on(Action.remote_start_transaction)
    def on_remote_start(self, **parameters: Any) -> Any:
        """Accepted while the wanted connector (or any, when none is named) is free."""
        self.owner.note_command("RemoteStartTransaction", parameters)
        connector = self.owner.free_connector(parameters.get("connector_id"))
        if connector is not None:
            self.owner.reserved.add(connector)
        self._promised = connector
        return call_result.RemoteStartTransaction(status="Rejected" if connector is None else "Accepted")

    @after(Action.remote_start_transaction)
    def after_remote_start(self, **parameters: Any) -> None:
        """Start the session on the connector that the answer promised."""
        if self._promised is not None:
            self.owner.run_in_background(self.owner.remote_session(self._promised, parameters["id_tag"]))

    @on(Action.remote_stop_transaction)
    def on_remote_stop(self, **parameters: Any) -> Any:
        """Accepted for a transaction that runs here."""
        self.owner.note_command("RemoteStopTransaction", parameters)
        known = parameters["transaction_id"] in self.owner.transactions
        return call_result.RemoteStopTransaction(status="Accepted" if known else "Rejected")

    @after(Action.remote_stop_transaction)
    def after_remote_stop(self, **parameters: Any) -> None:
        """Stop the transaction with reason Remote."""
        if parameters["transaction_id"] in self.owner.transactions:
            self.owner.run_in_background(self.owner.end_session(parameters["transaction_id"], "Remote"))

    @on(Action.reset)
    def on_reset(self, **parameters: Any) -> Any:
        """Always accepted."""
        self.owner.note_command("Reset", parameters)
        return call_result.Reset(status="Accepted")

    @after(Action.reset)
    def after_reset(self, **parameters: Any) -> None:
        """Stop what runs, disconnect, come back and boot."""
        self.owner.run_in_background(self.owner.reboot(f"{parameters['type']}Reset"))

    @on(Action.change_configuration)
    def on_change_configuration(self, **parameters: Any) -> Any:
        """NotSupported for unknown keys, Rejected for read-only ones."""
        self.owner.note_command("ChangeConfiguration", parameters)
        return call_result.ChangeConfiguration(
            status=self.owner.configuration.change(parameters["key"], parameters["value"])
        )

    @on(Action.get_configuration)
    def on_get_configuration(self, **parameters: Any) -> Any:
        """The asked keys, or all."""
        self.owner.note_command("GetConfiguration", parameters)
        known, unknown = self.owner.configuration.read(parameters.get("key") or [])
        return call_result.GetConfiguration(configuration_key=known, unknown_key=unknown)

    @on(Action.trigger_message)
    def on_trigger_message(self, **parameters: Any) -> Any:
        """NotImplemented for messages that this charge point never sends."""
        self.owner.note_command("TriggerMessage", parameters)
        supported = parameters["requested_message"] in self.owner.triggers
        return call_result.TriggerMessage(status="Accepted" if supported else "NotImplemented")

    @after(Action.trigger_message)
    def after_trigger_message(self, **parameters: Any) -> None:
        """Send the message that was asked for."""
        trigger = self.owner.triggers.get(parameters["requested_message"])
        if trigger is not None:
            self.owner.run_in_background(trigger(parameters.get("connector_id")))

    @on(Action.unlock_connector)
    def on_unlock_connector(self, **parameters: Any) -> Any:
        """Unlocked for a connector that exists."""
        self.owner.note_command("UnlockConnector", parameters)
        known = parameters["connector_id"] in self.owner.connectors
        return call_result.UnlockConnector(status="Unlocked" if known else "NotSupported")

    @on(Action.change_availability)
    def on_change_availability(self, **parameters: Any) -> Any:
        """Accepted; the status notification that should follow is the test's to send."""
        self.owner.note_command("ChangeAvailability", parameters)
        return call_result.ChangeAvailability(status="Accepted")

    @on(Action.clear_cache)
    def on_clear_cache(self, **parameters: Any) -> Any:
        """Always accepted."""
        self.owner.note_command("ClearCache", parameters)
        return call_result.ClearCache(status="Accepted")

    @on(Action.data_transfer)
    def on_data_transfer(self, **parameters: Any) -> Any:
        """No vendor is known here."""
        self.owner.note_command("DataTransfer", parameters)
        return call_result.DataTransfer(status="UnknownVendorId")
