"""What an operator decides about a charge point: whether it is admitted, how it is treated, that it goes."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from app.domain.charge_point import ChargePoint, ConnectorRating, Registration, check_settings
from app.domain.charging_profile import Criteria
from app.domain.context import ChargePointRef
from app.domain.errors import NeedsForce, NotFound, PreconditionFailed
from app.domain.session import SessionStatus
from app.services.keepers import Keepers
from app.services.ports import GatewayLink, PageRequest


class AdministrationService:
    """Use cases of those who look after charge points."""

    def __init__(self, keepers: Keepers, link: GatewayLink) -> None:
        self._keepers = keepers
        self._link = link

    def decide(
        self, ref: ChargePointRef, admission: Registration, revision: int | None = None
    ) -> ChargePoint:
        """What the charge point's next BootNotification will be answered.

        Raises NotFound, PreconditionFailed (it is not of `revision`).
        """
        return self._change(ref, {"admission": admission}, revision)

    def configure(
        self,
        ref: ChargePointRef,
        settings: Mapping[str, Any],
        ratings: Mapping[int, Mapping[str, Any]],
        revision: int | None = None,
    ) -> ChargePoint:
        """Set some of its settings, and of some connectors some fields of `ConnectorRating`.

        Settings apply from the charge point's next connection on. Raises InvalidInput, NotFound,
        PreconditionFailed (it is not of `revision`).
        """
        check_settings(settings)
        known = self._get(ref).ratings
        changed = {
            number: replace(known.get(number, ConnectorRating()), **given)
            for number, given in ratings.items()
        }
        changes = {"settings": settings, "ratings": changed}
        return self._change(ref, {name: given for name, given in changes.items() if given}, revision)

    def remove(self, ref: ChargePointRef, *, force: bool = False) -> None:
        """Forget a charge point and what it is believed to hold; sessions, jobs and messages stay.

        The charge point itself goes last: should we die in between, it is there to be removed again.
        Raises NotFound; NeedsForce while it is connected or charges. With `force` its connection is closed.
        """
        known = self._get(ref)
        if not force:
            self._check_idle(known)
        self._keepers.configuration.forget(ref)
        self._keepers.local_lists.forget(ref)
        self._keepers.charging_profiles.note_cleared(ref, Criteria())
        self._keepers.charge_points.delete(ref)
        if known.connection is not None:
            self._link.close_replaced(known.connection.gateway_id, ref, known.connection.epoch + 1)

    def _check_idle(self, known: ChargePoint) -> None:
        if known.connection is not None:
            raise _insisted_on(f"The charge point '{known.id}' is connected.")
        running = PageRequest(1, filters={"charge_point_id": known.id, "status": SessionStatus.ACTIVE.value})
        if self._keepers.sessions.list_page(known.tenant_id, running).items:
            raise _insisted_on(f"The charge point '{known.id}' has a running session.")

    def _change(self, ref: ChargePointRef, changes: Mapping[str, Any], revision: int | None) -> ChargePoint:
        if not changes:
            return self._get(ref)
        changed = self._keepers.charge_points.change(ref, changes, revision)
        if changed is None:
            self._get(ref)
            raise PreconditionFailed("Somebody else has changed the charge point meanwhile.")
        return changed

    def _get(self, ref: ChargePointRef) -> ChargePoint:
        found = self._keepers.charge_points.find(ref)
        if found is None:
            raise NotFound(f"There is no charge point '{ref.charge_point_id}'.")
        return found


def _insisted_on(doubt: str) -> NeedsForce:
    return NeedsForce(f"{doubt} Remove it with `force` all the same.", problems={"force": [doubt]})
