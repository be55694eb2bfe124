"""What the command line changes is on record like anything else: who, what, on what, and how it ended."""

import getpass
import os
import socket
from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from typing import Any

import click

from app.cli.toolbox import Toolbox
from app.domain.audit import ActorKind, AuditEntry, AuditResult, difference
from app.domain.errors import AppError, NotFound
from app.domain.tenant_configuration import configuration_as_dict

UNRECORDED = frozenset(
    {
        "api-keys list",
        "check",
        "check-settings",
        "doctor",
        "mqtt list",
        "tenants export",
        "tenants list",
        "tenants show",
        "users list",
        "welcome",
    }
)
"""Commands that change nothing, and `welcome`, which furnishes a machine for development."""
_IDS = ("tenant_id", "charge_point_id", "charge_point_ids", "email", "name", "key_id", "account_id")
_TENANTS = "tenants "


def record_changes(group: click.Group) -> None:
    """Let every command of the tree that may change something record what it did."""
    for path, command in _leaves(group, ""):
        if path not in UNRECORDED and command.callback is not None:
            command.callback = _recorded(path, command.callback)


def _leaves(group: click.Group, path: str) -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        full = f"{path} {name}".strip()
        if isinstance(command, click.Group):
            yield from _leaves(command, full)
        else:
            yield full, command


def _recorded(path: str, callback: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(callback)
    def run(*arguments: Any, **options: Any) -> Any:
        toolbox = click.get_current_context().find_object(Toolbox)
        if toolbox is None or options.get("dry_run"):
            return callback(*arguments, **options)
        before = _configuration(toolbox, path, options)
        try:
            answer = callback(*arguments, **options)
        except AppError as refusal:
            _record(toolbox, path, options, refusal)
            raise
        change = difference(before, _configuration(toolbox, path, options)) if before is not None else None
        _record(toolbox, path, options, None, change)
        return answer

    return run


def _record(
    toolbox: Toolbox,
    path: str,
    options: Mapping[str, Any],
    refusal: AppError | None,
    change: tuple[dict[str, Any] | None, dict[str, Any] | None] | None = None,
) -> None:
    before, after = change or (None, None)
    actor, services = f"{_person()}@{socket.gethostname()}", toolbox.services
    tenant_id = options.get("tenant_id")
    entry = AuditEntry(
        at=services.clock.now(),
        actor_kind=ActorKind.CLI,
        actor_id=actor,
        actor_name=actor,
        tenant_id=tenant_id if _exists(toolbox, tenant_id) else None,
        action=f"cli.{path.replace(' ', '.')}",
        result=AuditResult.DONE if refusal is None else AuditResult.REFUSED,
        target=_target(options),
        before=before,
        after=after,
        code=refusal.code if refusal is not None else None,
    )
    services.audit.record(entry, on_platform_too=path.startswith(_TENANTS))


def _person() -> str:
    """Who runs the program, as far as the system knows: a container may have no name for its user."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


def _target(options: Mapping[str, Any]) -> dict[str, str]:
    named = {name: options[name] for name in _IDS if options.get(name)}
    return {
        name: ", ".join(value) if isinstance(value, tuple | list) else str(value)
        for name, value in named.items()
    }


def _exists(toolbox: Toolbox, tenant_id: str | None) -> bool:
    if tenant_id is None:
        return False
    try:
        toolbox.services.tenants.get(tenant_id)
    except NotFound:
        return False
    except AppError:  # the store is away: the entry will meet the same, and end in the log
        return True
    return True


def _configuration(toolbox: Toolbox, path: str, options: Mapping[str, Any]) -> dict[str, Any] | None:
    """Of the tenant whose configuration is being changed."""
    if path != "tenants configure" or not _exists(toolbox, options.get("tenant_id")):
        return None
    return configuration_as_dict(toolbox.services.tenants.get(options["tenant_id"]).configuration)
