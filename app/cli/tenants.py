"""Tenants on the command line."""

from typing import IO, Any

import click
import orjson

from app.cli.toolbox import Toolbox, json_option, pass_toolbox, show, show_table
from app.domain.errors import InvalidInput
from app.domain.tenant import Tenant
from app.domain.tenant_configuration import configuration_as_dict
from app.domain.times import format_time


@click.group()
def tenants() -> None:
    """Tenants: the companies that run charge points here, each with a database of its own."""


@tenants.command()
@click.argument("tenant_id")
@click.option("--name", required=True, help="What people call it.")
@click.option("--prefix", "prefixes", multiple=True, help="What its identities start with. Repeatable.")
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="A setting, as in `configure`.")
@json_option()
@pass_toolbox
def create(
    toolbox: Toolbox,
    tenant_id: str,
    name: str,
    prefixes: tuple[str, ...],
    settings: tuple[str, ...],
    as_json: bool,
) -> None:
    """Create the tenant TENANT_ID (1 to 48 of a-z, 0-9, - and _) with its database and indexes.

    \b
    Example: python -m app.cli tenants create acme --name "Acme Charging" --prefix ACME-
    """
    tenant = toolbox.services.tenants.create(tenant_id, name, prefixes, parsed_settings(settings))
    show(_row(tenant), as_json=as_json)


@tenants.command("list")
@json_option()
@pass_toolbox
def list_tenants(toolbox: Toolbox, as_json: bool) -> None:
    """List all tenants."""
    directory = toolbox.services.tenants.directory
    directory.refresh()
    rows = [_row(tenant) for tenant in directory.all()]
    if not as_json:
        rows = [{name: row[name] for name in ("id", "name", "prefixes", "status")} for row in rows]
    show_table(rows, as_json=as_json)


@tenants.command("show")
@click.argument("tenant_id")
@json_option()
@pass_toolbox
def show_tenant(toolbox: Toolbox, tenant_id: str, as_json: bool) -> None:
    """Show a tenant with its whole configuration."""
    show(_row(toolbox.services.tenants.get(tenant_id)), as_json=as_json)


@tenants.command()
@click.argument("tenant_id")
@click.argument("settings", nargs=-1, required=True, metavar="NAME=VALUE...")
@json_option()
@pass_toolbox
def configure(toolbox: Toolbox, tenant_id: str, settings: tuple[str, ...], as_json: bool) -> None:
    """Change settings of a tenant; the others stay. They apply at once.

    Values are JSON: true, 300, "Pending"; a text may stand without quotes. `show` lists all settings.

    \b
    Example: python -m app.cli tenants configure acme queue_enabled=false heartbeat_interval=120
    """
    tenant = toolbox.services.tenants.configure(tenant_id, parsed_settings(settings))
    show(_row(tenant), as_json=as_json)


@tenants.command()
@click.argument("tenant_id")
@pass_toolbox
def suspend(toolbox: Toolbox, tenant_id: str) -> None:
    """Refuse TENANT_ID's charge points, people, keys and commands within two seconds. Nothing is deleted."""
    toolbox.services.tenant_lifecycle.suspend(tenant_id)
    click.echo(f"{tenant_id} is suspended.")


@tenants.command()
@click.argument("tenant_id")
@pass_toolbox
def resume(toolbox: Toolbox, tenant_id: str) -> None:
    """Serve TENANT_ID again, also one that is to be deleted and still in its grace period."""
    toolbox.services.tenant_lifecycle.resume(tenant_id)
    click.echo(f"{tenant_id} is served again.")


@tenants.command()
@click.argument("tenant_id")
@click.option("--grace-days", type=click.IntRange(0, 365), default=30, show_default=True, help="Until then.")
@click.confirmation_option(prompt="All of its data will be deleted after the grace period. Go on?")
@pass_toolbox
def delete(toolbox: Toolbox, tenant_id: str, grace_days: int) -> None:
    """Suspend TENANT_ID now, and delete all that it has after the grace period. Export it before.

    \b
    Example: python -m app.cli tenants delete acme --grace-days 30 --yes
    """
    gone = toolbox.services.tenant_lifecycle.delete(tenant_id, grace_days)
    until = format_time(gone.delete_at) if gone.delete_at else "now"
    click.echo(f"{tenant_id} is suspended, and deleted after {until}; `tenants resume` takes it back.")


@tenants.command()
@click.argument("tenant_id")
@click.argument("file", type=click.File("wb"))
@pass_toolbox
def export(toolbox: Toolbox, tenant_id: str, file: IO[bytes]) -> None:
    """Write all that TENANT_ID has to FILE as JSON Lines, without secrets; `-` is standard output.

    \b
    Example: python -m app.cli tenants export acme acme.jsonl
    """
    toolbox.services.tenants.get(tenant_id)
    count = 0
    for record in toolbox.services.tenant_export.records(tenant_id):
        file.write(orjson.dumps(record, default=str) + b"\n")
        count += 1
    click.echo(f"{count} records.", err=True)


def parsed_settings(settings: tuple[str, ...]) -> dict[str, Any]:
    """NAME=VALUE pairs; a value that is no JSON is a text."""
    parsed: dict[str, Any] = {}
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not equals or not name:
            raise InvalidInput("Give settings as NAME=VALUE.", problems={setting: ["Has no '='."]})
        try:
            parsed[name] = orjson.loads(value)
        except orjson.JSONDecodeError:
            parsed[name] = value
    return parsed


def _row(tenant: Tenant) -> dict[str, Any]:
    return {
        "id": tenant.id,
        "name": tenant.name,
        "prefixes": list(tenant.charge_point_prefixes),
        "database": tenant.database_name,
        "status": tenant.status.value,
        "created_at": format_time(tenant.created_at),
        "configuration": configuration_as_dict(tenant.configuration),
    }
