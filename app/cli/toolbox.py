"""What the commands share: the services, made when first needed, and one way to answer."""

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import click
import orjson

from app.bootstrap import Adapters, build_adapters, build_services
from app.logs import configure_logging
from app.services import Services
from app.services.passwords import MINIMUM_LENGTH
from app.settings import Settings


class Toolbox:
    """Settings and services of this run. `--help` and wrong options need neither."""

    def __init__(self, services: Services | None = None, settings: Settings | None = None) -> None:
        self._services = services
        self._settings = settings
        self._adapters: Adapters | None = None

    @property
    def settings(self) -> Settings:
        """From the environment. Raises SettingsError."""
        if self._settings is None:
            self._settings = Settings.from_env()
            configure_logging(self._settings)
        return self._settings

    @property
    def adapters(self) -> Adapters:
        """The servers behind the services."""
        if self._adapters is None:
            self._adapters = build_adapters(self.settings)
        return self._adapters

    @property
    def services(self) -> Services:
        """The use cases."""
        if self._services is None:
            self._services = build_services(self.settings, self.adapters)
        return self._services


pass_toolbox = click.make_pass_decorator(Toolbox)
Row = Mapping[str, Any]


def json_option() -> Callable[[Callable[..., None]], Callable[..., None]]:
    """`--json`: for programs."""
    return click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")


def show(row: Row, *, as_json: bool) -> None:
    """One thing, field by field."""
    if as_json:
        click.echo(_json(row))
        return
    width = max(len(name) for name in row)
    for name, value in row.items():
        click.echo(f"{name:<{width}}  {_plain(value)}")


def show_table(rows: Sequence[Row], *, as_json: bool) -> None:
    """Many things, one a line."""
    if as_json:
        click.echo(_json(list(rows)))
        return
    if not rows:
        click.echo("None.")
        return
    names = list(rows[0])
    cells = [names, *([_plain(row[name]) for name in names] for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(names))]
    for line in cells:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def read_password(*, from_stdin: bool) -> str:
    """Asked twice without echo, or the first line of standard input; never an argument, which others see."""
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    click.echo(f"At least {MINIMUM_LENGTH} characters, and nothing that is easily guessed.", err=True)
    password: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return password


def _plain(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(str(item) for item in value) or "-"
    if isinstance(value, Mapping):
        return _json(value)
    return "-" if value is None else str(value)


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()
