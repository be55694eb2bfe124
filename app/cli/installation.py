"""The installation as a whole on the command line."""

import click

from app.cli.toolbox import Toolbox, json_option, pass_toolbox, show


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
@pass_toolbox
def setup(toolbox: Toolbox) -> None:
    """Create every index, of the platform and of all tenants. Safe to repeat; run it after each update."""
    toolbox.services.tenants.prepare_stores()
    click.echo("The stores are ready.")
