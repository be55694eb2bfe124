"""The heartbeat sweep: who fell silent, whose gateway died, and when each was last heard."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from app.domain.context import ChargePointRef
from app.domain.liveness import silent_since
from app.domain.tenant import Tenant
from app.services.charge_points import ChargePointService
from app.services.ports import ChargePointRepository, Clock, GatewayLink, LastSeen


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks against charge points: gateways that died, and when suspects were last heard, by tenant."""

    dead_gateways: frozenset[str]
    suspects: Mapping[str, Mapping[str, datetime]]

    def concerns(self, tenant: Tenant) -> bool:
        """Is there anything to be looked at in the tenant's database?"""
        return bool(self.dead_gateways or self.suspects.get(tenant.id))


class LivenessService:
    """Turns silence into Offline, and speech into online again."""

    def __init__(
        self,
        charge_points: ChargePointRepository,
        service: ChargePointService,
        last_seen: LastSeen,
        link: GatewayLink,
        clock: Clock,
    ) -> None:
        self._charge_points = charge_points
        self._service = service
        self._last_seen = last_seen
        self._link = link
        self._clock = clock

    def look(self, tenants: Iterable[Tenant]) -> Evidence:
        """Who may have fallen silent, and which gateways died: two questions for all tenants.

        Raises Retryable when last-seen times or gateways' signs of life cannot be read: nobody is
        declared dead on missing evidence.
        """
        now = self._clock.now()
        befores = {
            tenant.id: silent_since(now, tenant.configuration.heartbeat_interval) for tenant in tenants
        }
        return Evidence(self._link.dead_gateways(), self._last_seen.heard_before(befores))

    def sweep(self, tenant: Tenant, evidence: Evidence) -> int:
        """Find who fell silent or lost its gateway; answers how many changed. Raises Retryable."""
        changed = sum(self._close_all(tenant, gateway_id) for gateway_id in evidence.dead_gateways)
        suspects = evidence.suspects.get(tenant.id, {})
        return changed + sum(self._judge(tenant, cp_id, heard) for cp_id, heard in suspects.items())

    def forget(self, evidence: Evidence) -> None:
        """Its dead gateways; to be called when every tenant has been swept."""
        for gateway_id in evidence.dead_gateways:
            self._link.forget_gateway(gateway_id)

    def reconcile(self, tenant: Tenant, since: datetime) -> None:
        """Copy last-seen times to the store, and repair what a loss of Redis left behind.

        Connections on gateways that nobody knows are closed; connected charge points that are in no
        list are heard as of now, so that their silence counts from here.
        """
        self._charge_points.copy_last_seen(tenant.id, self._last_seen.heard_since(tenant.id, since))
        alive = self._link.live_gateways()
        listed = self._last_seen.heard_since(tenant.id, datetime.fromtimestamp(0, UTC))
        now = self._clock.now()
        for charge_point_id, connection in self._charge_points.connections(tenant.id):
            if connection.gateway_id not in alive:
                self._service.close_connection(ChargePointRef(tenant.id, charge_point_id), connection.epoch)
            elif not connection.silent and charge_point_id not in listed:
                self._last_seen.touch(tenant.id, {charge_point_id: now})

    def _close_all(self, tenant: Tenant, gateway_id: str) -> int:
        lost = self._charge_points.connections(tenant.id, gateway_id)
        return sum(
            self._service.close_connection(ChargePointRef(tenant.id, charge_point_id), connection.epoch)
            for charge_point_id, connection in lost
        )

    def _judge(self, tenant: Tenant, charge_point_id: str, heard: datetime) -> bool:
        ref = ChargePointRef(tenant.id, charge_point_id)
        charge_point = self._charge_points.find(ref)
        if charge_point is None or charge_point.connection is None:
            self._last_seen.forget(tenant.id, charge_point_id)
            return False
        interval = charge_point.configuration.get(
            "heartbeat_interval", tenant.configuration.heartbeat_interval
        )
        if heard >= silent_since(self._clock.now(), interval):
            return False
        return self._service.mark_silent(ref, charge_point.connection.epoch)
