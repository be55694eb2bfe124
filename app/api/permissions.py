"""The door of every view: the decorator that names the permission it takes."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from app.api.auth import Caller, identify
from app.api.blueprint import documentation_of, problems
from app.api.openapi import BEARER, TENANT_PARAMETER
from app.api.tenancy import enter_tenant
from app.domain.errors import NotPermitted
from app.domain.permissions import ROLES_WITH, Permission

View = TypeVar("View", bound=Callable[..., Any])


def requires(permission: Permission, *, in_tenant: bool = True) -> Callable[[View], View]:
    """Let only callers with `permission` in, and by default only into one tenant that is in service.

    It comes right under the route, so that nobody else's body is even looked at.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            caller = identify()
            check(caller, permission)
            if in_tenant:
                enter_tenant(caller)
            return view(*args, **kwargs)

        guarded.permission = permission  # type: ignore[attr-defined]
        _document(guarded, permission, in_tenant)
        return cast(View, guarded)

    return decorate


def check(caller: Caller, permission: Permission) -> None:
    """Raises NotPermitted."""
    if caller.role not in ROLES_WITH[permission]:
        raise NotPermitted(f"The role {caller.role.value} may not do this; it takes {permission.value}.")


def _document(view: Any, permission: Permission, in_tenant: bool) -> None:
    problems(401, 403, 503)(view)
    documentation = documentation_of(view)
    documentation.setdefault("manual_doc", {})["security"] = [{BEARER: []}]
    documentation["manual_doc"]["x-permission"] = permission.value
    if in_tenant:
        problems(404, 422)(view)
        arguments = documentation_of(view).setdefault("arguments", {})
        arguments.setdefault("parameters", []).append(TENANT_PARAMETER)
