"""How often callers may ask: each user or key and each tenant by the tenant's settings, others by address."""

import ipaddress
import math
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, TypeVar, cast

from flask import Flask, Response, g, request

from app.api.blueprint import problems
from app.api.current import services, settings
from app.domain.errors import RateLimited
from app.domain.tenant_configuration import TenantConfiguration
from app.services.rate_limits import Limit, check_allowances

View = TypeVar("View", bound=Callable[..., Any])
_IPV6_OF_ONE_SITE = 64


def throttle(user_id: str, tenant_id: str | None) -> None:
    """A request of this user or key, and one of its tenant, in one look. Raises RateLimited.

    A platform admin belongs to no tenant and is counted alone, by the defaults of tenants.
    """
    tenant = services().tenants.directory.find(tenant_id or "")
    allowed = tenant.configuration if tenant is not None else TenantConfiguration()
    limits = [Limit("user", user_id, allowed.api_user_rate_limit)]
    if tenant_id is not None:
        limits.append(Limit("tenant", tenant_id, allowed.api_rate_limit))
    _take(limits)


def limited_by_address(view: View) -> View:
    """For a view that anybody may call: so many requests a minute from one address."""

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        _take([Limit("address", site_of(request.remote_addr), settings().web.address_rate_limit)])
        return view(*args, **kwargs)

    guarded.is_limited_by_address = True  # type: ignore[attr-defined]
    problems(429)(guarded)
    return cast(View, guarded)


def site_of(address: str | None) -> str:
    """Of IPv6, what one customer has of it: he could come from another address with each request."""
    try:
        parsed = ipaddress.ip_address(address or "")
    except ValueError:
        return "unknown"
    if parsed.version == 4:
        return str(parsed)
    return str(ipaddress.ip_network((parsed, _IPV6_OF_ONE_SITE), strict=False))


def _take(limits: Sequence[Limit]) -> None:
    allowances = services().rate_limiter.take(limits)
    tightest = min(allowances, key=lambda one: (one.is_granted, one.remaining / one.limit))
    g.rate_limit = {
        "RateLimit-Limit": str(tightest.limit),
        "RateLimit-Remaining": str(tightest.remaining),
        "RateLimit-Reset": str(math.ceil(tightest.full_after_s)),
    }
    try:
        check_allowances(limits, allowances)
    except RateLimited as refusal:
        g.rate_limited_by = refusal.context["limit"]  # for the metrics
        raise


def tell_limits(app: Flask) -> None:
    """Let every answer to a counted request say how many more there may be."""

    def tell(response: Response) -> Response:
        response.headers.update(g.get("rate_limit", {}))
        return response

    app.after_request(tell)
