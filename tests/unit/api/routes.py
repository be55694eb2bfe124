"""Every route there is, and what it takes. A new route is entered here, and so cannot be open by accident."""

from app.api.permissions import Permission

PUBLIC = {
    ("POST", "/api/v1/auth/login"),
    ("POST", "/api/v1/auth/refresh"),
    ("GET", "/health"),
    ("GET", "/health/live"),
    ("GET", "/health/ready"),
    ("GET", "/metrics"),
    ("GET", "/"),
    ("GET", "/api/openapi.json"),
    ("GET", "/api/docs"),
    ("GET", "/api/docs/start.js"),
    ("GET", "/api/docs/<name>"),
}
EXPECTED = {
    ("GET", "/api/v1/chargepoints"): Permission.CHARGE_POINTS_READ,
    ("POST", "/api/v1/chargepoints"): Permission.CHARGE_POINTS_CREATE,
    ("GET", "/api/v1/chargepoints/<charge_point_id>"): Permission.CHARGE_POINTS_READ,
    ("GET", "/api/v1/chargepoints/<charge_point_id>/deviations"): Permission.CHARGE_POINTS_READ,
    ("DELETE", "/api/v1/chargepoints/<charge_point_id>/deviations"): Permission.CHARGE_POINTS_CONFIGURE,
    ("POST", "/api/v1/chargepoints/<charge_point_id>/commands"): Permission.COMMANDS_SEND,
    ("GET", "/api/v1/commands"): Permission.COMMANDS_READ,
    ("GET", "/api/v1/commands/<command_id>"): Permission.COMMANDS_READ,
    ("GET", "/api/v1/sessions"): Permission.SESSIONS_READ,
    ("GET", "/api/v1/sessions/<session_id>"): Permission.SESSIONS_READ,
    ("POST", "/api/v1/sessions/<session_id>/stop"): Permission.SESSIONS_STOP,
    ("POST", "/api/v1/tenants"): Permission.TENANTS_CREATE,
    ("GET", "/api/v1/tenants/<tenant_id>"): Permission.TENANTS_READ,
    ("PUT", "/api/v1/tenants/<tenant_id>/config"): Permission.TENANTS_CONFIGURE,
}
