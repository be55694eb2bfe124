"""What must be true of a session whatever happened, and how a breach is told."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from app.domain.meter import difference
from app.domain.session import MAX_TRANSACTION_ID, FaultReason, Review, Session, SessionStatus, session_id_of


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Two things that should say the same and do not. `tenant_id` None: it is the platform's."""

    check: str
    tenant_id: str | None
    subject: str
    told: str


@dataclass(frozen=True, slots=True)
class Patience:
    """How long what is under way may take before it counts as stuck.

    usual: what moves by itself or by a sweep within seconds. long: what a broker, or a sweep that runs every
    few minutes, may keep waiting.
    """

    usual: timedelta = timedelta(minutes=1)
    long: timedelta = timedelta(hours=1)


USUAL = Patience()


def completed_without_stop(session: Session) -> str | None:
    """A completed session has a stop, with its time and its register."""
    missing = [name for name in ("stop_time", "stop_meter_value") if getattr(session, name) is None]
    if session.status is not SessionStatus.COMPLETED or not missing:
        return None
    return f"It is completed, without {' and '.join(missing)}."


def completed_by_a_guess(session: Session) -> str | None:
    """What a StopTransaction completed is no estimate, and has no fault."""
    if session.status is not SessionStatus.COMPLETED or not (session.estimated or session.fault_reason):
        return None
    return "It is completed, and still has an estimated end or a reason for a fault."


def running_with_stop(session: Session) -> str | None:
    """A running session has not stopped."""
    if session.status is not SessionStatus.ACTIVE or session.stop_time is None:
        return None
    return f"It runs, and has stopped at {session.stop_time.isoformat()}."


def faulted_without_reason(session: Session) -> str | None:
    """A faulted session says why."""
    if session.status is not SessionStatus.FAULTED or session.fault_reason is not None:
        return None
    return "It is faulted, without a reason."


def without_start(session: Session) -> str | None:
    """Only a stop that no start came before has no start side."""
    missing = [name for name in ("start_time", "start_meter_value") if getattr(session, name) is None]
    if not missing or session.fault_reason == FaultReason.STOP_WITHOUT_START:
        return None
    return f"It has no {' and no '.join(missing)}."


def stopped_before_start_unnoted(session: Session) -> str | None:
    """Charge points' clocks may say so; then a person is asked to look."""
    began, ended = session.start_time, session.stop_time
    if began is None or ended is None or ended >= began or Review.STOPPED_BEFORE_START in session.review:
        return None
    return f"It ended at {ended.isoformat()}, before it began at {began.isoformat()}, and nobody is told."


def register_fell_unnoted(session: Session) -> str | None:
    """Registers may start anew; then a person is asked to look."""
    start, stop = session.start_meter_value, session.stop_meter_value
    if start is None or stop is None or stop >= start or Review.METER_STOP_BELOW_START in session.review:
        return None
    return f"Its register went from {start} to {stop} Wh, and nobody is told."


def energy_is_not_the_difference(session: Session) -> str | None:
    """The energy of a completed session is what its register moved, unless that started anew."""
    start, stop, energy = session.start_meter_value, session.stop_meter_value, session.energy_wh
    if session.status is not SessionStatus.COMPLETED or start is None or stop is None or stop < start:
        return None
    expected = difference(stop, start)
    return None if energy == expected else f"Its energy is {energy} Wh, and its register moved {expected} Wh."


def estimate_behind_readings(session: Session) -> str | None:
    """An estimated end is the last reading, or what came later moved it there."""
    newest = max((value.timestamp for value in session.meter_values), default=None)
    if not session.estimated or newest is None or session.stop_time is None or newest <= session.stop_time:
        return None
    return f"Its end is estimated at {session.stop_time.isoformat()}, but was read at {newest.isoformat()}."


def id_is_not_of_transaction(session: Session) -> str | None:
    """Transaction ids are unique because sessions are called after them."""
    if session.fault_reason == FaultReason.STOP_WITHOUT_START or session.start_time is None:
        return None  # that one's transaction id is whatever the charge point said
    if not 0 < session.transaction_id <= MAX_TRANSACTION_ID:
        return f"Its transaction id, {session.transaction_id}, is none that we give."
    if session.id == session_id_of(session.transaction_id) or session.stop_key is not None:
        return None
    return f"It has the transaction id {session.transaction_id} of {session_id_of(session.transaction_id)}."


Rule = Callable[[Session], str | None]
OF_A_SESSION: tuple[Rule, ...] = (
    completed_without_stop,
    completed_by_a_guess,
    running_with_stop,
    faulted_without_reason,
    without_start,
    stopped_before_start_unnoted,
    register_fell_unnoted,
    energy_is_not_the_difference,
    estimate_behind_readings,
    id_is_not_of_transaction,
)


def breaches_of(session: Session) -> Iterator[Disagreement]:
    """Every rule that a session, with its readings, breaks."""
    for rule in OF_A_SESSION:
        told = rule(session)
        if told is not None:
            yield Disagreement(rule.__name__, session.tenant_id, session.id, told)
