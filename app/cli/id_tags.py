"""Id tags on the command line."""

from datetime import datetime
from typing import IO

import click

from app.cli.imports import dry_run_option, file_argument, show_report, skip_option
from app.cli.toolbox import Toolbox, json_option, pass_toolbox, show
from app.domain.errors import InvalidInput
from app.domain.id_tag_csv import read_csv
from app.domain.times import format_time, parse_time


@click.group("id-tags")
def id_tags() -> None:
    """Id tags: the cards that may start a session."""


@id_tags.command("add")
@click.argument("tenant_id")
@click.argument("id_tag")
@click.option("--parent", "parent_id_tag", help="The group it belongs to.")
@click.option("--expires-at", help="ISO 8601, as 2030-01-31T12:00:00Z.")
@click.option("--blocked", is_flag=True, help="Refuse it.")
@json_option()
@pass_toolbox
def add_id_tag(
    toolbox: Toolbox,
    tenant_id: str,
    id_tag: str,
    parent_id_tag: str | None,
    expires_at: str | None,
    blocked: bool,
    as_json: bool,
) -> None:
    """Let ID_TAG charge at TENANT_ID's charge points, or change what is known of it.

    \b
    Example: python -m app.cli id-tags add acme 04E1A7B2 --expires-at 2030-01-31T12:00:00Z
    """
    toolbox.services.tenants.get(tenant_id)
    until = None if expires_at is None else _moment(expires_at)
    tag = toolbox.services.id_tags.put(
        tenant_id, id_tag, parent_id_tag=parent_id_tag, expires_at=until, blocked=blocked
    )
    row = {
        "id_tag": tag.id_tag,
        "blocked": tag.blocked,
        "expires_at": None if tag.expires_at is None else format_time(tag.expires_at),
        "parent_id_tag": tag.parent_id_tag,
    }
    show(row, as_json=as_json)


def _moment(text: str) -> datetime:
    at = parse_time(text)
    if at is None:
        problem = ["Give a time as 2030-01-31T12:00:00Z."]
        raise InvalidInput("The time is not valid.", problems={"expires-at": problem})
    return at


@id_tags.command("import")
@click.argument("tenant_id")
@file_argument()
@dry_run_option()
@skip_option()
@json_option()
@pass_toolbox
def import_id_tags(
    toolbox: Toolbox, tenant_id: str, file: IO[str], dry_run: bool, skip_wrong_lines: bool, as_json: bool
) -> None:
    """Add and change TENANT_ID's id tags from FILE, a CSV file in UTF-8; `-` is standard input.

    The first line names the columns: id_tag, and any of parent_id_tag, expires_at, blocked,
    max_active_transactions and note, with commas or semicolons between them. If a line is wrong nothing is
    changed and every wrong line is named.

    \b
    Example: python -m app.cli id-tags import acme tags.csv --dry-run
    """
    toolbox.services.tenants.get(tenant_id)
    report = toolbox.services.id_tags.import_rows(
        tenant_id, read_csv(file), partial=skip_wrong_lines, dry_run=dry_run
    )
    show_report(report, as_json=as_json)
