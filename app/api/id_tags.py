"""Id tags over HTTP: one by one, and as CSV."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

from flask import Response, request, url_for
from werkzeug.exceptions import UnsupportedMediaType

from app.api.blueprint import Blueprint, also_answers, problems
from app.api.current import services
from app.api.paging import page_request
from app.api.permissions import requires
from app.api.representations import expected_revision
from app.api.schemas.id_tag import (
    ChangedIdTagSchema,
    IdTagFilters,
    IdTagPageSchema,
    IdTagQuery,
    IdTagSchema,
    ImportQuery,
    ImportReportSchema,
    NewIdTagSchema,
)
from app.api.tenancy import current_tenant
from app.domain.errors import InvalidInput, NotFound
from app.domain.id_tag import IdTag
from app.domain.id_tag_csv import read_csv, write_csv
from app.domain.permissions import Permission
from app.services.id_tags import ImportReport
from app.services.ports import Page

MAX_IMPORT_BYTES = 32 * 1_048_576
id_tags = Blueprint("id_tags", __name__, url_prefix="/api/v1", description="Id tags: who may charge.")
_CSV_TYPES = ("text/csv", "application/csv", "application/vnd.ms-excel", "")
_CSV = {
    "schema": {"type": "string"},
    "example": "id_tag,parent_id_tag,expires_at,blocked\n04E1A7B2,FLEET,,false\n",
}
_FORM = {"schema": {"type": "object", "properties": {"file": {"type": "string", "format": "binary"}}}}


@id_tags.get("/id-tags")
@requires(Permission.ID_TAGS_READ)
@id_tags.query(IdTagQuery)
@id_tags.answers(200, IdTagPageSchema, "A page of id tags.")
def list_id_tags(query: dict[str, Any]) -> Page[IdTag]:
    """List id tags

    In order of the id tag, without regard to case.
    """
    return services().id_tags.list_page(current_tenant().id, page_request(query))


@id_tags.post("/id-tags")
@requires(Permission.ID_TAGS_MANAGE)
@id_tags.body(NewIdTagSchema)
@id_tags.answers(201, IdTagSchema, "The id tag; its address is in Location.")
@problems(400, 409, 415)
def create_id_tag(body: dict[str, Any]) -> tuple[IdTag, int, dict[str, str]]:
    """Create an id tag

    One that is known already, in whatever case, is a 409.
    """
    tag = services().id_tags.create(current_tenant().id, body.pop("id_tag"), body)
    return tag, 201, {"Location": url_for("id_tags.get_id_tag", id_tag=tag.id_tag)}


@id_tags.get("/id-tags/<path:id_tag>")
@requires(Permission.ID_TAGS_READ)
@id_tags.answers(200, IdTagSchema, "The id tag.")
def get_id_tag(id_tag: str) -> IdTag:
    """Show an id tag

    Case makes no difference. Percent-encode what is not a letter or a digit.
    """
    return services().id_tags.get(current_tenant().id, id_tag)


@id_tags.put("/id-tags/<path:id_tag>")
@requires(Permission.ID_TAGS_MANAGE)
@id_tags.body(ChangedIdTagSchema)
@id_tags.answers(200, IdTagSchema, "The id tag, replaced.")
@also_answers(201, IdTagSchema, "The id tag, created.")
@problems(400, 415)
def put_id_tag(body: dict[str, Any], id_tag: str) -> tuple[IdTag, int]:
    """Create or replace an id tag

    What the body does not name is as in a new one.
    """
    tenant_id, service = current_tenant().id, services().id_tags
    try:
        service.get(tenant_id, id_tag)
        status = 200
    except NotFound:
        status = 201
    service.put(tenant_id, id_tag, **body, revision=expected_revision())
    return service.get(tenant_id, id_tag), status


@id_tags.patch("/id-tags/<path:id_tag>")
@requires(Permission.ID_TAGS_MANAGE)
@id_tags.body(ChangedIdTagSchema)
@id_tags.answers(200, IdTagSchema, "The id tag.")
@problems(400, 415)
def change_id_tag(body: dict[str, Any], id_tag: str) -> IdTag:
    """Change an id tag

    What the body does not name stays as it is.
    """
    return services().id_tags.change(current_tenant().id, id_tag, body, expected_revision())


@id_tags.delete("/id-tags/<path:id_tag>")
@requires(Permission.ID_TAGS_MANAGE)
@id_tags.response(204, description="It is unknown now.")
def delete_id_tag(id_tag: str) -> None:
    """Delete an id tag

    It is Invalid from now on; local lists that hold it must be updated. Sessions keep it.
    """
    services().id_tags.remove(current_tenant().id, id_tag, expected_revision())


@id_tags.get("/id-tags.csv")
@requires(Permission.ID_TAGS_READ)
@id_tags.query(IdTagFilters)
@id_tags.response(200, {"type": "string"}, content_type="text/csv", description="A line for each id tag.")
def export_id_tags(query: dict[str, Any]) -> Response:
    """Export id tags as CSV

    All of them, or those that the filters leave, in the form that the import takes. A cell that begins with
    `=`, `+`, `-`, `@` or an apostrophe has an apostrophe put before it, so that no spreadsheet runs it.
    """
    lines = write_csv(services().id_tags.each(current_tenant().id, query))
    headers = {"Content-Disposition": 'attachment; filename="id-tags.csv"'}
    return Response(lines, content_type="text/csv; charset=utf-8", headers=headers)


@id_tags.post("/id-tags/import")
@requires(Permission.ID_TAGS_MANAGE)
@id_tags.query(ImportQuery)
@id_tags.doc(requestBody={"required": True, "content": {"text/csv": _CSV, "multipart/form-data": _FORM}})
@id_tags.answers(200, ImportReportSchema, "What was imported.")
@problems(413, 415)
def import_id_tags(query: dict[str, bool]) -> ImportReport:
    """Import id tags from CSV

    As `text/csv` or as a form with one file; UTF-8, 32 MiB and 200,000 lines at most. The first line names
    the columns: `id_tag`, and any of `parent_id_tag`, `expires_at`, `blocked`, `max_active_transactions` and
    `note`, with commas or semicolons between them. Id tags that are known are changed, and keep what the
    file has no column for. If a line is wrong, nothing is imported and every wrong line is named, unless
    `partial` is given.
    """
    with _csv_lines() as lines:
        return services().id_tags.import_rows(
            current_tenant().id, read_csv(lines), partial=query["only_good"], dry_run=query["dry_run"]
        )


@contextmanager
def _csv_lines() -> Iterator[Iterator[str]]:
    """The lines of the request's file, as they come. Raises InvalidInput where it is no UTF-8."""
    try:
        yield io.TextIOWrapper(io.BufferedReader(_csv_body()), "utf-8-sig", newline="")  # type: ignore[type-var]
    except UnicodeDecodeError as wrong:
        sentence = "Save the file as UTF-8."
        raise InvalidInput("The file is not in UTF-8.", problems={"body": [sentence]}) from wrong


def _csv_body() -> IO[bytes]:
    request.max_content_length = MAX_IMPORT_BYTES
    if request.mimetype in _CSV_TYPES:
        return request.stream
    if request.mimetype != "multipart/form-data":
        raise UnsupportedMediaType("Send the file as text/csv, or in a form as multipart/form-data.")
    files = list(request.files.values())
    if len(files) != 1:
        raise InvalidInput("The form has not one file.", problems={"file": ["Give exactly one file."]})
    return files[0].stream
