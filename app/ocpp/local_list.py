"""Updates of local lists as they go over the wire, both ways."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from app.domain.command import Command, FollowUp, Outcome
from app.domain.errors import InvalidInput
from app.domain.id_tag import AuthorizationStatus, id_tag_key
from app.domain.local_list import EMPTY, ListEntry, ListUpdate
from app.domain.times import format_time, parse_time
from app.services.keepers import Keepers

FULL, DIFFERENTIAL = "Full", "Differential"
_NO_SUCH_ACTION = frozenset({"NotSupported", "NotImplemented"})


def follow_ups(step: str, update: ListUpdate | None) -> list[FollowUp]:
    """The SendLocalList of an update."""
    return [] if update is None else [FollowUp(step, "send_local_list", parameters_of(update))]


def note_trouble(command: Command, outcome: Outcome, keepers: Keepers, update: ListUpdate | None) -> None:
    """A command about a list ended without an answer that says how the list is."""
    lists = keepers.local_lists
    if outcome.status.leaves_it_open:
        lists.note_unanswered(command, update)
        return
    code = str((outcome.error or {}).get("code", outcome.status.value))
    lists.note_failed(command, code, update, unsupported=code in _NO_SUCH_ACTION)


def parameters_of(update: ListUpdate) -> dict[str, Any]:
    """In snake_case, as commands take them; what goes makes room for what comes."""
    entries: list[dict[str, Any]] = [{"id_tag": id_tag} for id_tag in update.removed]
    entries += [{"id_tag": entry.id_tag, "id_tag_info": _info_of(entry)} for entry in update.entries]
    listed = {"local_authorization_list": entries} if entries else {}
    update_type = FULL if update.full else DIFFERENTIAL
    return {"list_version": update.version, **listed, "update_type": update_type}


def _info_of(entry: ListEntry) -> dict[str, Any]:
    info = {
        "expiry_date": entry.expires_at and format_time(entry.expires_at),
        "parent_id_tag": entry.parent_id_tag,
        "status": entry.status.value,
    }
    return {name: value for name, value in info.items() if value is not None}


def update_of(payload: Mapping[str, Any]) -> ListUpdate:
    """What a payload that passed the schema and `check` does."""
    listed = payload.get("localAuthorizationList", ())
    return ListUpdate(
        payload["listVersion"],
        payload["updateType"] == FULL,
        tuple(_entry_of(entry) for entry in listed if "idTagInfo" in entry),
        tuple(entry["idTag"] for entry in listed if "idTagInfo" not in entry),
    )


def _entry_of(entry: Mapping[str, Any]) -> ListEntry:
    info = entry["idTagInfo"]
    expires_at = parse_time(info["expiryDate"]) if "expiryDate" in info else None
    return ListEntry(entry["idTag"], AuthorizationStatus(info["status"]), expires_at, info.get("parentIdTag"))


def check(payload: Mapping[str, Any]) -> None:
    """What the schema lets pass and no charge point may get. Raises InvalidInput.

    Versions 0 and -1 (C21, errata 3.52), an id tag twice or without its info in a full list (C22),
    ConcurrentTx (C25). What is no entry at all is the schema's to name.
    """
    problems: dict[str, list[str]] = {}
    version = payload.get("listVersion")
    if isinstance(version, int) and version <= EMPTY:
        problems["parameters.list_version"] = [
            "Must be 1 or more: 0 says that a list is empty, -1 that none is."
        ]
    for path, sentence in _about_entries(payload):
        problems.setdefault(f"parameters.local_authorization_list.{path}", []).append(sentence)
    if problems:
        raise InvalidInput("The parameters of SendLocalList are not valid.", problems=problems)


def _about_entries(payload: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    listed = payload.get("localAuthorizationList")
    entries = listed if isinstance(listed, list) else []
    seen: Counter[str] = Counter()
    for index, entry in enumerate(entries):
        if not isinstance(entry, Mapping) or not isinstance(entry.get("idTag"), str):
            continue
        seen[key := id_tag_key(entry["idTag"])] += 1
        info = entry.get("idTagInfo")
        if seen[key] > 1:
            yield f"{index}.id_tag", "Is in the list already; case makes no difference."
        if info is None and payload.get("updateType") == FULL:
            yield f"{index}.id_tag_info", "Missing: a full list has it with every id tag."
        if isinstance(info, Mapping) and info.get("status") == AuthorizationStatus.CONCURRENT_TX:
            yield f"{index}.id_tag_info.status", "Must not be ConcurrentTx: that is no property of an id tag."
