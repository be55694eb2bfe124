"""Which web pages may use the API from a browser: those whose origins a tenant lists in `cors_origins`.

The API takes tokens from headers and never from cookies, so a page can do nothing without a token of its own;
this keeps pages that a tenant does not know from reading answers all the same.
"""

from flask import Flask, Response, g, request

from app.api.current import services
from app.domain.tenant import Tenant

_ALLOWED_METHODS = "GET, POST, PUT, PATCH, DELETE"
_ALLOWED_HEADERS = "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, X-Request-ID"
_READABLE_HEADERS = (
    "ETag, Idempotent-Replayed, Location, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, "
    "Retry-After, X-Request-ID"
)
_REMEMBERED_S = "600"


def share_with_origins(app: Flask) -> None:
    """Register the hook."""
    app.after_request(_share)


def _share(response: Response) -> Response:
    response.vary.add("Origin")
    origin = request.headers.get("Origin")
    if origin is None or not _is_welcome(origin):
        return response
    response.headers["Access-Control-Allow-Origin"] = origin
    response.headers["Access-Control-Expose-Headers"] = _READABLE_HEADERS
    if request.method == "OPTIONS":
        response.headers["Access-Control-Allow-Methods"] = _ALLOWED_METHODS
        response.headers["Access-Control-Allow-Headers"] = _ALLOWED_HEADERS
        response.headers["Access-Control-Max-Age"] = _REMEMBERED_S
    return response


def _is_welcome(origin: str) -> bool:
    """To the caller's tenant; where nobody has said who calls (a preflight, a login), to any tenant."""
    return any(origin in tenant.configuration.cors_origins for tenant in _tenants_asked())


def _tenants_asked() -> list[Tenant]:
    directory = services().tenants.directory
    if "tenant" in g:
        return [g.tenant]
    if "caller" in g:
        own = directory.find(g.caller.tenant_id or "")
        return [own] if own is not None else []
    return directory.all()
