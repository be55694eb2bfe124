"""The demo tenant: made once, kept afterwards as it is."""

from pathlib import Path

from app.domain.errors import NotAuthenticated, NotFound
from app.domain.tenant import Tenant
from app.domain.user import Role
from app.secrets import development_login
from app.services import Services

DEMO_TENANT = "demo"
DEMO_PREFIX = "DEMO-"
_CONFIGURATION = {"unknown_charge_points": "accept", "allow_concurrent_transactions": True}


def prepare_demo(services: Services, var_dir: Path) -> dict[str, dict[str, str]]:
    """Indexes, tenant, id tags and a user per role; answers role -> email and password. Safe to repeat."""
    services.tenants.prepare_stores()
    _tenant(services)
    for id_tag in demo_id_tags():
        services.id_tags.put(DEMO_TENANT, id_tag)
    return {role.value: _user(services, role, var_dir) for role in Role}


def demo_id_tags() -> list[str]:
    """Accepted at every demo charge point."""
    return [f"DEMO-TAG-{number}" for number in range(1, 11)]


def _tenant(services: Services) -> Tenant:
    try:
        return services.tenants.get(DEMO_TENANT)
    except NotFound:
        return services.tenants.create(DEMO_TENANT, "Demo", [DEMO_PREFIX], _CONFIGURATION)


def _user(services: Services, role: Role, var_dir: Path) -> dict[str, str]:
    """With the password kept in `var_dir`, also where the database had another one."""
    email, password = development_login(var_dir, role.value)
    tenant_id = None if role is Role.PLATFORM_ADMIN else DEMO_TENANT
    user = services.users.find_by_email(email, tenant_id)
    if user is None:
        services.users.create(email, password, role, tenant_id)
        return {"email": email, "password": password}
    try:
        services.users.authenticate(email, password, tenant_id)
    except NotAuthenticated:
        services.users.set_password(user, password)
    return {"email": email, "password": password}
