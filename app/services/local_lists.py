"""Local lists: what each charge point's list is believed to hold, and how it gets what it shall (C20-C25).

Every update begins with a GetLocalListVersion: its answer shows whether the charge point still has what was
sent last, and the updates are made from that. Nothing in here sends; the outgoing actions do.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Protocol

from app.domain.command import Command
from app.domain.context import ChargePointRef
from app.domain.errors import Conflict, InvalidInput, NeedsForce
from app.domain.id_tag import MAX_ID_TOKEN, IdTag, id_tag_key
from app.domain.local_list import (
    EMPTY,
    Differences,
    Entries,
    ListEntry,
    ListPlan,
    ListState,
    ListUpdate,
    LocalList,
    Selection,
    UpdateMode,
    by_key,
    differences,
    differential_updates,
    entry_of,
    full_updates,
)
from app.services.configuration import ConfigurationService
from app.services.ports import Clock, IdTagRepository, Page, PageRequest

ENABLED = "LocalAuthListEnabled"
LONGEST_LIST = "LocalAuthListMaxLength"
LONGEST_MESSAGE = "SendLocalListMaxLength"
LOST = "no answer"
_USUAL_MESSAGE, _LARGEST_MESSAGE = 100, 1000  # entries, where the charge point says nothing, or too much


class LocalListRepository(Protocol):
    """Local lists of a tenant's charge points."""

    def find(self, ref: ChargePointRef) -> LocalList:
        """One of which nothing is known, if nothing is."""
        ...

    def put(self, known: LocalList) -> None:
        """Insert or replace."""
        ...


