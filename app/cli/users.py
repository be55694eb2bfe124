"""Users on the command line."""

from typing import Any

import click

from app.cli.toolbox import Toolbox, json_option, pass_toolbox, read_password, show, show_table
from app.domain.errors import Conflict, NotFound
from app.domain.times import format_time
from app.domain.user import Role, User
from app.services.ports import PageRequest

_AT_ONCE = 200
_of_tenant = click.option("--tenant", "tenant_id", help="Whose, where several have the same email.")
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


@users.command("list")
@click.option("--tenant", "tenant_id", help="Whose; without it, the platform's own.")
@json_option()
@pass_toolbox
def list_users(toolbox: Toolbox, tenant_id: str | None, as_json: bool) -> None:
    """List users, newest first: a tenant's, or the platform's own."""
    if tenant_id is not None:
        toolbox.services.tenants.get(tenant_id)
    rows, page = [], PageRequest(_AT_ONCE)
    while True:
        found = toolbox.services.users.list_page(tenant_id, page)
        rows += [_row(user) for user in found.items]
        if found.next_cursor is None:
            break
        page = PageRequest(_AT_ONCE, found.next_cursor)
    show_table(rows, as_json=as_json)


@users.command("set-password")
@click.argument("email")
@_of_tenant
@_from_stdin
@pass_toolbox
def set_password(toolbox: Toolbox, email: str, tenant_id: str | None, password_stdin: bool) -> None:
    """Give the user with EMAIL another password. It is asked for; their login sessions end."""
    user = _user(toolbox, email, tenant_id)
    toolbox.services.users.set_password(user, read_password(from_stdin=password_stdin))
    click.echo(f"{user.email} has another password now.")


@users.command()
@click.argument("email")
@_of_tenant
@pass_toolbox
def disable(toolbox: Toolbox, email: str, tenant_id: str | None) -> None:
    """Keep the user with EMAIL out. Their login sessions end at once."""
    user = _user(toolbox, email, tenant_id)
    toolbox.services.users.change(user.tenant_id, user.id, {"disabled": True})
    click.echo(f"{user.email} cannot log in any more.")


@users.command()
@click.argument("email")
@_of_tenant
@pass_toolbox
def enable(toolbox: Toolbox, email: str, tenant_id: str | None) -> None:
    """Let the user with EMAIL log in again."""
    user = _user(toolbox, email, tenant_id)
    toolbox.services.users.change(user.tenant_id, user.id, {"disabled": False})
    click.echo(f"{user.email} can log in again.")


@users.command()
@click.argument("email")
@_of_tenant
@pass_toolbox
def unlock(toolbox: Toolbox, email: str, tenant_id: str | None) -> None:
    """Forgive the user with EMAIL their failed logins, from wherever they came."""
    user = _user(toolbox, email, tenant_id)
    toolbox.services.users.unlock(user)
    click.echo(f"{user.email} may try again.")


def _user(toolbox: Toolbox, email: str, tenant_id: str | None) -> User:
    """Raises NotFound, Conflict: it never guesses whom of several somebody means."""
    found = toolbox.services.users.with_email(email)
    if tenant_id is not None:
        found = [user for user in found if user.tenant_id == (tenant_id or None)]
    if not found:
        raise NotFound(f"There is no user '{email}'.")
    if len(found) > 1:
        owners = ", ".join(user.tenant_id or "the platform" for user in found)
        raise Conflict(f"'{email}' is known to {owners}: say which with --tenant ('' for the platform).")
    return found[0]


def _row(user: User) -> dict[str, Any]:
    return {
        "id": user.id,
        "email": user.email,
        "name": user.name,
        "role": user.role.value,
        "disabled": user.disabled,
        "created_at": format_time(user.created_at),
    }
