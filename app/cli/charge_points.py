"""Charge points on the command line."""

from typing import IO

import click

from app.cli.imports import dry_run_option, file_argument, show_report, skip_option
from app.cli.installer import NEEDS_TLS, NO_TLS, installer_values
from app.cli.toolbox import Toolbox, json_option, pass_toolbox, show, show_table
from app.domain.charge_point_csv import WRONG_IDENTITY, is_identity, read_csv
from app.domain.context import ChargePointRef
from app.domain.errors import Conflict, InvalidInput


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
    wrong = {name: [WRONG_IDENTITY] for name in charge_point_ids if not is_identity(name)}
    if wrong:
        raise InvalidInput("Nothing was registered.", problems=wrong)
    for charge_point_id in charge_point_ids:
        if not toolbox.services.charge_points.register(tenant, charge_point_id):
            raise Conflict(f"The charge point '{charge_point_id}' is registered already.")
        click.echo(f"{charge_point_id} is known to {tenant_id}.")


@charge_points.command("import")
@click.argument("tenant_id")
@file_argument()
@dry_run_option()
@skip_option()
@json_option()
@pass_toolbox
def import_charge_points(
    toolbox: Toolbox, tenant_id: str, file: IO[str], dry_run: bool, skip_wrong_lines: bool, as_json: bool
) -> None:
    """Make the charge points in FILE known to TENANT_ID: a CSV file in UTF-8; `-` is standard input.

    The first line names the columns: charge_point_id, and security_profile (0 to 3) and key (hexadecimal, or
    `new` to have one made for who has none, and shown this once), with commas or semicolons between them. If
    a line is wrong nothing is changed and every wrong line is named. The same file again changes nothing;
    `charge-points installer --new-key` makes another key.

    \b
    Example: python -m app.cli charge-points import acme fleet.csv --dry-run
    """
    rows = list(read_csv(file))
    report = toolbox.services.charge_point_imports.import_rows(
        toolbox.services.tenants.get(tenant_id), rows, partial=skip_wrong_lines, dry_run=dry_run
    )
    if not toolbox.settings.gateway.public_url.startswith("wss:"):
        for row in rows:
            if row.values.get("security_profile") in NEEDS_TLS:
                report.warnings.setdefault(f"line {row.line}", []).append(f"{row.key}: {NO_TLS}.")
    show_report(
        report, as_json=as_json, changes=report.changes, warnings=report.warnings, new_keys=report.new_keys
    )
    if report.new_keys and not as_json:
        click.echo("\nNew keys, shown this once:")
        show_table(
            [{"charge_point_id": name, "key": key} for name, key in report.new_keys.items()], as_json=False
        )


@charge_points.command()
@click.argument("tenant_id")
@click.argument("charge_point_id")
@click.option("--new-key", is_flag=True, help="Make another key and show it, this once. The old one ends.")
@json_option()
@pass_toolbox
def installer(toolbox: Toolbox, tenant_id: str, charge_point_id: str, new_key: bool, as_json: bool) -> None:
    """Show what the installer types into CHARGE_POINT_ID: address, identity, security profile, key.

    \b
    Example: python -m app.cli charge-points installer acme ACME-0001
    """
    tenant = toolbox.services.tenants.get(tenant_id)
    ref = ChargePointRef(tenant_id, charge_point_id)
    charge_point = toolbox.services.charge_points.get(ref)
    key = toolbox.services.keepers.security.set_key(ref) if new_key else None
    show(installer_values(toolbox.settings, tenant, charge_point, key), as_json=as_json)
