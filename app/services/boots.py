"""Boots: what a charge point is told when it starts, and what its tenant wants sent to it then (B9-B13).

Nothing is sent unless the tenant's configuration asks for it: `boot_configuration`, `charging_defaults`
and `read_configuration_at_boot`. The gateway holds those commands back until the boot is answered (G8).
"""

from collections.abc import Iterator, Mapping
from hashlib import blake2b
from typing import Any

import structlog

from app.domain.charge_point import ChargePoint, Registration
from app.domain.command import CommandRequest
from app.domain.configuration import ConfigurationMirror
from app.domain.context import CallContext, ChargePointRef
from app.domain.errors import AppError, NotFound
from app.domain.tenant import Tenant
from app.services.batch import Batch, BootRecord
from app.services.charging_defaults import missing_default
from app.services.commands import CommandService
from app.services.keepers import Keepers
from app.services.ports import Clock

log = structlog.stdlib.get_logger(__name__)
SYSTEM = "system"
_PATIENCE_S = 900.0  # one after the other, each may take its time


class BootService:
    """Use cases of boots."""

    def __init__(self, keepers: Keepers, commands: CommandService, clock: Clock) -> None:
        self._keepers = keepers
        self._commands = commands
        self._clock = clock

    def boot(self, batch: Batch, index: int, call: CallContext, inventory: Mapping[str, Any]) -> Registration:
        """Keep a BootNotification and give the verdict (B9). Open transactions stay open (B11).

        A copy that comes late, when a newer boot is kept already, changes nothing; the same one twice
        does nothing twice (G9).
        """
        ref, settings = call.charge_point, batch.tenant.configuration
        known = batch.charge_points.get(ref.charge_point_id)
        if known is None:
            return Registration.REJECTED
        self._note_firmware(known, inventory)
        boot = {
            "inventory": dict(inventory),
            "heartbeat_interval": settings.heartbeat_interval,
            "meter_values_interval": settings.meter_values_interval,
        }
        record = BootRecord(index, ref, known.admission, boot, call.received_at, call.fence)
        is_newest = self._keep(batch, known, record)
        if is_newest and known.admission is Registration.ACCEPTED:
            self._send_what_is_wanted(batch.tenant, ref, call.fence)
        return known.admission

    def _keep(self, batch: Batch, known: ChargePoint, record: BootRecord) -> bool:
        """With the batch, as after an outage thousands boot; but at once where commands may go out by it."""
        if known.boot_fence > record.fence:
            return False
        if known.registration is record.registration:
            batch.boots.append(record)
            return True
        return self._keepers.charge_points.record_boot(
            record.charge_point, record.registration, record.boot, record.received_at, record.fence
        )

    def _note_firmware(self, known: ChargePoint, inventory: Mapping[str, Any]) -> None:
        """Another firmware settles its job (B12), and what the one before refused may be tried again."""
        version, ref = inventory.get("firmware_version"), ChargePointRef(known.tenant_id, known.id)
        if version != known.inventory.get("firmware_version"):
            self._keepers.firmware.note_boot(ref, version)
            self._keepers.configuration.note_new_firmware(ref)

    def _send_what_is_wanted(self, tenant: Tenant, ref: ChargePointRef, fence: int) -> None:
        wanted = tenant.configuration.boot_configuration
        if wanted:
            mirror = self._keepers.configuration.mirror(ref)
            for key, value in self._missing(wanted, mirror):
                self._send(tenant, ref, fence, "ChangeConfiguration", {"key": key, "value": value})
        if tenant.configuration.read_configuration_at_boot:
            self._send(tenant, ref, fence, "GetConfiguration", {})
        profile = self._missing_profile(tenant, ref)
        if profile is not None:
            self._send(tenant, ref, fence, "SetChargingProfile", profile)

    def _missing_profile(self, tenant: Tenant, ref: ChargePointRef) -> dict[str, Any] | None:
        try:
            return missing_default(ref, tenant.configuration.charging_defaults, self._keepers)
        except NotFound as gone:
            log.warning("charging_default_not_sent", tenant_id=tenant.id, reason=gone.message)
            return None

    def _missing(self, wanted: Mapping[str, str], mirror: ConfigurationMirror) -> Iterator[tuple[str, str]]:
        """What the charge point does not have as far as is known, and may take (G27: no loop at boot)."""
        now = self._clock.now()
        for key, value in wanted.items():
            known = mirror.find(key)
            hopeless = mirror.is_unknown(key) or (known is not None and known.readonly)
            if not (hopeless or mirror.has(key, value) or mirror.was_refused(key, value, now)):
                yield key, value

    def _send(
        self, tenant: Tenant, ref: ChargePointRef, fence: int, command_type: str, parameters: dict[str, Any]
    ) -> None:
        """Once for each boot. What cannot be sent must not cost the boot its answer."""
        name = f"{ref.charge_point_id}:{fence}:{command_type}:{parameters.get('key')}"
        request = CommandRequest(
            ref,
            command_type,
            parameters,
            SYSTEM,
            command_id=f"boot-{blake2b(name.encode(), digest_size=12).hexdigest()}",
            expires_in_s=_PATIENCE_S,
            force=True,
        )
        try:
            self._commands.submit(tenant, request)
        except AppError as refusal:
            log.warning(
                "boot_command_not_taken",
                tenant_id=tenant.id,
                charge_point_id=ref.charge_point_id,
                action=command_type,
                key=parameters.get("key"),
                reason=refusal.message,
            )
