"""Who was refused: gathered in memory, written every few seconds, so that a flood costs little (A5, E3)."""

import asyncio
from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import structlog

from app.domain.context import ChargePointRef
from app.domain.errors import Retryable
from app.services import Services
from app.services.refusals import RefusalReason, RefusedIdentity

log = structlog.stdlib.get_logger(__name__)
FLUSH_EVERY_S = 2.0
MAX_NOTED = 100
"""Identities that are written at once: a flood must not become one of the store."""


@dataclass(frozen=True, slots=True)
class _Alarm:
    """A security event to be noted, once for each charge point and type of a flush."""

    ref: ChargePointRef
    kind: str


class RefusalNotes:
    """Takes notes on the event loop; `run` writes them from a thread."""

    def __init__(self, services: Services, threads: Executor) -> None:
        self._services = services
        self._threads = threads
        self._refused: dict[ChargePointRef, RefusedIdentity] = {}
        self._alarms: dict[_Alarm, str] = {}
        self._left_out = 0

    def note(self, ref: ChargePointRef, reason: RefusalReason, detail: str, peer: str) -> None:
        """An identity was not let in. Of more than MAX_NOTED nothing is kept; they will come again."""
        known = self._refused.get(ref)
        if known is None and len(self._refused) >= MAX_NOTED:
            self._left_out += 1
            return
        now = datetime.now(UTC)
        if known is None:
            self._refused[ref] = RefusedIdentity(ref.charge_point_id, reason, detail, peer, now, now)
        else:
            self._refused[ref] = replace(
                known, reason=reason, detail=detail, peer=peer, last_at=now, count=known.count + 1
            )

    def alarm(self, ref: ChargePointRef, kind: str, detail: str) -> None:
        """A known charge point was refused for security's sake."""
        if len(self._alarms) < MAX_NOTED:
            self._alarms[_Alarm(ref, kind)] = detail

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(FLUSH_EVERY_S)
            await self.flush()

    async def flush(self) -> None:
        """Write what was noted. What the store does not take is noted again for the next time."""
        if self._left_out:
            log.warning("refusals_not_noted", count=self._left_out)
        refused, alarms = self._refused, self._alarms
        self._refused, self._alarms, self._left_out = {}, {}, 0
        if refused or alarms:
            loop = asyncio.get_running_loop()
            kept = await loop.run_in_executor(self._threads, self._write, refused, alarms)
            if not kept:
                self._refused = refused | self._refused

    def _write(self, refused: Mapping[ChargePointRef, RefusedIdentity], alarms: Mapping[_Alarm, str]) -> bool:
        by_tenant: dict[str, list[RefusedIdentity]] = {}
        for ref, one in refused.items():
            by_tenant.setdefault(ref.tenant_id, []).append(one)
        for alarm, detail in alarms.items():
            self._services.keepers.security.note_refusal(alarm.ref, alarm.kind, detail)
        try:
            for tenant_id, some in by_tenant.items():
                self._services.refused_identities.record(tenant_id, some)
        except Retryable as failure:
            log.warning("refusals_not_stored", count=len(refused), reason=failure.message)
            return False
        return True
