"""What the installer of a charge point types into it."""

from typing import Any
from urllib.parse import quote

from app.domain.charge_point import ChargePoint
from app.domain.tenant import Tenant
from app.settings import Settings

_PROFILES = {
    0: "0: no proof of identity",
    1: "1: key, plain line",
    2: "2: key, TLS",
    3: "3: client certificate, TLS",
}
_HAS_A_KEY = (1, 2)
NEEDS_TLS = (2, 3)
NO_TLS = "profiles 2 and 3 need TLS, which GATEWAY_PUBLIC_URL has not (GATEWAY_TLS_PORT): it cannot connect"


def installer_values(
    settings: Settings, tenant: Tenant, charge_point: ChargePoint, key: str | None = None
) -> dict[str, Any]:
    """In the order in which charge points ask for them. `key` is known only when it was just made."""
    profile = charge_point.security.profile
    base = base_url(settings, tenant, charge_point.id)
    values: dict[str, Any] = {
        "charge_point_id": charge_point.id,
        "protocol": "OCPP 1.6 JSON (subprotocol ocpp1.6)",
        "central_system_url": base,
        "full_url": f"{base}/{quote(charge_point.id, safe='')}",
        "security_profile": _PROFILES[profile],
    }
    if profile in _HAS_A_KEY or key is not None:
        values["user_name"] = charge_point.id
        values["authorization_key"] = key or "not shown again; --new-key makes another"
    if base.startswith("wss:"):
        values["trusted_root"] = "the one that signed the gateway's certificate"
    if profile in NEEDS_TLS and not base.startswith("wss:"):
        values["warning"] = NO_TLS
    return values | {"heartbeat_interval_s": tenant.configuration.heartbeat_interval}


def base_url(settings: Settings, tenant: Tenant, charge_point_id: str) -> str:
    """Where it connects to; charge points append their identity themselves.

    The tenant stands in the path of an identity that does not begin with one of the tenant's prefixes.
    """
    own = any(charge_point_id.startswith(prefix) for prefix in tenant.charge_point_prefixes)
    return settings.gateway.public_url if own else f"{settings.gateway.public_url}/{tenant.id}"
