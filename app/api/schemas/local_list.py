"""Local lists of charge points."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, validates_schema
from marshmallow.validate import Length, OneOf

from app.api.paging import MAX_LIMIT, next_cursor_field
from app.api.schemas.base import computed, text, time, whole
from app.api.schemas.command import Insisting
from app.domain.id_tag import MAX_ID_TOKEN, AuthorizationStatus
from app.domain.local_list import ListState, Selection, UpdateMode

SENDING = "sending"
MAX_NAMED = 10_000


class WantedListSchema(Insisting):
    """Which of the tenant's id tags a list shall hold: one of `id_tags`, `parent_id_tag` and `all`."""

    id_tags = fields.List(
        fields.String(validate=Length(1, MAX_ID_TOKEN)),
        validate=Length(0, MAX_NAMED),
        metadata={"description": "These; an empty list clears the charge point's."},
    )
    parent_id_tag = fields.String(
        validate=Length(1, MAX_ID_TOKEN), metadata={"description": "Those of this group."}
    )
    all = fields.Boolean(validate=OneOf([True]), metadata={"description": "All of the tenant."})
    update = fields.String(
        load_default=UpdateMode.AUTO.value,
        validate=OneOf([mode.value for mode in UpdateMode]),
        metadata={"description": "auto: the differences, where that is less and the list is known."},
    )

    @validates_schema
    def _one_selection(self, data: dict[str, Any], **_: Any) -> None:
        if len(data.keys() & {"id_tags", "parent_id_tag", "all"}) != 1:
            raise ValidationError("Give one of id_tags, parent_id_tag and all.")


class DifferencesSchema(Schema):
    """How many id tags differ, and the first of them, in their look-up form."""

    missing = whole("Not in the charge point's list.")
    outdated = whole("There with another status, expiry or group.")
    superfluous = whole("There and not wanted.")
    id_tags = fields.List(fields.String(), metadata={"description": f"The first {MAX_LIMIT} of them."})


def _wanted(shown: dict[str, Any]) -> dict[str, Any] | None:
    selection: Selection | None = shown["wanted"]
    if selection is None:
        return None
    if selection.all:
        return {"all": True}
    if selection.parent_id_tag is not None:
        return {"parent_id_tag": selection.parent_id_tag}
    return {"id_tags": list(selection.id_tags)}


class LocalListSchema(Schema):
    """What a charge point's list is believed to be."""

    charge_point_id = text("Whose it is.")
    state = text(" | ".join([SENDING, *ListState]))
    version = whole("As the charge point has it; 0: empty. null: unknown.", nullable=True)
    size = whole("Entries; null: unknown.", nullable=True)
    wanted = computed(_wanted, "object", "What was last asked for.", nullable=True)
    differences = fields.Nested(
        DifferencesSchema,
        allow_none=True,
        metadata={"description": "To what is wanted, as the id tags are now; null: nobody knows."},
    )
    last_answer = text("What became of the last command about it.", nullable=True)
    last_answer_at = time("When.", nullable=True)
    max_entries = whole("LocalAuthListMaxLength, if known.", nullable=True)
    max_entries_per_message = whole("SendLocalListMaxLength, if known.", nullable=True)
    enabled = fields.Boolean(
        allow_none=True, metadata={"description": "LocalAuthListEnabled; null: not known."}
    )
    command_id = text("The command that this request has sent, or the one under way.", nullable=True)


class ListEntrySchema(Schema):
    """An id tag in a list."""

    id_tag = text("The id tag.")
    status = text(" | ".join(status for status in AuthorizationStatus if status != "ConcurrentTx"))
    expires_at = time("Until when the charge point accepts it.", nullable=True)
    parent_id_tag = text("Its group.", nullable=True)


class ListEntryPageSchema(Schema):
    """A page of the entries that a charge point is believed to have."""

    items = fields.List(fields.Nested(ListEntrySchema))
    next_cursor = next_cursor_field()
