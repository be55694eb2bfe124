"""Firmware images over HTTP: kept here, so that charge points can fetch them from here."""

from typing import Any

from flask import url_for

from app.api.blueprint import Blueprint, problems
from app.api.caller import current_caller
from app.api.current import services
from app.api.paging import page_request
from app.api.permissions import requires
from app.api.schemas.firmware_file import (
    FirmwareFilePageSchema,
    FirmwareFileQuery,
    FirmwareFileSchema,
    NewFirmwareFileQuery,
)
from app.api.streams import received_files
from app.api.tenancy import current_tenant
from app.domain.errors import InvalidInput
from app.domain.firmware_file import FirmwareFile
from app.domain.permissions import Permission
from app.services.ports import Page

firmware_files = Blueprint(
    "firmware_files", __name__, url_prefix="/api/v1/firmware-files", description="Firmware images."
)
_FILE = {"type": "string", "format": "binary"}
_BODIES = {
    "application/octet-stream": {"schema": _FILE},
    "multipart/form-data": {"schema": {"type": "object", "properties": {"file": _FILE}}},
}


@firmware_files.post("")
@requires(Permission.FIRMWARE_MANAGE)
@firmware_files.query(NewFirmwareFileQuery)
@firmware_files.doc(requestBody={"required": True, "content": _BODIES})
@firmware_files.answers(201, FirmwareFileSchema, "The file; its address is in Location.")
@problems(413)
def upload_firmware_file(query: dict[str, str]) -> tuple[FirmwareFile, int, dict[str, str]]:
    """Upload a firmware file

    The body is the file itself, as `application/octet-stream`, or a form with one file. It is streamed, and
    may have `FILES_MAX_BYTES` at most.
    """
    found = next(received_files(), None)
    if found is None:
        raise InvalidInput("There is no file in the form.", problems={"body": ["Add a file."]})
    own_name, content = found
    image = services().keepers.firmware.images.add(
        current_tenant().id,
        query.get("name") or own_name or "",
        query.get("version"),
        content,
        current_caller().user_id,
    )
    location = url_for("firmware_files.get_firmware_file", firmware_file_id=image.id)
    return image, 201, {"Location": location}


@firmware_files.get("")
@requires(Permission.FIRMWARE_READ)
@firmware_files.query(FirmwareFileQuery)
@firmware_files.answers(200, FirmwareFilePageSchema, "A page of firmware files.")
def list_firmware_files(query: dict[str, Any]) -> Page[FirmwareFile]:
    """List firmware files

    Newest first.
    """
    return services().keepers.firmware.images.list_page(current_tenant().id, page_request(query))


@firmware_files.get("/<firmware_file_id>")
@requires(Permission.FIRMWARE_READ)
@firmware_files.answers(200, FirmwareFileSchema, "The firmware file.")
def get_firmware_file(firmware_file_id: str) -> FirmwareFile:
    """Show a firmware file

    What is known of it; charge points get the content by signed links.
    """
    return services().keepers.firmware.images.get(current_tenant().id, firmware_file_id)


@firmware_files.delete("/<firmware_file_id>")
@requires(Permission.FIRMWARE_MANAGE)
@firmware_files.response(204, description="It is gone.")
def delete_firmware_file(firmware_file_id: str) -> None:
    """Delete a firmware file

    A charge point that still wants to fetch it is told 404, and its job fails.
    """
    services().keepers.firmware.images.delete(current_tenant().id, firmware_file_id)
