"""Numbers of a charging network over HTTP."""

from typing import Any

from app.api.blueprint import Blueprint
from app.api.current import services
from app.api.permissions import requires
from app.api.schemas.stats import StatsQuery, StatsSchema
from app.api.tenancy import current_tenant, known_charge_point_ref
from app.domain.permissions import Permission
from app.domain.stats import Stats
from app.services.stats import StatsRequest

stats = Blueprint("stats", __name__, url_prefix="/api/v1", description="Numbers of a charging network.")


@stats.get("/stats")
@requires(Permission.STATS_READ)
@stats.query(StatsQuery)
@stats.answers(200, StatsSchema, "The numbers.")
def get_stats(query: dict[str, Any]) -> Stats:
    """Show numbers

    How many charge points are connected and charge now, and sessions and energy by day. A session counts on
    the day on which it began, with all its energy; a running one with its latest register reading.
    """
    if query["charge_point_id"] is not None:
        known_charge_point_ref(query["charge_point_id"])
    return services().stats.of(current_tenant().id, StatsRequest(**query))
