"""In whose house a request happens. The access token says it; only a platform admin may choose."""

from flask import g, request
from structlog.contextvars import bind_contextvars

from app.api.blueprint import TENANT_QUERY_PARAMETER
from app.api.caller import Caller, current_caller
from app.api.current import services
from app.api.openapi import TENANT_HEADER
from app.domain.context import ChargePointRef
from app.domain.errors import InvalidInput, NotAuthenticated, NotFound
from app.domain.tenant import Tenant
from app.domain.user import Role
from app.services.tenants import check_served


def enter_tenant(caller: Caller) -> None:
    """Find the tenant of this request. Raises NotFound, TenantSuspended, InvalidInput."""
    g.tenant = check_served(_tenant_of(caller))
    bind_contextvars(tenant_id=g.tenant.id)


def current_tenant() -> Tenant:
    """The tenant that `enter_tenant` found."""
    tenant: Tenant = g.tenant
    return tenant


def charge_point_ref(charge_point_id: str) -> ChargePointRef:
    """A charge point of this request's tenant, by its name alone: it may not exist."""
    return ChargePointRef(current_tenant().id, charge_point_id)


def known_charge_point_ref(charge_point_id: str) -> ChargePointRef:
    """The same of one that exists. Raises NotFound."""
    ref = charge_point_ref(charge_point_id)
    services().charge_points.get(ref)
    return ref


def enter_tenant_or_platform(caller: Caller) -> None:
    """The same; a platform admin who names no tenant stays with the platform itself: of people and keys."""
    if caller.role is not Role.PLATFORM_ADMIN or _named() is not None:
        enter_tenant(caller)


def current_owner() -> str | None:
    """The tenant that was entered; None: the platform itself."""
    return current_tenant().id if "tenant" in g else None


def visible_tenant(tenant_id: str) -> Tenant:
    """A tenant named in a path: any for a platform admin, their own for everybody else. Raises NotFound."""
    caller = current_caller()
    if caller.role is Role.PLATFORM_ADMIN:
        return services().tenants.get(tenant_id)
    _check_own(caller, tenant_id)
    return check_served(_tenant_of(caller))


def _tenant_of(caller: Caller) -> Tenant:
    named = _named()
    if caller.role is Role.PLATFORM_ADMIN:
        return services().tenants.get(named or _nobody_named())
    if named is not None:
        _check_own(caller, named)
    try:
        return services().tenants.get(caller.tenant_id or "")
    except NotFound as gone:
        raise NotAuthenticated("The tenant of this token is no more.") from gone


def _named() -> str | None:
    return request.headers.get(TENANT_HEADER) or request.args.get(TENANT_QUERY_PARAMETER)


def _check_own(caller: Caller, tenant_id: str) -> None:
    """Somebody else's tenant is not admitted to exist."""
    if tenant_id != caller.tenant_id:
        raise NotFound(f"There is no tenant '{tenant_id}'.")


def _nobody_named() -> str:
    sentence = f"A platform admin names the tenant by the header {TENANT_HEADER} or by ?tenant_id=."
    raise InvalidInput("No tenant was named.", problems={TENANT_HEADER: [sentence]})
