"""Charge points and id tags on the command line."""

from datetime import datetime

import click

from app.cli.toolbox import Toolbox, json_option, pass_toolbox, show
from app.domain.errors import Conflict, InvalidInput
from app.domain.times import format_time, parse_time


@click.group("charge-points")
def charge_points() -> None:
    """Charge points."""


@charge_points.command()
@click.argument("tenant_id")
@click.argument("charge_point_ids", nargs=-1, required=True, metavar="CHARGE_POINT_ID...")
@pass_toolbox
def add(toolbox: Toolbox, tenant_id: str, charge_point_ids: tuple[str, ...]) -> None:
    """Make charge points of TENANT_ID known by their OCPP identity, so that they may connect.

    Not needed where the tenant has unknown_charge_points=accept.

    \b
    Example: python -m app.cli charge-points add acme ACME-0001 ACME-0002
    """
    tenant = toolbox.services.tenants.get(tenant_id)
    for charge_point_id in charge_point_ids:
        if not toolbox.services.charge_points.register(tenant, charge_point_id):
            raise Conflict(f"The charge point '{charge_point_id}' is registered already.")
        click.echo(f"{charge_point_id} is known to {tenant_id}.")


@click.group("id-tags")
def id_tags() -> None:
    """Id tags: the cards that may start a session."""


@id_tags.command("add")
@click.argument("tenant_id")
@click.argument("id_tag")
@click.option("--parent", "parent_id_tag", help="The group it belongs to.")
@click.option("--expires-at", help="ISO 8601, as 2030-01-31T12:00:00Z.")
@click.option("--blocked", is_flag=True, help="Refuse it.")
@json_option()
@pass_toolbox
def add_id_tag(
    toolbox: Toolbox,
    tenant_id: str,
    id_tag: str,
    parent_id_tag: str | None,
    expires_at: str | None,
    blocked: bool,
    as_json: bool,
) -> None:
    """Let ID_TAG charge at TENANT_ID's charge points, or change what is known of it.

    \b
    Example: python -m app.cli id-tags add acme 04E1A7B2 --expires-at 2030-01-31T12:00:00Z
    """
    toolbox.services.tenants.get(tenant_id)
    until = None if expires_at is None else _moment(expires_at)
    tag = toolbox.services.id_tags.put(
        tenant_id, id_tag, parent_id_tag=parent_id_tag, expires_at=until, blocked=blocked
    )
    row = {
        "id_tag": tag.id_tag,
        "blocked": tag.blocked,
        "expires_at": None if tag.expires_at is None else format_time(tag.expires_at),
        "parent_id_tag": tag.parent_id_tag,
    }
    show(row, as_json=as_json)


def _moment(text: str) -> datetime:
    at = parse_time(text)
    if at is None:
        problem = ["Give a time as 2030-01-31T12:00:00Z."]
        raise InvalidInput("The time is not valid.", problems={"expires-at": problem})
    return at
