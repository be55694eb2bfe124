"""What must agree in MongoDB, one small check each; all of them only read."""

from collections.abc import Callable, Iterator

from app.domain.consistency import Disagreement
from app.storage.consistency import charge_points, events, owners, platform, sessions, work
from app.storage.consistency.look import Look
from app.storage.consistency.platform import PlatformLook

OF_A_TENANT: tuple[Callable[[Look], Iterator[Disagreement]], ...] = (
    sessions.each_session,
    sessions.starts_kept_twice,
    sessions.running_sessions,
    sessions.readings_of_ended_sessions,
    sessions.readings_without_session,
    sessions.transaction_ids,
    events.forgotten_events,
    events.stuck_outbox,
    events.outbox_entries,
    charge_points.folded_identities,
    charge_points.connections,
    charge_points.quota,
    charge_points.counters,
    charge_points.belongings,
    charge_points.reservation_flags,
    work.open_flags,
    work.overdue_commands,
    work.overdue_reservations,
    work.overdue_jobs,
    work.overdue_deliveries,
    work.lists_that_wait,
    owners.strangers,
)
OF_THE_PLATFORM: tuple[Callable[[PlatformLook], Iterator[Disagreement]], ...] = (
    platform.databases_of_tenants,
    platform.people_and_keys,
    platform.logins,
    platform.indexes,
)

__all__ = ["OF_A_TENANT", "OF_THE_PLATFORM", "Look", "PlatformLook"]
