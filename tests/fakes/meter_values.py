"""Meter values in memory."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import replace

from app.domain.context import ChargePointRef
from app.domain.meter import Attribution, KeptReading, MeterReading
from app.domain.session import Session
from app.services.batch import MeterRecord
from app.services.meter_values import unowned_by_session
from app.services.ports import Page, PageRequest
from tests.fakes.paging import page_of


class FakeMeterValueRepository:
    """`MeterValueRepository` over the records that a `FakeBatchStore` was given, by natural key."""

    def __init__(self) -> None:
        self.records: dict[tuple[str, str], MeterRecord] = {}

    def append(self, tenant_id: str, record: MeterRecord) -> None:
        """The same reading twice is kept once."""
        self.records.setdefault((tenant_id, f"{record.owner}:{record.digest}"), record)

    def list_of_session(self, tenant_id: str, session_id: str, page: PageRequest) -> Page[KeptReading]:
        """Newest first."""
        return _newest_first(self._of(tenant_id, session_id), page)

    def list_without_session(
        self, ref: ChargePointRef, connector_id: int | None, page: PageRequest
    ) -> Page[KeptReading]:
        """Newest first."""
        found = [
            record
            for (tenant_id, _), record in self.records.items()
            if tenant_id == ref.tenant_id
            and record.connector_id is not None
            and record.owner == unowned_by_session(ref, record.connector_id)
            and record.charge_point == ref
            and connector_id in (None, record.connector_id)
        ]
        return _newest_first(found, page)

    def count_by_attribution(self, tenant_id: str, session_id: str) -> dict[Attribution, int]:
        """Ways that did not happen are missing."""
        ways = [record.attributed for record in self._of(tenant_id, session_id)]
        return dict(Counter(how for how in ways if how is not None))

    def readings_of(
        self, tenant_id: str, session_ids: Collection[str]
    ) -> dict[str, tuple[MeterReading, ...]]:
        """In order of time."""
        found = {session_id: self._of(tenant_id, session_id) for session_id in session_ids}
        return {
            session_id: tuple(sorted((r.reading for r in records), key=lambda reading: reading.timestamp))
            for session_id, records in found.items()
            if records
        }

    def name_transaction(self, session: Session) -> bool:
        """Does a reading of the session carry its transaction id?"""
        records = self._of(session.tenant_id, session.id)
        return any(record.transaction_id == session.transaction_id for record in records)

    def remove_of(self, tenant_id: str, owner: str) -> None:
        """Every reading of an owner."""
        for key in [key for key, record in self.records.items() if record.owner == owner]:
            if key[0] == tenant_id:
                del self.records[key]

    def _of(self, tenant_id: str, owner: str) -> list[MeterRecord]:
        return [r for (known, _), r in self.records.items() if known == tenant_id and r.owner == owner]


def _newest_first(records: Iterable[MeterRecord], page: PageRequest) -> Page[KeptReading]:
    newest = sorted(
        (_kept(record) for record in records),
        key=lambda kept: (kept.reading.timestamp, kept.id),
        reverse=True,
    )
    return page_of(newest, replace(page, filters=None))


def _kept(record: MeterRecord) -> KeptReading:
    return KeptReading(
        f"{record.owner}|{record.digest}",
        record.charge_point,
        record.connector_id,
        record.transaction_id,
        record.owner if record.attributed is not None else None,
        record.attributed,
        record.reading,
        record.received_at,
    )
