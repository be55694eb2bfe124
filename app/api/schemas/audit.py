"""The audit log."""

from marshmallow import Schema, fields
from marshmallow.validate import Length, OneOf

from app.api.paging import PageQuery, next_cursor_field
from app.api.schemas.base import moment, text, time, whole
from app.domain.audit import MAX_TEXT, ActorKind, AuditResult


class AuditFilters(Schema):
    """Filters of the audit log."""

    actor = fields.String(
        validate=Length(1, MAX_TEXT), metadata={"description": "Who: an id, an email, a key's name."}
    )
    action = fields.String(
        validate=Length(1, MAX_TEXT), metadata={"description": "What, such as `tenants.configure`."}
    )
    target = fields.String(validate=Length(1, MAX_TEXT), metadata={"description": "On what: any id."})
    result = fields.String(validate=OneOf([result.value for result in AuditResult]))
    from_at = moment("from", "At this moment or later.")
    to_at = moment("to", "Before this moment.")


class AuditQuery(PageQuery, AuditFilters):
    """The same, page by page."""

    ORDER = "-at"


def _ids(description: str) -> fields.Dict:
    return fields.Dict(keys=fields.String(), values=fields.String(), metadata={"description": description})


def _state(description: str) -> fields.Dict:
    return fields.Dict(keys=fields.String(), allow_none=True, metadata={"description": description})


class AuditEntrySchema(Schema):
    """One act."""

    id = text("The entry.")
    at = time("When.")
    actor_kind = fields.String(
        validate=OneOf([kind.value for kind in ActorKind]), metadata={"description": "What acted."}
    )
    actor_id = text("Who: the user's or key's id.")
    actor_name = text("Who: an email, a key's name; of a failed login, the email that was tried.")
    tenant_id = text("Whose it is; null: the platform's.", nullable=True)
    action = text("What: the permission that it takes, or the name of an operation that takes none.")
    target = _ids("On what: ids by their names.")
    before = _state("Of a configuration: what differs, as it was.")
    after = _state("Of a configuration: what differs, as it is now.")
    method = text("The HTTP method; empty for what did not come by HTTP.")
    route = text("The address, with names in place of ids.")
    result = fields.String(
        validate=OneOf([result.value for result in AuditResult]),
        metadata={"description": "How it ended."},
    )
    status = whole("The HTTP status of the answer.", nullable=True)
    code = text("The problem's code, if it was refused or failed.", nullable=True)
    source_ip = text("From where.")
    request_id = text("The request's id, as in its answer and in the log.")


class AuditPageSchema(Schema):
    """A page of the audit log."""

    items = fields.List(fields.Nested(AuditEntrySchema))
    next_cursor = next_cursor_field()
