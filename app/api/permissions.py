"""The door of every view: the decorator that names the permission it takes."""

from collections.abc import Callable
from functools import partial, wraps
from typing import Any, TypeVar, cast

from app.api.audit_trail import note_state_before
from app.api.auth import identify
from app.api.blueprint import documentation_of, problems
from app.api.caller import Caller
from app.api.idempotency import once
from app.api.openapi import API_KEY, BEARER, TENANT_PARAMETER
from app.api.representations import check_precondition
from app.api.tenancy import enter_tenant, enter_tenant_or_platform
from app.api.throttle import throttle
from app.domain.errors import NotPermitted
from app.domain.permissions import Permission

View = TypeVar("View", bound=Callable[..., Any])


def requires(
    permission: Permission, *, in_tenant: bool = True, or_platform: bool = False
) -> Callable[[View], View]:
    """Let only callers with `permission` in, and by default only into one tenant that is in service.

    With `or_platform`, a platform admin who names no tenant is let into what is the platform's own. It comes
    right under the route, so that nobody else's body is even looked at.
    """
    enter = enter_tenant_or_platform if or_platform else enter_tenant

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            caller = identify()
            throttle(caller.user_id, caller.tenant_id)
            check(caller, permission)
            if in_tenant:
                enter(caller)
            check_precondition()
            note_state_before()
            return once(caller, partial(view, *args, **kwargs))

        guarded.permission = permission  # type: ignore[attr-defined]
        _document(guarded, permission, in_tenant)
        return cast(View, guarded)

    return decorate


def requires_login(view: View) -> View:
    """Let everybody in who says truly who they are: for what is about nobody but themselves."""

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        caller = identify()
        throttle(caller.user_id, caller.tenant_id)
        if caller.tenant_id is not None:
            enter_tenant(caller)
        return view(*args, **kwargs)

    guarded.needs_login = True  # type: ignore[attr-defined]
    problems(401, 403, 404, 422, 429, 503)(guarded)
    documentation_of(guarded).setdefault("manual_doc", {})["security"] = [{BEARER: []}, {API_KEY: []}]
    return cast(View, guarded)


def check(caller: Caller, permission: Permission) -> None:
    """Raises NotPermitted."""
    if not caller.may(permission):
        who = f"The role {caller.role.value}" if caller.scopes is None else "This key"
        raise NotPermitted(f"{who} may not do this; it takes {permission.value}.")


def _document(view: Any, permission: Permission, in_tenant: bool) -> None:
    problems(401, 403, 429, 503)(view)
    documentation = documentation_of(view)
    documentation.setdefault("manual_doc", {})["security"] = [{BEARER: []}, {API_KEY: []}]
    documentation["manual_doc"]["x-permission"] = permission.value
    if in_tenant:
        takes_tenant(view)


def takes_tenant(view: View) -> View:
    """Document that a platform admin names a tenant; `requires` does it where it enters one."""
    problems(404, 422)(view)
    arguments = documentation_of(view).setdefault("arguments", {})
    arguments.setdefault("parameters", []).append(TENANT_PARAMETER)
    return view
