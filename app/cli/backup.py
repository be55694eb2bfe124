"""Backup and restore on the command line."""

import time
from pathlib import Path

import click

from app.cli.toolbox import Toolbox, json_option, pass_toolbox, show
from app.domain.errors import Conflict, Retryable
from app.storage import backup as backups
from app.storage.backup import Manifest
from app.storage.migrations import NEWEST

_TELL_EVERY_S = 2.0


class Progress:
    """Says on standard error how far it is, when that takes a while."""

    def __init__(self) -> None:
        self._told_at = time.monotonic()
        self._count = 0

    def __call__(self, place: str, more: int) -> None:
        """So much more of it."""
        self._count += more
        if time.monotonic() - self._told_at > _TELL_EVERY_S:
            self._told_at = time.monotonic()
            click.echo(f"{place}, {self._count} so far", err=True)


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--tenant", "tenant_id", help="Only this tenant, with its people and keys.")
@json_option()
@pass_toolbox
def backup(toolbox: Toolbox, folder: Path, tenant_id: str | None, as_json: bool) -> None:
    """Write all databases to FOLDER, which must not be there yet. Everything may go on running meanwhile.

    The folder holds personal data and hashes of passwords; only this user can read it. Files are not in it.

    \b
    Example: python -m app.cli backup /backups/2026-03-01
    """
    written = backups.dump(toolbox.adapters.databases, folder, tenant_id, Progress())
    show(_row(folder, written), as_json=as_json)


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Replace what is there. All of it, or the one tenant.")
@json_option()
@pass_toolbox
def restore(toolbox: Toolbox, folder: Path, force: bool, as_json: bool) -> None:
    """Put back what FOLDER holds, if every file of it is whole. Stop all other processes before.

    A backup of one tenant adds that tenant to whatever is there. Run `check` afterwards.

    \b
    Example: python -m app.cli restore /backups/2026-03-01
    """
    manifest = backups.read_manifest(folder, NEWEST)
    if manifest.tenant_id is None and _gateways_live(toolbox):
        raise Conflict("A gateway is running; stop all processes but the servers first.")
    backups.load(toolbox.adapters.databases, folder, manifest, Progress(), force=force)
    show(_row(folder, manifest), as_json=as_json)


def _gateways_live(toolbox: Toolbox) -> bool:
    try:
        return bool(toolbox.adapters.link.live_gateways())
    except Retryable:  # no Redis, no gateways
        return False


def _row(folder: Path, manifest: Manifest) -> dict[str, object]:
    return {
        "folder": str(folder),
        "tenants": list(manifest.tenant_ids),
        "documents": manifest.documents,
        "bytes": sum(file.bytes for file in manifest.files),
        "files": len(manifest.files),
        "started_at": manifest.started_at,
        "finished_at": manifest.finished_at,
    }
