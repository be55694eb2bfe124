"""Users on the command line."""

import click

from app.cli.toolbox import Toolbox, json_option, pass_toolbox, read_password, show
from app.domain.errors import NotFound
from app.domain.user import Role

_ROLES = [role.value for role in Role]
_from_stdin = click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")


@click.group()
def users() -> None:
    """Users: the people who use the REST interface."""


@users.command()
@click.option("--email", required=True, help="Their login.")
@click.option("--role", required=True, type=click.Choice(_ROLES), help="What they may do.")
@click.option("--tenant", "tenant_id", help="Whose they are; a platform_admin is nobody's.")
@_from_stdin
@json_option()
@pass_toolbox
def create(
    toolbox: Toolbox, email: str, role: str, tenant_id: str | None, password_stdin: bool, as_json: bool
) -> None:
    """Create a user. The password is asked for.

    \b
    Examples:
      python -m app.cli users create --email you@example.com --role platform_admin
      python -m app.cli users create --email op@acme.example --role operator --tenant acme
    """
    if tenant_id is not None:
        toolbox.services.tenants.get(tenant_id)
    password = read_password(from_stdin=password_stdin)
    user = toolbox.services.users.create(email, password, Role(role), tenant_id)
    row = {"id": user.id, "email": user.email, "role": user.role.value, "tenant_id": user.tenant_id}
    show(row, as_json=as_json)


@users.command("set-password")
@click.argument("email")
@_from_stdin
@pass_toolbox
def set_password(toolbox: Toolbox, email: str, password_stdin: bool) -> None:
    """Give the user with EMAIL another password. It is asked for."""
    user = toolbox.services.users.find_by_email(email)
    if user is None:
        raise NotFound(f"There is no user '{email}'.")
    toolbox.services.users.set_password(user, read_password(from_stdin=password_stdin))
    click.echo(f"{user.email} has another password now.")
