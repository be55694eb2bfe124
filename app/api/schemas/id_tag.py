"""Id tags, and what their import tells."""

from marshmallow import Schema, fields
from marshmallow.validate import Length

from app.api.paging import PageQuery, next_cursor_field
from app.api.schemas.base import Input, Moment, text, time, whole
from app.domain.id_tag import MAX_PRESENTED, MAX_TRANSACTIONS


class ChangedIdTagSchema(Input):
    """Any of what is known of an id tag. The domain knows the bounds."""

    parent_id_tag = fields.String(allow_none=True, metadata={"description": "The group it belongs to."})
    expires_at = Moment(allow_none=True, metadata={"description": "From then on it is Expired; null: never."})
    blocked = fields.Boolean(metadata={"description": "It is refused as Blocked."})
    max_active_transactions = fields.Integer(
        strict=True,
        allow_none=True,
        metadata={
            "description": f"Sessions at once, 1 to {MAX_TRANSACTIONS}; "
            "null: as the tenant's `allow_concurrent_transactions` says."
        },
    )
    note = fields.String(allow_none=True, metadata={"description": "For people."})


class NewIdTagSchema(ChangedIdTagSchema):
    """A new id tag."""

    id_tag = fields.String(
        required=True,
        metadata={"description": "As on the card; case makes no difference.", "example": "04E1A7B2"},
    )


class IdTagFilters(Schema):
    """Which id tags; case makes no difference."""

    parent_id_tag = fields.String(validate=Length(1, MAX_PRESENTED))
    blocked = fields.Boolean()
    prefix = fields.String(
        validate=Length(1, MAX_PRESENTED), metadata={"description": "How the id tag begins."}
    )


class IdTagQuery(IdTagFilters, PageQuery):
    """Filters of the list of id tags."""

    ORDER = "id_tag"


class IdTagSchema(Schema):
    """An id tag."""

    id_tag = text("As it was entered.")
    parent_id_tag = text("The group it belongs to.", nullable=True)
    expires_at = time("From then on it is Expired.", nullable=True)
    blocked = fields.Boolean(metadata={"description": "It is refused as Blocked."})
    max_active_transactions = whole("Sessions at once; null: as the tenant says.", nullable=True)
    note = text("For people.", nullable=True)
    created_at = time("When it was entered.", nullable=True)
    updated_at = time("When it was last changed.", nullable=True)
    revision = whole("How often it was changed; the ETag begins with it.")


class IdTagPageSchema(Schema):
    """A page of id tags."""

    items = fields.List(fields.Nested(IdTagSchema))
    next_cursor = next_cursor_field()


class ImportQuery(Schema):
    """How to import."""

    only_good = fields.Boolean(
        data_key="partial",
        load_default=False,
        metadata={"description": "Import the good lines although others are wrong."},
    )
    dry_run = fields.Boolean(
        load_default=False, metadata={"description": "Only tell what an import would do."}
    )


class ImportReportSchema(Schema):
    """What an import did."""

    created = whole("Id tags that are new.")
    changed = whole("Id tags that were known and are different now.")
    unchanged = whole("Id tags that were so already.")
    refused = whole("Lines that were left out.")
    errors = fields.Dict(
        attribute="problems",
        keys=fields.String(),
        values=fields.List(fields.String()),
        metadata={
            "description": "What is wrong, by line.",
            "example": {"line 7": ["blocked: Give true or false."]},
        },
    )
    dry_run = fields.Boolean(metadata={"description": "Nothing was written."})
