"""The root of the command line, and how failures leave it."""

import sys
from collections.abc import Mapping, Sequence

import click

from app.cli.api_keys import api_keys
from app.cli.audit import record_changes
from app.cli.backup import backup, restore
from app.cli.charge_points import charge_points
from app.cli.consistency import check
from app.cli.id_tags import id_tags
from app.cli.installation import check_settings, doctor, migrate, setup
from app.cli.mqtt import mqtt
from app.cli.onboarding import onboard  # noqa: F401 - a command of `tenants`
from app.cli.tenants import tenants
from app.cli.toolbox import Toolbox
from app.cli.users import users
from app.cli.welcome import welcome
from app.domain.errors import AppError, InvalidInput, SettingsError

WRONG_SETTINGS, FAILED = 2, 1


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.pass_context
def cli(context: click.Context) -> None:
    """Set up and look after an OCPP Server installation.

    Works on the stores that the environment names (MONGODB_URI and so on), in development on those of
    `make run`. A new installation in production takes four steps:

    \b
      python -m app.cli check-settings
      python -m app.cli setup
      python -m app.cli users create --email you@example.com --role platform_admin
      python -m app.cli tenants onboard acme --name "Acme Charging" --prefix ACME- \\
        --admin-email admin@acme.example
    """
    if context.obj is None:
        context.obj = Toolbox()


for _command in (
    tenants,
    users,
    api_keys,
    mqtt,
    charge_points,
    id_tags,
    check_settings,
    check,
    doctor,
    migrate,
    backup,
    restore,
    setup,
    welcome,
):
    cli.add_command(_command)
record_changes(cli)


def main(arguments: Sequence[str] | None = None, toolbox: Toolbox | None = None) -> None:
    """Run a command; what fails is told in one line, with status 1, or 2 for wrong settings or usage."""
    try:
        given = None if arguments is None else list(arguments)
        cli.main(args=given, prog_name="python -m app.cli", obj=toolbox)
    except AppError as failure:
        click.echo(_told(failure), err=True)
        sys.exit(WRONG_SETTINGS if isinstance(failure, SettingsError) else FAILED)


def _told(failure: AppError) -> str:
    problems: Mapping[str, Sequence[str]] = {}
    if isinstance(failure, InvalidInput | SettingsError):
        problems = failure.problems
    if not problems:
        return f"Error: {failure.message}"
    listed = "; ".join(f"{name}: {' '.join(sentences)}" for name, sentences in sorted(problems.items()))
    opening = "The environment is not right." if isinstance(failure, SettingsError) else failure.message
    return f"Error: {opening} {listed}"
