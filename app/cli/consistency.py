"""The consistency checker on the command line."""

import sys
import time
from dataclasses import asdict
from datetime import timedelta

import click

from app.bootstrap.consistency import build_consistency
from app.cli.toolbox import Toolbox, json_option, pass_toolbox, show_table
from app.domain.consistency import Patience

_TELL_EVERY_S = 2.0


class Progress:
    """Says on standard error what is being looked at, when that takes a while."""

    def __init__(self) -> None:
        self._read = 0
        self._told_at = time.monotonic()
        self._doing = ""

    def note_read(self, number: int) -> None:
        """So many documents more."""
        self._read += number
        self._tell()

    def note_check(self, place: str, check: str) -> None:
        """This one begins."""
        self._doing = f"{place}: {check.replace('_', ' ')}"
        self._tell()

    def _tell(self) -> None:
        if time.monotonic() - self._told_at > _TELL_EVERY_S:
            self._told_at = time.monotonic()
            click.echo(f"{self._doing}, {self._read} documents read", err=True)


@click.command()
@click.option("--tenant", "tenant_id", help="Look at this tenant alone.")
@click.option(
    "--patience", "patience_s", type=click.FloatRange(0), default=60, show_default=True, metavar="SECONDS",
    help="How long what moves by itself may take.",
)  # fmt: skip
@json_option()
@pass_toolbox
def check(toolbox: Toolbox, tenant_id: str | None, patience_s: float, as_json: bool) -> None:
    """Find sessions, readings, events, counters and keys that disagree. Changes nothing; status 1 if any do.

    Safe while everything runs: what seems wrong is looked at twice. It reads all documents, so on a large
    installation it takes a while, and says on standard error how far it is.

    \b
    Example: python -m app.cli check --tenant acme
    """
    progress = Progress()
    checker = build_consistency(toolbox.adapters, progress.note_read)
    patience = Patience(usual=timedelta(seconds=patience_s))
    found = [asdict(one) for one in checker.find(tenant_id, patience, progress.note_check)]
    if found or as_json:
        show_table(found, as_json=as_json)
    else:
        click.echo("Everything agrees.")
    if found:
        sys.exit(1)
