"""A new customer in one command."""

import secrets
from collections.abc import Callable, Iterable, Iterator
from typing import IO, Any

import click

from app.cli.installer import base_url
from app.cli.tenants import parsed_settings, tenants
from app.cli.toolbox import Toolbox, json_option, pass_toolbox, read_password, show
from app.domain.charge_point_csv import read_csv as read_charge_points
from app.domain.csv_table import Row, wrong_lines
from app.domain.errors import InvalidInput, Retryable
from app.domain.id_tag_csv import read_csv as read_id_tags
from app.domain.mqtt_access import MqttRole
from app.domain.tenant import Tenant
from app.domain.user import Role
from app.services.tenant_lifecycle import FirstAdmin

INTEGRATION = "integration"


@tenants.command()
@click.argument("tenant_id")
@click.option("--name", required=True, help="What people call it.")
@click.option("--prefix", "prefixes", multiple=True, required=True, help="What its identities start with.")
@click.option("--admin-email", required=True, help="Who will look after it. The password is made and shown.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input instead.")
@click.option("--brand", "brand", multiple=True, metavar="NAME=VALUE", help="As logo_url=https://... .")
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="A setting, as in `configure`.")
@click.option(
    "--charge-points", type=click.File("r", encoding="utf-8-sig"), help="CSV, as `import` takes it."
)
@click.option("--id-tags", type=click.File("r", encoding="utf-8-sig"), help="CSV, as `import` takes it.")
@json_option()
@pass_toolbox
def onboard(
    toolbox: Toolbox,
    tenant_id: str,
    name: str,
    prefixes: tuple[str, ...],
    admin_email: str,
    password_stdin: bool,
    brand: tuple[str, ...],
    settings: tuple[str, ...],
    charge_points: IO[str] | None,
    id_tags: IO[str] | None,
    as_json: bool,
) -> None:
    """Make everything that a new customer needs, and print what they need to know.

    That is the tenant TENANT_ID with its database and indexes, its first administrator, an API key, an MQTT
    account where the broker keeps any (MQTT_ACCESS), its brand, the charge points and id tags of the files.
    Secrets are shown this once. Wrong input changes nothing.

    \b
    Example:
      python -m app.cli tenants onboard acme --name "Acme Charging" --prefix ACME- \\
        --admin-email admin@acme.example --brand support_email=help@acme.example --charge-points fleet.csv
    """
    configuration = parsed_settings(settings) | ({"brand": parsed_settings(brand)} if brand else {})
    fleet = _good(charge_points, read_charge_points) if charge_points else []
    tags = _good(id_tags, read_id_tags) if id_tags else []
    password = read_password(from_stdin=True) if password_stdin else secrets.token_urlsafe(12)
    services = toolbox.services
    services.tenants.prepare_stores()
    tenant = services.tenant_lifecycle.create(
        tenant_id, name, prefixes, configuration, FirstAdmin(admin_email, password)
    )
    told: dict[str, Any] = {
        "tenant_id": tenant.id,
        "database": tenant.database_name,
        "administrator": admin_email,
        "password": "as given" if password_stdin else password,
        "rest_url": toolbox.settings.files.public_url,
        "central_system_url": base_url(toolbox.settings, tenant, tenant.charge_point_prefixes[0]),
        "charge_point_prefixes": list(tenant.charge_point_prefixes),
    }
    told |= _api_key(toolbox, tenant) | _mqtt(toolbox, tenant)
    told |= _imported(toolbox, tenant, fleet, tags)
    show(told, as_json=as_json)
    if not as_json:
        click.echo(_next_steps(tenant))


def _good(file: IO[str], read: Callable[[Iterable[str]], Iterator[Row]]) -> list[Row]:
    """All rows of a file. Raises InvalidInput that names each wrong line, before anything is made."""
    rows = list(read(file))
    problems = {f"{file.name}, line {row.line}": list(row.problems) for row in rows if row.problems}
    if problems:
        raise InvalidInput(f"{wrong_lines(len(problems))}; nothing was made.", problems=problems)
    return rows


def _api_key(toolbox: Toolbox, tenant: Tenant) -> dict[str, Any]:
    _, secret = toolbox.services.api_keys.create(tenant.id, INTEGRATION, Role.OPERATOR, None, None)
    return {"api_key": secret}


def _mqtt(toolbox: Toolbox, tenant: Tenant) -> dict[str, Any]:
    address = {"mqtt_url": toolbox.settings.mqtt.public_url}
    if not toolbox.services.mqtt_access.is_kept:
        return address | {"mqtt_user": "none: this broker does not ask (MQTT_ACCESS)"}
    try:
        credential, password = toolbox.services.mqtt_access.create(tenant, INTEGRATION, MqttRole.INTEGRATOR)
    except Retryable as failure:  # the other secrets are made, and must be shown
        again = f"python -m app.cli mqtt create {tenant.id} {INTEGRATION} --role integrator"
        return address | {"mqtt_user": f"not made ({failure.message}); later: {again}"}
    return address | {"mqtt_user": credential.username, "mqtt_password": password}


def _imported(toolbox: Toolbox, tenant: Tenant, fleet: list[Row], tags: list[Row]) -> dict[str, Any]:
    told: dict[str, Any] = {}
    if fleet:
        report = toolbox.services.charge_point_imports.import_rows(tenant, fleet)
        told |= {"charge_points": report.created, "charge_point_keys": report.new_keys}
    if tags:
        told["id_tags"] = toolbox.services.id_tags.import_rows(tenant.id, tags).created
    return told


def _next_steps(tenant: Tenant) -> str:
    return (
        "\nKeep the secrets now; nobody can read them later. Next:\n"
        f"  python -m app.cli charge-points installer {tenant.id} <charge point>  for its installer\n"
        "  python -m app.cli doctor  is everything well?\n"
    )
