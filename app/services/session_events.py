"""What the world is told of sessions. Every event id is made from what it tells of."""

from app.domain.events import Event, EventChannel, event
from app.domain.session import Session, as_data


def started(session: Session) -> Event:
    """A session began. Raises ValueError without a start time."""
    if session.start_time is None:
        raise ValueError("A started session has a start time.")
    data = as_data(session) | {
        "energy_wh": 0,
        "duration_seconds": 0,
        "authorization_status": session.authorization_status,
    }
    return event(
        EventChannel.SESSION,
        session.charge_point,
        event_type="session_started",
        event_id=f"{session.id}:started",
        at=session.start_time,
        data=data,
        session_id=session.id,
    )


def stopped(session: Session) -> Event:
    """A session ended. Raises ValueError without a stop time.

    An estimated end has an id of its own, so that the stop which comes late is told as well.
    """
    if session.stop_time is None:
        raise ValueError("A stopped session has a stop time.")
    data = as_data(session) | {
        "energy_wh": session.energy_wh,
        "duration_seconds": session.duration_seconds_at(session.stop_time),
        "meter_stop_wh": session.stop_meter_value,
        "reason": session.stop_reason,
        "status": session.status.value,
        "fault_reason": session.fault_reason,
        "estimated": session.estimated,
        "review": list(session.review),
    }
    return event(
        EventChannel.SESSION,
        session.charge_point,
        event_type="session_stopped",
        event_id=f"{session.id}:{'estimated' if session.estimated else 'stopped'}",
        at=session.stop_time,
        data=data,
        session_id=session.id,
    )
