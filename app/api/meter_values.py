"""Meter values as charge points sent them, over HTTP."""

from typing import Any

from app.api.blueprint import Blueprint
from app.api.current import services
from app.api.paging import page_request
from app.api.permissions import requires
from app.api.schemas.meter_value import ConnectorQuery, MeterValuePageSchema, MeterValueQuery
from app.api.tenancy import current_tenant, known_charge_point_ref
from app.domain.meter import KeptReading
from app.domain.permissions import Permission
from app.services.ports import Page

meter_values = Blueprint(
    "meter_values", __name__, url_prefix="/api/v1", description="Meter values as charge points sent them."
)


@meter_values.get("/sessions/<session_id>/meter-values")
@requires(Permission.SESSIONS_READ)
@meter_values.query(MeterValueQuery)
@meter_values.answers(200, MeterValuePageSchema, "A page of meter values.")
def list_session_meter_values(query: dict[str, Any], session_id: str) -> Page[KeptReading]:
    """List a session's meter values

    Newest first: all sampled values, unchanged. `attributed` says how each came to the session: by the
    `transaction` it names, or by the `time` it was taken, where it names none that is known.
    """
    session = services().sessions.get(current_tenant().id, session_id)
    return services().meter_values.list_of_session(session, page_request(query))


@meter_values.get("/chargepoints/<charge_point_id>/meter-values")
@requires(Permission.SESSIONS_READ)
@meter_values.query(ConnectorQuery)
@meter_values.answers(200, MeterValuePageSchema, "A page of meter values.")
def list_meter_values_without_session(query: dict[str, Any], charge_point_id: str) -> Page[KeptReading]:
    """List meter values without a session

    Newest first: what the main meter (connector 0) reads, what is measured while nobody charges, and what
    belongs to no known session.
    """
    ref = known_charge_point_ref(charge_point_id)
    connector_id = query.pop("connector_id")
    return services().meter_values.list_without_session(ref, connector_id, page_request(query))