class LocalListService:
    """Use cases of local lists."""

    def __init__(
        self,
        lists: LocalListRepository,
        id_tags: IdTagRepository,
        configuration: ConfigurationService,
        clock: Clock,
    ) -> None:
        self._lists = lists
        self._id_tags = id_tags
        self._configuration = configuration
        self._clock = clock

    def get(self, ref: ChargePointRef) -> LocalList:
        """What is known."""
        return self._lists.find(ref)

    def entries(self, ref: ChargePointRef, page: PageRequest) -> Page[ListEntry]:
        """What the charge point is believed to have, in order of key; a cursor is the last key shown."""
        known = self._lists.find(ref).entries or {}
        rest = [entry for key, entry in known.items() if page.cursor is None or key > page.cursor]
        shown = tuple(rest[: page.limit])
        return Page(shown, shown[-1].key if len(rest) > page.limit else None)

    def differences(self, known: LocalList) -> Differences | None:
        """How it differs from what is wanted, as of now; None if nothing is wanted, or nobody knows."""
        if known.wanted is None or known.entries is None:
            return None
        return differences(known.entries, self._selected(known.charge_point, known.wanted))

    def plan(
        self, ref: ChargePointRef, command_id: str, selection: Selection, mode: UpdateMode, *, force: bool
    ) -> None:
        """Keep what the charge point's list shall be; the GetLocalListVersion of this id begins the update.

        A plan that is under way ends there. Raises InvalidInput (id tags that are not known or cannot be
        sent), Conflict (no differences from something unknown), NeedsForce.
        """
        known, entries = self._lists.find(ref), self._selected(ref, selection)
        unknown = [id_tag for id_tag in selection.id_tags if id_tag_key(id_tag) not in entries]
        if unknown:
            sentences = [
                f"There is no id tag '{name}' of up to {MAX_ID_TOKEN} characters." for name in unknown
            ]
            raise InvalidInput("Not all of the id tags can be sent.", problems={"id_tags": sentences})
        if mode is UpdateMode.DIFFERENTIAL and known.entries is None:
            raise Conflict("Nobody knows what the charge point's list holds; update it in full.")
        doubts = list(self._doubts(known, len(entries)))
        if doubts and not force:
            told = f"{' '.join(doubts)} Send it with `force` to send it all the same."
            raise NeedsForce(told, problems={"force": doubts})
        plan = ListPlan(command_id, mode, tuple(entries.values()), selection)
        self._lists.put(replace(known, plan=plan))

    def _selected(self, ref: ChargePointRef, selection: Selection) -> Entries:
        """As they stand now. Tags that are too long for the wire cannot be in any list."""
        now, tenant_id = self._clock.now(), ref.tenant_id
        tags: Iterable[IdTag]
        if selection.all:
            tags = self._id_tags.each(tenant_id)
        elif selection.parent_id_tag is not None:
            tags = self._id_tags.each(tenant_id, {"parent_key": id_tag_key(selection.parent_id_tag)})
        else:
            tags = self._id_tags.find_many(tenant_id, map(id_tag_key, selection.id_tags)).values()
        return by_key(entry_of(tag, now) for tag in tags if len(tag.id_tag) <= MAX_ID_TOKEN)

    # --- doubts --------------------------------------------------------------------------------------

    def doubts(self, ref: ChargePointRef, update: ListUpdate) -> list[str]:
        """Why sending this may be a mistake."""
        known = self._lists.find(ref)
        after = update.applied_to(known.entries)
        found = list(self._doubts(known, len(update.entries if after is None else after)))
        longest = self._configuration.mirror(ref).number(LONGEST_MESSAGE)
        if longest is not None and update.size > longest:
            found.append(
                f"The charge point takes {longest} entries in a message, and these are {update.size}."
            )
        if not update.full and known.version is not None and update.version <= known.version:
            found.append(f"The charge point has version {known.version}; the new one must be above it.")
        if not update.full and known.answer == LOST:
            found.append("It is not known whether the update before arrived; ask for the version first.")
        return found

    def _doubts(self, known: LocalList, size: int) -> Iterator[str]:
        mirror = self._configuration.mirror(known.charge_point)
        longest = mirror.number(LONGEST_LIST)
        if known.state is ListState.UNSUPPORTED:
            yield "The charge point said that it has no local list."
        if mirror.says_no(ENABLED):
            yield f"The charge point's {ENABLED} is false: its list has no effect."
        if longest is not None and size > longest:
            yield f"The charge point's list holds {longest} entries, and these are {size}."

    def _longest_message(self, ref: ChargePointRef) -> int:
        said = self._configuration.mirror(ref).number(LONGEST_MESSAGE)
        return min(said or _USUAL_MESSAGE, _LARGEST_MESSAGE)

    # --- what commands tell. Each may be told twice, and then answers the same ------------------------

    def note_taken(self, command: Command) -> None:
        """A command about the list is under way."""
        known = self._lists.find(command.charge_point)
        self._lists.put(replace(known, pending=command.id, wanted=known.wanted_by(command.id)))

    def note_version(self, command: Command, version: int) -> ListUpdate | None:
        """The charge point told its version (C20); answers what to send next."""
        known = self._heard(command, f"version {version}")
        if known is None:
            return None
        known = known.with_version(version)
        plan = known.plan
        if version < EMPTY or plan is None or plan.command_id != command.id:
            return self._keep(known, command, known.plan_of(command.id), None)
        updates = plan.updates or self._updates(known, plan)
        return self._keep(known, command, replace(plan, updates=updates), next(iter(updates), None))

    def _updates(self, known: LocalList, plan: ListPlan) -> tuple[ListUpdate, ...]:
        """Differences are sent from a known list only, and of `auto` only where they are less."""
        wanted, longest = by_key(plan.entries), self._longest_message(known.charge_point)
        full = full_updates(wanted, known.next_version, longest)
        if plan.mode is UpdateMode.FULL or known.entries is None or known.state is ListState.CONFLICT:
            return full
        found = differential_updates(known.entries, wanted, known.next_version, longest)
        changes = sum(update.size for update in found)
        is_more = changes > len(wanted) or (changes and not known.entries)
        return full if plan.mode is UpdateMode.AUTO and is_more else found

    def note_accepted(self, command: Command, update: ListUpdate) -> ListUpdate | None:
        """The charge point took an update; answers what to send next."""
        known = self._heard(command, "Accepted")
        if known is None:
            return None
        plan = known.plan_of(command.id)
        following = plan.after(update.version) if plan is not None else None
        return self._keep(known.with_update(update), command, plan, following)

    def note_refused(self, command: Command, update: ListUpdate, answer: str) -> ListUpdate | None:
        """It refused one. In place of differences the whole list is sent, once (C24)."""
        known = self._heard(command, answer)
        if known is None:
            return None
        plan = known.plan_of(command.id)
        if plan and plan.updates and plan.recovered_from == command.id:
            return plan.updates[0]
        known = replace(known, state=ListState.FAILED)
        target = by_key(plan.entries) if plan else update.applied_to(known.entries)
        if update.full or target is None or (plan and plan.recovered_from):
            return self._keep(known, command, plan, None)
        version = max(known.next_version, update.version + 1)
        updates = full_updates(target, version, self._longest_message(known.charge_point))
        plan = plan or ListPlan(command.id, UpdateMode.FULL, tuple(target.values()))
        return self._keep(
            known, command, replace(plan, updates=updates, recovered_from=command.id), updates[0]
        )

    def note_unanswered(self, command: Command, update: ListUpdate | None) -> None:
        """Whether it arrived is not known (C24). `update` None: only the version was asked."""
        known = self._heard(command, LOST)
        if known is None:
            return
        if update is not None:
            same = update.version == known.version  # then the version will not tell which list it is
            known = replace(known, state=ListState.UNKNOWN, entries=None if same else known.entries)
        self._keep(known, command, known.plan_of(command.id), None)

    def note_failed(
        self, command: Command, answer: str, update: ListUpdate | None, *, unsupported: bool
    ) -> None:
        """The command did not get there, or the charge point would not hear of it. `update` as above."""
        known = self._heard(command, answer)
        if known is None:
            return
        plan, state = known.plan_of(command.id), known.state
        if unsupported:
            state = ListState.UNSUPPORTED
        elif plan is not None or update is not None:
            state = ListState.FAILED
        self._keep(replace(known, state=state), command, plan, None)

    def forget(self, ref: ChargePointRef) -> None:
        """Nothing is known of its list."""
        self._lists.put(LocalList(ref))

    def note_conflict(self, ref: ChargePointRef) -> None:
        """The charge point reports LocalListConflict: its list contradicts what it was told since (B41)."""
        self._lists.put(replace(self._lists.find(ref), state=ListState.CONFLICT))

    def _heard(self, command: Command, answer: str) -> LocalList | None:
        """What is known, with the newest answer; None if a later command's was heard before."""
        known = self._lists.find(command.charge_point)
        if known.decided_at is not None and command.created_at < known.decided_at:
            return None
        now = self._clock.now()
        return replace(known, answer=answer, answered_at=now, decided_at=command.created_at)

    def _keep(
        self, known: LocalList, command: Command, plan: ListPlan | None, following: ListUpdate | None
    ) -> ListUpdate | None:
        """Store what is known, and `plan` while something follows of it; another command's plan stays."""
        wanted = known.wanted_by(command.id)
        if following is not None:
            self._lists.put(replace(known, plan=plan, wanted=wanted))
            return following
        left = None if plan is not None else known.plan
        pending = None if known.pending == command.id else known.pending
        self._lists.put(replace(known, plan=left, pending=pending, wanted=wanted))
        return None
