"""In whose house a request happens. The access token says it; only a platform admin may choose."""

from flask import g, request
from structlog.contextvars import bind_contextvars

from app.api.auth import Caller, current_caller
from app.api.blueprint import TENANT_QUERY_PARAMETER
from app.api.current import services
from app.api.openapi import TENANT_HEADER
from app.domain.context import ChargePointRef
from app.domain.errors import InvalidInput, NotAuthenticated, NotFound, NotPermitted
from app.domain.tenant import Tenant, TenantStatus
from app.domain.user import Role


def enter_tenant(caller: Caller) -> None:
    """Find the tenant of this request. Raises NotFound, NotPermitted (suspended), InvalidInput."""
    g.tenant = _in_service(_tenant_of(caller))
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


def visible_tenant(tenant_id: str) -> Tenant:
    """A tenant named in a path: any for a platform admin, their own for everybody else. Raises NotFound."""
    caller = current_caller()
    if caller.role is Role.PLATFORM_ADMIN:
        return services().tenants.get(tenant_id)
    _check_own(caller, tenant_id)
    return _in_service(_tenant_of(caller))


def _tenant_of(caller: Caller) -> Tenant:
    named = request.headers.get(TENANT_HEADER) or request.args.get(TENANT_QUERY_PARAMETER)
    if caller.role is Role.PLATFORM_ADMIN:
        return services().tenants.get(named or _nobody_named())
    if named is not None:
        _check_own(caller, named)
    try:
        return services().tenants.get(caller.tenant_id or "")
    except NotFound as gone:
        raise NotAuthenticated("The tenant of this token is no more.") from gone


def _check_own(caller: Caller, tenant_id: str) -> None:
    """Somebody else's tenant is not admitted to exist."""
    if tenant_id != caller.tenant_id:
        raise NotFound(f"There is no tenant '{tenant_id}'.")


def _nobody_named() -> str:
    sentence = f"A platform admin names the tenant by the header {TENANT_HEADER} or by ?tenant_id=."
    raise InvalidInput("No tenant was named.", problems={TENANT_HEADER: [sentence]})


def _in_service(tenant: Tenant) -> Tenant:
    if tenant.status is not TenantStatus.ACTIVE:
        raise NotPermitted(f"The tenant '{tenant.id}' is suspended.")
    return tenant
