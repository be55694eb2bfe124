"""The installation as a whole on the command line."""

import sys
from dataclasses import asdict

import click

from app.cli.checks import Level, Patient, examine
from app.cli.toolbox import Toolbox, json_option, pass_toolbox, show, show_table
from app.storage import migrations


@click.command("check-settings")
@json_option()
@pass_toolbox
def check_settings(toolbox: Toolbox, as_json: bool) -> None:
    """Read the environment as every process does; name all that is wrong (status 2) or show what is in force.

    Secrets and the stores' addresses, which may hold passwords, are not shown.
    """
    settings = toolbox.settings
    row = {
        "env": settings.env,
        "var_dir": str(settings.var_dir),
        "gateway": f"{settings.gateway.host}:{settings.gateway.port}",
        "web": f"{settings.web.host}:{settings.web.port}",
        "flower": f"{settings.flower.host}:{settings.flower.port}",
        "embedded_mongodb": settings.embedded.start_mongodb,
        "embedded_redis": settings.embedded.start_redis,
        "embedded_mqtt": settings.embedded.start_mqtt,
        "log_level": settings.log_level,
        "log_format": settings.log_format,
    }
    show(row, as_json=as_json)


@click.command()
@click.option("--dry-run", is_flag=True, help="Say what would be done, and change nothing.")
@json_option()
@pass_toolbox
def migrate(toolbox: Toolbox, dry_run: bool, as_json: bool) -> None:
    """Bring all databases to this version of the program: documents, counters and indexes.

    Safe to repeat, to interrupt, and while everything runs; two at a time wait for each other. `setup` does
    it too. On databases of a later version nothing is done (status 1).

    \b
    Example: python -m app.cli migrate --dry-run
    """
    databases = toolbox.adapters.databases
    done = migrations.pending(databases) if dry_run else migrations.migrate(databases, _tell_progress)
    if done or as_json:
        show_table([asdict(one) for one in done], as_json=as_json)
    else:
        click.echo(f"Everything is of schema {migrations.NEWEST} already.")


def _tell_progress(place: str, changed: int) -> None:
    if changed:
        click.echo(f"{place}: {changed} more", err=True)


@click.command()
@pass_toolbox
def setup(toolbox: Toolbox) -> None:
    """Make everything ready: databases as by `migrate`, and the broker's rules where it keeps accounts.

    Safe to repeat; run it after each update.
    """
    toolbox.services.tenants.prepare_stores()
    report = toolbox.services.mqtt_access.sync()
    click.echo("The stores are ready.")
    if report.missing:
        lost = ", ".join(report.missing)
        click.echo(f"The broker has lost {lost}: rotate these MQTT accounts, or see `mqtt init`.")


@click.command()
@json_option()
@pass_toolbox
def doctor(toolbox: Toolbox, as_json: bool) -> None:
    """Examine a running installation: servers, indexes, clocks, certificates, processes, queues, folders.

    Says for everything that is not well what to do. Status 1 if anything has failed.
    """
    findings = list(examine(Patient(toolbox.settings, toolbox.adapters, toolbox.services)))
    rows = [{"check": f.check, "result": f.level.value, "told": f.told, "advice": f.advice} for f in findings]
    show_table(rows, as_json=as_json)
    if any(finding.level is Level.FAILED for finding in findings):
        sys.exit(1)
