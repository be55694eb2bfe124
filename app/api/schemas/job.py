"""Firmware jobs and diagnostics jobs."""

from marshmallow import Schema, fields
from marshmallow.validate import Length, OneOf, Range

from app.api.paging import PageQuery, next_cursor_field
from app.api.schemas.base import MAX_INTEGER, Input, WireTime, same_as_id, text, time, whole
from app.api.schemas.command import CommandOptions
from app.api.schemas.guarded import Guarded
from app.domain.job import DIAGNOSTICS_KINDS, FIRMWARE_KINDS, JobKind, JobStatus


class _NewJobSchema(CommandOptions):
    """What every job that is asked for may have."""

    charge_point_id = fields.String(required=True, validate=Length(1, 255))
    location = fields.String(validate=Length(1, 2000), metadata={"description": "Any address."})
    retries = fields.Integer(
        strict=True,
        validate=Range(0, 100),
        metadata={"description": "How often to try again after the first time."},
    )
    retry_interval = fields.Integer(
        strict=True, validate=Range(0, MAX_INTEGER), metadata={"description": "Seconds between tries."}
    )
    request_id = fields.Integer(
        strict=True,
        validate=Range(-MAX_INTEGER, MAX_INTEGER),
        metadata={"description": "Of signed updates and logs; made if left out."},
    )


class SignatureSchema(Input):
    """What makes an update a signed one."""

    certificate = fields.String(
        required=True, validate=Length(1, 5500), metadata={"description": "The signing certificate, in PEM."}
    )
    signature = fields.String(
        required=True,
        validate=Length(1, 800),
        metadata={"description": "RSA-PSS or ECDSA over the file with SHA-256, in base64."},
    )


class NewFirmwareJobSchema(_NewJobSchema):
    """A firmware update."""

    firmware_file_id = fields.String(
        validate=Length(1, 100),
        metadata={"description": "A firmware file of this system, instead of `location`."},
    )
    retrieve_date = WireTime(metadata={"description": "Not to be fetched before; now if left out."})
    install_date = WireTime(metadata={"description": "Not to be installed before; signed updates only."})
    signed = fields.Nested(SignatureSchema, metadata={"description": "Makes it SignedUpdateFirmware."})


class NewDiagnosticsJobSchema(_NewJobSchema):
    """An upload of diagnostics or of a log. Without `location` to this system."""

    kind = fields.String(
        load_default=JobKind.DIAGNOSTICS.value,
        validate=OneOf(sorted(kind.value for kind in DIAGNOSTICS_KINDS)),
        metadata={"description": "`diagnostics` is GetDiagnostics, the logs are GetLog."},
    )
    start_time = WireTime(metadata={"description": "Nothing older."})
    stop_time = WireTime(metadata={"description": "Nothing newer."})


class _JobQuery(PageQuery):
    ORDER = "-created_at"

    charge_point_id = fields.String(validate=Length(1, 255))
    status = fields.String(validate=OneOf([status.value for status in JobStatus]))


class FirmwareJobQuery(_JobQuery):
    """Filters of the list of firmware jobs."""

    kind = fields.String(validate=OneOf(sorted(kind.value for kind in FIRMWARE_KINDS)))


class DiagnosticsJobQuery(_JobQuery):
    """Filters of the list of diagnostics jobs."""

    kind = fields.String(validate=OneOf(sorted(kind.value for kind in DIAGNOSTICS_KINDS)))


class JobStepSchema(Schema):
    """One thing that became known of a job."""

    status = text("OCPP's word, as `Downloading`, or ours.")
    at = time("When that was.")


class JobFileSchema(Schema):
    """A file that the charge point has uploaded."""

    name = text("Of the file.")
    size = whole("In bytes.")
    sha256 = text("Of the content, in hexadecimal.")
    received_at = time("When it was complete.")


class JobSchema(Guarded):
    """A job of a charge point. Its id is that of the command that began it."""

    id = text("The job.")
    command_id = same_as_id()
    charge_point_id = text("Who does it.")
    tenant_id = text("Whose it is.")
    kind = text("What it is.")
    status = text(" | ".join(JobStatus))
    progress = text("The newest entry of `history`.", nullable=True)
    history = fields.List(fields.Nested(JobStepSchema), metadata={"description": "Oldest first."})
    location = text("Where the charge point fetches from or sends to.")
    request_id = whole("Of signed updates and logs.", nullable=True)
    error = fields.Dict(
        allow_none=True, metadata={"description": "Why it never began: code, message, perhaps advice."}
    )
    requested_by = text("The user's id, or mqtt.")
    created_at = time("When it was asked for.")
    updated_at = time("When something was last heard of it.")
    ended_at = time("When it ended.", nullable=True)


class FirmwareJobSchema(JobSchema):
    """A firmware update."""

    firmware_file_id = text("The file of this system that it fetches.", nullable=True)
    firmware_version_before = text("What the charge point ran when it was asked for.", nullable=True)
    firmware_version_after = text("What it ran at the boot that proved the update.", nullable=True)


class DiagnosticsJobSchema(JobSchema):
    """An upload of diagnostics or of a log."""

    file_name = text("What the charge point said that it would send.", nullable=True)
    files = fields.List(fields.Nested(JobFileSchema), metadata={"description": "What came."})


class FirmwareJobPageSchema(Schema):
    """A page of firmware jobs."""

    items = fields.List(fields.Nested(FirmwareJobSchema))
    next_cursor = next_cursor_field()


class DiagnosticsJobPageSchema(Schema):
    """A page of diagnostics jobs."""

    items = fields.List(fields.Nested(DiagnosticsJobSchema))
    next_cursor = next_cursor_field()
