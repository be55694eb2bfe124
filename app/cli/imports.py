"""What the commands that read CSV files share: their options, and the report."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeVar

import click

from app.cli.toolbox import show

_SHOWN = 20
Command = TypeVar("Command", bound=Callable[..., None])


class Report(Protocol):
    """Counts of what was, or would be, done; and per wrong line why it was not."""

    @property
    def created(self) -> int: ...

    @property
    def changed(self) -> int: ...

    @property
    def unchanged(self) -> int: ...

    @property
    def problems(self) -> Mapping[str, list[str]]: ...

    @property
    def dry_run(self) -> bool: ...


def file_argument() -> Callable[[Command], Command]:
    """FILE, or `-`."""
    return click.argument("file", type=click.File("r", encoding="utf-8-sig"))


def dry_run_option() -> Callable[[Command], Command]:
    """`--dry-run`."""
    return click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")


def skip_option() -> Callable[[Command], Command]:
    """`--skip-wrong-lines`."""
    return click.option("--skip-wrong-lines", is_flag=True, help="Take the good lines, and name the others.")


def show_report(
    report: Report,
    *,
    as_json: bool,
    changes: Mapping[str, str] | None = None,
    warnings: Mapping[str, list[str]] | None = None,
    **more: Any,
) -> None:
    """The counts, what happens to whom, and a line for each line that was left out."""
    row = {
        "dry_run": report.dry_run,
        "created": report.created,
        "changed": report.changed,
        "unchanged": report.unchanged,
        "wrong_lines": len(report.problems),
    }
    for line, sentences in (warnings or {}).items():
        click.echo(f"Warning, {line}: {' '.join(sentences)}", err=True)
    if as_json:
        told = {} if changes is None else {"changes": changes, "warnings": warnings or {}}
        show(row | {"problems": report.problems} | told | more, as_json=True)
        return
    show(row, as_json=False)
    for name, happens in list((changes or {}).items())[:_SHOWN]:
        click.echo(f"{name}: {happens}")
    if changes and len(changes) > _SHOWN:
        click.echo(f"... and {len(changes) - _SHOWN} more; --json shows all.")
    for line, sentences in report.problems.items():
        click.echo(f"{line}: {' '.join(sentences)}")
