"""MQTT accounts on the command line."""

import os

import click

from app.cli.toolbox import Toolbox, json_option, pass_toolbox, show, show_table
from app.domain.mqtt_access import MqttCredential, MqttRole
from app.domain.times import format_time

_ROLES = [role.value for role in MqttRole]


@click.group()
def mqtt() -> None:
    """Accounts at the MQTT broker, where it keeps any (MQTT_ACCESS)."""


@mqtt.command()
@click.argument("tenant_id")
@click.argument("name")
@click.option("--role", type=click.Choice(_ROLES), default=MqttRole.SUBSCRIBER.value, help="What it may do.")
@json_option()
@pass_toolbox
def create(toolbox: Toolbox, tenant_id: str, name: str, role: str, as_json: bool) -> None:
    """Make the account NAME for a program of TENANT_ID, and show its password, this once.

    A subscriber reads the tenant's events, statuses and responses; an integrator sends commands as well.

    \b
    Example: python -m app.cli mqtt create acme billing --role subscriber
    """
    tenant = toolbox.services.tenants.get(tenant_id)
    made, password = toolbox.services.mqtt_access.create(tenant, name, MqttRole(role))
    show(_row(made) | {"password": password}, as_json=as_json)


@mqtt.command("list")
@click.argument("tenant_id")
@json_option()
@pass_toolbox
def list_accounts(toolbox: Toolbox, tenant_id: str, as_json: bool) -> None:
    """List TENANT_ID's accounts, without passwords."""
    toolbox.services.tenants.get(tenant_id)
    show_table([_row(one) for one in toolbox.services.mqtt_access.list(tenant_id)], as_json=as_json)


@mqtt.command()
@click.argument("tenant_id")
@click.argument("account_id")
@json_option()
@pass_toolbox
def rotate(toolbox: Toolbox, tenant_id: str, account_id: str, as_json: bool) -> None:
    """Give an account another password, and show it, this once. The old one ends."""
    changed, password = toolbox.services.mqtt_access.rotate(tenant_id, account_id)
    show(_row(changed) | {"password": password}, as_json=as_json)


@mqtt.command()
@click.argument("tenant_id")
@click.argument("account_id")
@pass_toolbox
def remove(toolbox: Toolbox, tenant_id: str, account_id: str) -> None:
    """Remove an account; whoever is connected with it is disconnected."""
    toolbox.services.mqtt_access.remove(tenant_id, account_id)
    click.echo("It is gone.")


@mqtt.command()
@json_option()
@pass_toolbox
def sync(toolbox: Toolbox, as_json: bool) -> None:
    """Bring the broker in line with the database: rules, rights, and no accounts that nobody knows.

    That is also done every five minutes. It names accounts that the broker has lost: rotate those, or start
    the broker with what `init` prints.
    """
    report = toolbox.services.mqtt_access.sync()
    row = {
        "accounts": report.accounts,
        "strangers_removed": list(report.strangers_removed),
        "repaired": list(report.repaired),
        "missing": list(report.missing),
    }
    show(row, as_json=as_json)


@mqtt.command()
@click.argument("path", type=click.Path(exists=False, dir_okay=False, allow_dash=True), default="-")
@pass_toolbox
def init(toolbox: Toolbox, path: str) -> None:
    """Write (or print) the file of Mosquitto's dynamic-security plugin, for a broker that has lost its own.

    It lets this server in, and all tenants' programs with the passwords they have. It holds the hashes of
    passwords: let nobody but Mosquitto read it. A file that is there already is left as it is.

    \b
    Example: python -m app.cli mqtt init dynamic-security.json
    """
    content = toolbox.services.mqtt_access.new_broker_file()
    if path == "-":
        click.echo(content)
        return
    try:
        with open(path, "x", opener=_for_its_owner) as file:
            file.write(content)
    except OSError as failure:
        raise click.ClickException(f"{path}: {failure.strerror}.") from failure
    click.echo(f"{path} is written; only you can read it.")


def _for_its_owner(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _row(one: MqttCredential) -> dict[str, str]:
    return {
        "id": one.id,
        "username": one.username,
        "role": one.role.value,
        "created_at": format_time(one.created_at),
    }
