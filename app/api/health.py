"""Is it well? For people, load balancers and containers; without login, and without telling internals."""

from typing import Any

from app.api.blueprint import Blueprint, also_answers
from app.api.schemas.health import HealthSchema
from app.health import HealthChecks, HealthMonitor, report


def health_blueprint(checks: HealthChecks) -> Blueprint:
    """The routes, for these checks."""
    monitor = HealthMonitor(checks)
    health = Blueprint("health", __name__, url_prefix="/health", description="Is it well?")

    @health.get("")
    @health.answers(200, HealthSchema, "It works, perhaps degraded: then `checks` names what failed.")
    @also_answers(503, HealthSchema, "MongoDB does not answer, without which nothing works.")
    def get_health() -> tuple[dict[str, Any], int]:
        """Show how the system is

        Without Redis or MQTT charging goes on: the gateway handles calls itself, events wait in the outbox.
        So that is `degraded` with 200. Without MongoDB nothing works: 503.
        """
        return report(monitor.run())

    @health.get("/live")
    @health.answers(200, HealthSchema, "This process answers.")
    def get_liveness() -> dict[str, Any]:
        """Is this process alive?

        Looks at no other server: restarting this process would not help those.
        """
        return {"status": "ok", "checks": {}}

    @health.get("/ready")
    @health.answers(200, HealthSchema, "Send requests here.")
    @also_answers(503, HealthSchema, "Send none: MongoDB does not answer.")
    def get_readiness() -> tuple[dict[str, Any], int]:
        """Can this process serve requests?

        The same checks as `/health`.
        """
        return report(monitor.run())

    return health
