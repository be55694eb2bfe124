"""Charge points' ledgers against MongoDB, MQTT and REST: what is lost, doubled, wrong or stuck."""

import json
import time
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import httpx
from pymongo import MongoClient

from app.bootstrap.consistency import find_disagreements
from app.domain.consistency import Patience
from app.domain.tenant import database_name
from bench import frames
from tests.e2e.conftest import PASSWORD, TestTenant
from tests.faults.charge_point import STEP_WH, Ran
from tests.faults.field import Field, Placed
from tests.faults.subscriber import Subscriber
from tests.faults.system import BreakableSystem

_EVENTS_WITHIN_S = 60.0
_PATIENCE = timedelta(seconds=5)
_TOLD = (frames.START, frames.METER_VALUES, frames.STOP)
Document = dict[str, Any]


class Judge:
    """Compares when the field is at rest or between rounds; each method answers the differences in words."""

    def __init__(self, system: BreakableSystem, field: Field, subscriber: Subscriber) -> None:
        self._system = system
        self._field = field
        self._subscriber = subscriber
        self._client: MongoClient[Document] = MongoClient(system.mongodb_url, tz_aware=True)

    def wrong_sessions(self) -> list[str]:
        """Every finished session is stored once, completed, with its energy and each of its samples once."""
        return [problem for tenant in self._tenants() for problem in self._wrong_sessions_of(tenant)]

    def _wrong_sessions_of(self, tenant: TestTenant) -> list[str]:
        believed = {
            session.transaction_id: (placed.charge_point.identity, session)
            for placed in self._field.placed
            if placed.tenant is tenant
            for session in placed.charge_point.ledger.finished()
        }
        stored: dict[int, list[Document]] = {}
        for document in self._database(tenant)["sessions"].find({}):
            stored.setdefault(document["transaction_id"], []).append(document)
        problems = []
        for transaction_id, (identity, session) in believed.items():
            found = [_as_believed(one) for one in stored.get(transaction_id, [])]
            if found != [_wanted(identity, session)]:
                problems.append(
                    f"{tenant.id} transaction {transaction_id}: {_wanted(identity, session)}, stored {found}"
                )
        return problems

    def stuck_sessions(self) -> list[str]:
        """When all have left: no session runs, and none is stored that nobody believes in."""
        problems = []
        for tenant in self._tenants():
            believed = {
                session.transaction_id
                for placed in self._field.placed
                if placed.tenant is tenant
                for session in placed.charge_point.ledger.sessions
            }
            problems += [
                f"{document['_id']} of {document['charge_point_id']}: {document['status']}"
                for document in self._database(tenant)["sessions"].find({})
                if document["status"] != "completed" or document["transaction_id"] not in believed
            ]
        return problems

    def wrong_events(self) -> list[str]:
        """Every event of every finished session came, in order per charge point. Waits for them."""
        ends_at = time.monotonic() + _EVENTS_WITHIN_S
        believed = [(placed, placed.charge_point.ledger.finished()) for placed in self._field.placed]
        while (problems := self._wrong_events(believed)) and time.monotonic() < ends_at:
            time.sleep(0.2)
        return problems

    def _wrong_events(self, believed: Sequence[tuple[Placed, Sequence[Ran]]]) -> list[str]:
        problems = []
        for placed, finished in believed:
            identity = placed.charge_point.identity
            expected = [
                (f"session-{session.transaction_id}", event)
                for session in finished
                for event in ("session_started", *["meter_value"] * session.samples, "session_stopped")
            ]
            heard = self._subscriber.events_of(placed.tenant.id, identity)
            if heard[: len(expected)] != expected:
                at = next(
                    (n for n, (a, b) in enumerate(zip(expected, heard, strict=False)) if a != b),
                    min(len(heard), len(expected)),
                )
                missing = Counter(expected) - Counter(heard)
                problems.append(
                    f"{identity}: expected {len(expected)} events, heard {len(heard)}; differs at {at}: "
                    f"expected {expected[at : at + 3]}, heard {heard[at : at + 3]}; missing {dict(missing)}"
                )
        return problems

    def event_delays_s(self, since: float) -> list[float]:
        """How much later than the answer to its call each event was heard; negative if it was the first.

        Of calls answered after `since`, and only while nothing has been broken: then the two go in step.
        """
        delays = []
        for placed in self._field.placed:
            told = [at for action, _, at in placed.charge_point.ledger.answers if action in _TOLD]
            heard = self._subscriber.arrivals_of(placed.tenant.id, placed.charge_point.identity)
            delays += [came - at for at, came in zip(told, heard, strict=False) if at >= since]
        return sorted(delays)

    def disagreements(self) -> list[str]:
        """What the installation's own checker finds (`python -m app.cli check`)."""
        found = find_disagreements(self._system.settings, patience=Patience(usual=_PATIENCE))
        return [str(disagreement) for disagreement in found]

    def wrong_over_rest(self) -> list[str]:
        """REST shows the same sessions and energies as the charge points believe."""
        problems = []
        for tenant in self._tenants():
            shown = self._export(tenant)
            for placed in self._field.placed:
                for session in placed.charge_point.ledger.finished() if placed.tenant is tenant else ():
                    wanted = (placed.charge_point.identity, session.meter_stop_wh - session.meter_start_wh)
                    if shown.get(session.transaction_id) != wanted:
                        found = shown.get(session.transaction_id)
                        problems.append(f"REST, {session.transaction_id}: {wanted}, shown {found}")
        return problems

    def _export(self, tenant: TestTenant) -> dict[int, tuple[str, int]]:
        login = {"email": f"operator@{tenant.id}.example", "password": PASSWORD}
        with httpx.Client(base_url=self._system.rest_url, timeout=60) as client:
            token = client.post("/api/v1/auth/login", json=login).raise_for_status().json()["access_token"]
            headers = {"Authorization": f"Bearer {token}"}
            lines = client.get("/api/v1/sessions.jsonl", headers=headers).raise_for_status().text
        rows = [json.loads(line) for line in lines.splitlines()]
        return {row["transaction_id"]: (row["charge_point_id"], row["energy_wh"]) for row in rows}

    def _tenants(self) -> list[TestTenant]:
        return list({placed.tenant.id: placed.tenant for placed in self._field.placed}.values())

    def _database(self, tenant: TestTenant) -> Any:
        return self._client[database_name(tenant.id)]


def _wanted(identity: str, session: Ran) -> tuple[Any, ...]:
    registers = [session.meter_start_wh + STEP_WH * (n + 1) for n in range(session.samples)]
    return identity, "completed", session.meter_start_wh, session.meter_stop_wh, registers


def _as_believed(document: Document) -> tuple[Any, ...]:
    registers = sorted(int(float(value["value"])) for value in document["meter_values"])
    return (
        document["charge_point_id"],
        document["status"],
        document["start_meter_value"],
        document["stop_meter_value"],
        registers,
    )
