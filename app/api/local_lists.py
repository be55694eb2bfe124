"""Local lists of charge points over HTTP: what they hold, what they shall hold."""

from dataclasses import asdict
from itertools import islice
from typing import Any
from uuid import uuid4

from app.api.blueprint import Blueprint, also_answers, problems
from app.api.commands import request_for
from app.api.current import equipment, services
from app.api.paging import MAX_LIMIT, PageQuery, page_request
from app.api.permissions import requires
from app.api.schemas.command import Insisting, WaitQuery
from app.api.schemas.local_list import (
    SENDING,
    ListEntryPageSchema,
    LocalListSchema,
    WantedListSchema,
)
from app.api.tenancy import current_tenant, known_charge_point_ref
from app.domain.command import Command
from app.domain.context import ChargePointRef
from app.domain.local_list import Differences, ListEntry, LocalList, Selection, UpdateMode
from app.domain.permissions import Permission
from app.services.local_lists import ENABLED, LONGEST_LIST, LONGEST_MESSAGE
from app.services.ports import Page

local_lists = Blueprint(
    "local_lists",
    __name__,
    url_prefix="/api/v1/chargepoints/<charge_point_id>/local-list",
    description="Id tags that charge points know while they are offline.",
)


@local_lists.get("")
@requires(Permission.CHARGE_POINTS_READ)
@local_lists.answers(200, LocalListSchema, "What is known.")
def get_local_list(charge_point_id: str) -> dict[str, Any]:
    """Show a charge point's local list

    As far as it is known from what was sent and answered; the charge point is not asked.
    """
    return _shown(known_charge_point_ref(charge_point_id))


@local_lists.get("/entries")
@requires(Permission.CHARGE_POINTS_READ)
@local_lists.query(PageQuery)
@local_lists.answers(200, ListEntryPageSchema, "A page of entries.")
def list_local_list_entries(query: dict[str, Any], charge_point_id: str) -> Page[ListEntry]:
    """List what a charge point's local list holds

    In order of the id tag. Empty where it is not known.
    """
    return services().keepers.local_lists.entries(
        known_charge_point_ref(charge_point_id), page_request(query)
    )


@local_lists.put("")
@requires(Permission.COMMANDS_SEND)
@local_lists.query(WaitQuery)
@local_lists.body(WantedListSchema)
@local_lists.answers(202, LocalListSchema, "The update is under way.")
@also_answers(200, LocalListSchema, "The update has ended; `state` says how.")
@problems(400, 409, 415)
def put_local_list(
    query: dict[str, float], body: dict[str, Any], charge_point_id: str
) -> tuple[dict[str, Any], int]:
    """Update a charge point's local list

    With the tenant's id tags as they are now: status, expiry and group. The charge point is asked for its
    version first; then it gets the whole list or the differences, in as many messages as it takes. With
    `wait` the answer is held until the last of them is answered.
    """
    ref, command_id = known_charge_point_ref(charge_point_id), f"cmd-{uuid4()}"
    selection = Selection(tuple(body.get("id_tags", ())), body.get("parent_id_tag"), body.get("all", False))
    mode = UpdateMode(body["update"])
    services().keepers.local_lists.plan(ref, command_id, selection, mode, force=body["force"])
    return _ask_version(ref, command_id, query["wait"], force=body["force"])


@local_lists.post("/check")
@requires(Permission.COMMANDS_SEND)
@local_lists.query(WaitQuery)
@local_lists.body(Insisting, required=False)
@local_lists.answers(202, LocalListSchema, "The charge point is being asked.")
@also_answers(200, LocalListSchema, "It has answered.")
@problems(400, 409, 415)
def check_local_list(
    query: dict[str, float], body: dict[str, Any], charge_point_id: str
) -> tuple[dict[str, Any], int]:
    """Compare a charge point's local list

    Asks for its version. If it is the one that was sent last, the list is `in_sync`.
    """
    return _ask_version(
        known_charge_point_ref(charge_point_id),
        f"cmd-{uuid4()}",
        query["wait"],
        force=body.get("force", False),
    )


def _ask_version(
    ref: ChargePointRef, command_id: str, wait_s: float, *, force: bool
) -> tuple[dict[str, Any], int]:
    options = {"command_id": command_id, "force": force}
    request = request_for(ref, "get_local_list_version", {}, options)
    first = services().commands.submit(current_tenant(), request)
    newest = equipment().waiting.until_final(first, wait_s, lambda: _under_way(first))
    return _shown(ref) | {"command_id": command_id}, 200 if newest.status.is_final else 202


def _under_way(first: Command) -> Command:
    """The command of the update that is not answered yet; its first one when none is left."""
    pending = services().keepers.local_lists.get(first.charge_point).pending
    return services().commands.get(first.tenant_id, pending or first.id)


def _shown(ref: ChargePointRef) -> dict[str, Any]:
    keepers = services().keepers
    known, mirror = keepers.local_lists.get(ref), keepers.configuration.mirror(ref)
    enabled = mirror.value(ENABLED)
    return {
        "charge_point_id": ref.charge_point_id,
        "state": known.state.value if known.pending is None else SENDING,
        "version": known.version,
        "size": None if known.entries is None else len(known.entries),
        "wanted": known.wanted,
        "differences": _differences(known),
        "last_answer": known.answer,
        "last_answer_at": known.answered_at,
        "max_entries": mirror.number(LONGEST_LIST),
        "max_entries_per_message": mirror.number(LONGEST_MESSAGE),
        "enabled": None if enabled is None else not mirror.says_no(ENABLED),
        "command_id": known.pending,
    }


def _differences(known: LocalList) -> dict[str, Any] | None:
    found: Differences | None = services().keepers.local_lists.differences(known)
    if found is None:
        return None
    keys = asdict(found)
    named = islice((key for group in keys.values() for key in group), MAX_LIMIT)
    return {name: len(group) for name, group in keys.items()} | {"id_tags": list(named)}
