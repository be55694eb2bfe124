"""Diagnostics and logs over HTTP: asked for by a command, followed as jobs, their files read here."""

from typing import Any

from flask import Response, url_for

from app.api.blueprint import Blueprint, also_answers, problems
from app.api.commands import request_for, submit
from app.api.current import services
from app.api.paging import page_request
from app.api.permissions import requires
from app.api.schemas.command import WaitQuery
from app.api.schemas.job import (
    DiagnosticsJobPageSchema,
    DiagnosticsJobQuery,
    DiagnosticsJobSchema,
    NewDiagnosticsJobSchema,
)
from app.api.streams import sent_file
from app.api.tenancy import charge_point_ref, current_tenant
from app.domain.errors import InvalidInput
from app.domain.job import Job, JobKind
from app.domain.permissions import Permission
from app.services.ports import Page

diagnostics = Blueprint(
    "diagnostics", __name__, url_prefix="/api/v1/diagnostics", description="Diagnostics and logs."
)
_LOG_TYPES = {JobKind.DIAGNOSTICS_LOG.value: "DiagnosticsLog", JobKind.SECURITY_LOG.value: "SecurityLog"}
_OF_LOGS = {
    "location": "remote_location",
    "start_time": "oldest_timestamp",
    "stop_time": "latest_timestamp",
    "request_id": "request_id",
    "retries": "retries",
    "retry_interval": "retry_interval",
}
_OF_DIAGNOSTICS = ("location", "start_time", "stop_time", "retries", "retry_interval")


@diagnostics.post("")
@requires(Permission.DIAGNOSTICS_FETCH)
@diagnostics.query(WaitQuery)
@diagnostics.body(NewDiagnosticsJobSchema)
@diagnostics.answers(202, DiagnosticsJobSchema, "The job; its address is in Location.")
@also_answers(200, DiagnosticsJobSchema, "The job, after the charge point has answered.")
@problems(400, 409, 415)
def fetch_diagnostics(query: dict[str, float], body: dict[str, Any]) -> tuple[Job, int, dict[str, str]]:
    """Fetch diagnostics or a log

    The charge point uploads to `location`, or without one to a signed link of this system that expires; then
    the files appear in the job. The answer of the charge point only begins it: follow `status`.
    """
    log_type = _LOG_TYPES.get(body["kind"])
    request = request_for(
        charge_point_ref(body["charge_point_id"]),
        "GetLog" if log_type else "GetDiagnostics",
        _log_parameters(body, log_type) if log_type else _parameters(body),
        body,
    )
    command, status, _ = submit(request, query["wait"])
    job = services().keepers.diagnostics.get(command.tenant_id, command.id)
    return job, status, {"Location": url_for("diagnostics.get_diagnostics_job", job_id=job.id)}


def _parameters(body: dict[str, Any]) -> dict[str, Any]:
    if "request_id" in body:
        raise InvalidInput("Only logs have one.", problems={"request_id": ["Only logs have one."]})
    return {name: body[name] for name in _OF_DIAGNOSTICS if name in body}


def _log_parameters(body: dict[str, Any], log_type: str) -> dict[str, Any]:
    return {wire: body[name] for name, wire in _OF_LOGS.items() if name in body} | {"log_type": log_type}


@diagnostics.get("")
@requires(Permission.DIAGNOSTICS_READ)
@diagnostics.query(DiagnosticsJobQuery)
@diagnostics.answers(200, DiagnosticsJobPageSchema, "A page of diagnostics jobs.")
def list_diagnostics_jobs(query: dict[str, Any]) -> Page[Job]:
    """List diagnostics jobs

    Newest first.
    """
    return services().keepers.diagnostics.list_page(current_tenant().id, page_request(query))


@diagnostics.get("/<job_id>")
@requires(Permission.DIAGNOSTICS_READ)
@diagnostics.answers(200, DiagnosticsJobSchema, "The diagnostics job.")
def get_diagnostics_job(job_id: str) -> Job:
    """Show a diagnostics job

    With the files that came.
    """
    return services().keepers.diagnostics.get(current_tenant().id, job_id)


@diagnostics.get("/<job_id>/files/<name>")
@requires(Permission.DIAGNOSTICS_FETCH)
@diagnostics.response(200, description="The file, or the part that `Range` asks for (206).")
def download_diagnostics_file(job_id: str, name: str) -> Response:
    """Download an uploaded file

    As the charge point sent it.
    """
    job = services().keepers.diagnostics.get(current_tenant().id, job_id)
    file, content = services().keepers.diagnostics.open(job, name)
    return sent_file(content, name=file.name, size=file.size, sha256=file.sha256)


@diagnostics.delete("/<job_id>/files/<name>")
@requires(Permission.DIAGNOSTICS_FETCH)
@diagnostics.response(204, description="It is gone.")
def delete_diagnostics_file(job_id: str, name: str) -> None:
    """Delete an uploaded file

    The job itself stays.
    """
    services().keepers.diagnostics.delete_file(current_tenant().id, job_id, name)
