"""Firmware updates over HTTP: begun by a command, followed as jobs."""

from typing import Any

from flask import url_for

from app.api.blueprint import Blueprint, also_answers, problems
from app.api.commands import request_for, submit
from app.api.current import services
from app.api.paging import page_request
from app.api.permissions import requires
from app.api.schemas.command import WaitQuery
from app.api.schemas.job import (
    FirmwareJobPageSchema,
    FirmwareJobQuery,
    FirmwareJobSchema,
    NewFirmwareJobSchema,
)
from app.api.tenancy import charge_point_ref, current_tenant
from app.domain.errors import InvalidInput
from app.domain.job import Job
from app.domain.permissions import Permission
from app.services.ports import Page

firmware_jobs = Blueprint(
    "firmware_jobs", __name__, url_prefix="/api/v1/firmware-jobs", description="Firmware updates."
)
_COMMON = ("location", "firmware_file_id", "retries", "retry_interval")


@firmware_jobs.post("")
@requires(Permission.FIRMWARE_MANAGE)
@firmware_jobs.query(WaitQuery)
@firmware_jobs.body(NewFirmwareJobSchema)
@firmware_jobs.answers(202, FirmwareJobSchema, "The job; its address is in Location.")
@also_answers(200, FirmwareJobSchema, "The job, after the charge point has answered.")
@problems(400, 409, 415)
def update_firmware(query: dict[str, float], body: dict[str, Any]) -> tuple[Job, int, dict[str, str]]:
    """Update a charge point's firmware

    From `location`, or from a firmware file of this system by a signed link that expires. With `signed` the
    charge point verifies the file. The answer of the charge point only begins it: follow `status`.
    """
    if ("location" in body) == ("firmware_file_id" in body):
        sentence = "Give either location or firmware_file_id."
        raise InvalidInput(sentence, problems={"location": [sentence]})
    request = request_for(
        charge_point_ref(body["charge_point_id"]),
        "SignedUpdateFirmware" if "signed" in body else "UpdateFirmware",
        _signed_parameters(body) if "signed" in body else _parameters(body),
        body,
    )
    command, status, _ = submit(request, query["wait"])
    job = services().keepers.firmware.get(command.tenant_id, command.id)
    return job, status, {"Location": url_for("firmware_jobs.get_firmware_job", job_id=job.id)}


def _parameters(body: dict[str, Any]) -> dict[str, Any]:
    only_signed = [name for name in ("install_date", "request_id") if name in body]
    if only_signed:
        sentence = "Only signed updates have it."
        raise InvalidInput(sentence, problems={name: [sentence] for name in only_signed})
    return {name: body[name] for name in (*_COMMON, "retrieve_date") if name in body}


def _signed_parameters(body: dict[str, Any]) -> dict[str, Any]:
    renamed = {"retrieve_date": "retrieve_date_time", "install_date": "install_date_time"}
    return {
        **{name: body[name] for name in (*_COMMON, "request_id") if name in body},
        **{wire: body[name] for name, wire in renamed.items() if name in body},
        "signing_certificate": body["signed"]["certificate"],
        "signature": body["signed"]["signature"],
    }


@firmware_jobs.get("")
@requires(Permission.FIRMWARE_READ)
@firmware_jobs.query(FirmwareJobQuery)
@firmware_jobs.answers(200, FirmwareJobPageSchema, "A page of firmware jobs.")
def list_firmware_jobs(query: dict[str, Any]) -> Page[Job]:
    """List firmware jobs

    Newest first.
    """
    return services().keepers.firmware.list_page(current_tenant().id, page_request(query))


@firmware_jobs.get("/<job_id>")
@requires(Permission.FIRMWARE_READ)
@firmware_jobs.answers(200, FirmwareJobSchema, "The firmware job.")
def get_firmware_job(job_id: str) -> Job:
    """Show a firmware job

    And all that became known of it.
    """
    return services().keepers.firmware.get(current_tenant().id, job_id)
