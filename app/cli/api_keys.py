"""API keys on the command line."""

from datetime import timedelta
from typing import Any

import click

from app.cli.toolbox import Toolbox, json_option, pass_toolbox, show, show_table
from app.domain.api_key import ApiKey
from app.domain.permissions import Permission
from app.domain.times import format_time
from app.domain.user import Role
from app.services.ports import PageRequest

_AT_ONCE = 200
_of_tenant = click.option("--tenant", "tenant_id", help="Whose; without it, the platform's own.")


@click.group("api-keys")
def api_keys() -> None:
    """API keys: how machines come in."""


@api_keys.command()
@click.argument("name")
@click.option(
    "--role", required=True, type=click.Choice([role.value for role in Role]), help="What it may do at most."
)
@_of_tenant
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice([permission.value for permission in Permission]),
    metavar="PERMISSION",
    help="Only this, as sessions.read. Repeatable.",
)
@click.option("--days", type=click.IntRange(1, 1826), help="How long it is good; without it, for ever.")
@json_option()
@pass_toolbox
def create(
    toolbox: Toolbox,
    name: str,
    role: str,
    tenant_id: str | None,
    scopes: tuple[str, ...],
    days: int | None,
    as_json: bool,
) -> None:
    """Make a key and show it, this once.

    \b
    Example: python -m app.cli api-keys create billing --tenant acme --role viewer --days 365
    """
    if tenant_id is not None:
        toolbox.services.tenants.get(tenant_id)
    ends = None if days is None else toolbox.services.clock.now() + timedelta(days=days)
    chosen = [Permission(scope) for scope in scopes] or None
    key, secret = toolbox.services.api_keys.create(tenant_id, name, Role(role), chosen, ends)
    show(_row(key) | {"api_key": secret}, as_json=as_json)


@api_keys.command("list")
@_of_tenant
@json_option()
@pass_toolbox
def list_keys(toolbox: Toolbox, tenant_id: str | None, as_json: bool) -> None:
    """List keys, newest first, without their secrets."""
    rows, cursor = [], None
    while True:
        page = toolbox.services.api_keys.list_page(tenant_id, PageRequest(_AT_ONCE, cursor))
        rows += [_row(key) for key in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    show_table(rows, as_json=as_json)


@api_keys.command()
@click.argument("key_id")
@_of_tenant
@pass_toolbox
def revoke(toolbox: Toolbox, key_id: str, tenant_id: str | None) -> None:
    """Refuse a key from the next request on."""
    toolbox.services.api_keys.revoke(tenant_id, key_id)
    click.echo("It is refused from now on.")


def _row(key: ApiKey) -> dict[str, Any]:
    return {
        "id": key.id,
        "name": key.name,
        "role": key.role.value,
        "scopes": sorted(key.scopes) if key.scopes is not None else None,
        "created_at": format_time(key.created_at),
        "expires_at": None if key.expires_at is None else format_time(key.expires_at),
        "last_used_at": None if key.last_used_at is None else format_time(key.last_used_at),
    }
