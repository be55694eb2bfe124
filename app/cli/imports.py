"""What the commands that read CSV files share: their options, and the report."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeVar

import click

from app.cli.toolbox import show

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


def show_report(report: Report, *, as_json: bool, **more: Any) -> None:
    """The counts, and a line for each line that was left out."""
    row = {
        "dry_run": report.dry_run,
        "created": report.created,
        "changed": report.changed,
        "unchanged": report.unchanged,
        "wrong_lines": len(report.problems),
    }
    if as_json:
        show(row | {"problems": report.problems} | more, as_json=True)
        return
    show(row, as_json=False)
    for line, sentences in report.problems.items():
        click.echo(f"{line}: {' '.join(sentences)}")
