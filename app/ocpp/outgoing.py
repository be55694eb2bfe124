"""Outgoing actions: parameters in snake_case become a valid payload, the answer becomes an outcome."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from types import ModuleType
from typing import Any

from app.domain.charge_point import ChargePoint
from app.domain.command import Command, CommandStatus, FollowUp, Outcome, without_secrets
from app.domain.context import ChargePointRef
from app.domain.errors import InvalidInput
from app.ocpp.validation import MAX_INTEGER, PayloadSchema, kind_of
from app.services.keepers import Keepers
from app.services.ports import Asked

ACCEPTED = frozenset({"Accepted"})
SECURITY = "Security"
_MAX_CONNECTORS = 100
OUR_FAILURES = frozenset({"unreadable_answer"})
"""Error codes of commands that failed without the charge point's doing."""
_DEEPEST = 20  # OCPP itself needs six
_SNAKE_CASE = re.compile(r"[a-z0-9]+(?:_[a-z0-9]+)*")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")  # tab and line ends are part of certificates


def camel_case(name: str) -> str:
    """`connector_id` -> `connectorId`: the spelling of the wire. What is spelt otherwise stays as it is.

    So there are no more spellings of a name than these two, and what looks for one cannot be deceived.
    """
    if not _SNAKE_CASE.fullmatch(name):
        return name
    head, *rest = name.split("_")
    return head + "".join(part[:1].upper() + part[1:] for part in rest)


def snake_case(name: str) -> str:
    """`connectorId` -> `connector_id`: our spelling."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def _renamed(value: Any, rename: Callable[[str], str]) -> Any:
    if isinstance(value, Mapping):
        return {rename(str(name)): _renamed(inner, rename) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_renamed(inner, rename) for inner in value]
    return value


def as_result(answer: Mapping[str, Any]) -> dict[str, Any]:
    """A CallResult's payload in our spelling."""
    result: dict[str, Any] = _renamed(without_secrets(answer), snake_case)
    return result


def as_wire(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters in the spelling of the wire."""
    payload: dict[str, Any] = _renamed(parameters, camel_case)
    return payload


def judge_by_status(accepted: Collection[str]) -> Callable[[Mapping[str, Any]], Outcome]:
    """An `on_result` for actions whose answer has a status: these words mean yes, all others no (C4)."""

    def on_result(answer: Mapping[str, Any]) -> Outcome:
        status = answer.get("status")
        if isinstance(status, str) and status in accepted:
            return Outcome(CommandStatus.ACCEPTED, result=as_result(answer))
        error = {"code": "refused", "message": f"The charge point answered {status!r}."}
        return Outcome(CommandStatus.REJECTED, result=as_result(answer), error=error)

    return on_result


def accept_any_answer(answer: Mapping[str, Any]) -> Outcome:
    """An `on_result` for actions whose answer is the wanted information itself."""
    return Outcome(CommandStatus.ACCEPTED, result=as_result(answer))


def charge_point_refused(outcome: Outcome) -> bool:
    """The charge point itself said no, by a status or by a CallError; no failure of the way to it."""
    if outcome.status is CommandStatus.FAILED:
        return (outcome.error or {}).get("code") not in OUR_FAILURES
    return outcome.status is CommandStatus.REJECTED


def connectors_of(charge_point: ChargePoint, keepers: Keepers) -> list[int]:
    """Its connectors by number, as it reported them, else as many as it says it has."""
    seen = [connector.id for connector in charge_point.connectors if connector.id > 0]
    ref = ChargePointRef(charge_point.tenant_id, charge_point.id)
    listed = keepers.configuration.mirror(ref).number("NumberOfConnectors") or 0
    return seen or list(range(1, min(listed, _MAX_CONNECTORS) + 1))


def above_zero(payload: Mapping[str, Any], name: str) -> None:
    """Raises InvalidInput for a connector 0 where the standard wants one of 1 and up."""
    if isinstance(payload.get(name), int) and payload[name] < 1:
        field = f"parameters.{snake_case(name)}"
        raise InvalidInput(f"{field} is not valid.", problems={field: ["Must be above 0."]})


class OutgoingAction:
    """A command kind: one file of `v16/outbound` with its schema (satisfies `CommandKind`).

    `feature_profile` is the profile that a charge point must have for it (OCPP 1.6 3.3), or "Security".
    """

    def __init__(self, module: ModuleType) -> None:
        self._module = module
        self._on_result: Callable[[Mapping[str, Any]], Outcome] = module.on_result
        self.feature_profile: str = module.FEATURE_PROFILE
        self.aliases = frozenset(getattr(module, "ALIASES", ())) | {module.ACTION, snake_case(module.ACTION)}
        self._schema = PayloadSchema(module.ACTION, validate_formats=True)

    @property
    def action(self) -> str:
        """Name on the wire."""
        return str(self._module.ACTION)

    @property
    def allowed_while_pending(self) -> bool:
        """May go out before the charge point's registration is accepted (A34)."""
        return bool(getattr(self._module, "ALLOWED_WHILE_PENDING", True))

    def changes_security(self, parameters: Mapping[str, Any]) -> bool:
        """Whether it changes a key, a security profile or certificates: the file's `changes_security`."""
        changes = getattr(self._module, "changes_security", None)
        return bool(changes and changes(parameters))

    def complete(self, asked: Asked, keepers: Keepers) -> dict[str, Any]:
        """The parameters, with what the file's `complete` adds. Raises AppError."""
        given = dict(asked.parameters)
        complete = getattr(self._module, "complete", None)
        return given | complete(asked, keepers) if complete else given

    def concerns(self, asked: Asked, payload: Mapping[str, Any], keepers: Keepers) -> list[str]:
        """What is true of every action, and what the file's `concerns` adds."""
        found = [*_about_profile(self, asked, keepers), *_about_connector(asked, payload, keepers)]
        concerns = getattr(self._module, "concerns", None)
        return [*found, *concerns(asked, payload, keepers)] if concerns else found

    def taken(self, command: Command, keepers: Keepers) -> None:
        """The file's `taken`, if it has one."""
        taken = getattr(self._module, "taken", None)
        if taken:
            taken(command, keepers)

    def ended(self, command: Command, outcome: Outcome, keepers: Keepers) -> Sequence[FollowUp]:
        """The file's `ended`, if it has one."""
        ended = getattr(self._module, "ended", None)
        return (ended(command, outcome, keepers) or ()) if ended else ()

    def build_payload(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """A payload that passes the official schema, its members in the order of the specification's tables.

        Raises InvalidInput naming each parameter as given.
        """
        if _is_deeper(parameters, _DEEPEST):
            raise InvalidInput(f"The parameters of {self.action} nest deeper than {_DEEPEST} levels.")
        payload = as_wire(parameters)
        touch = getattr(self._module, "parameters", None)
        if touch is not None:
            payload = touch(payload)
        problems: dict[str, list[str]] = {}
        for path, sentence in _unsendable(payload, "parameters"):
            problems.setdefault(path, []).append(sentence)
        for breach in self._schema.breaches(payload):
            for name in _names_in(breach):
                problems.setdefault(name, []).append(_sentence(breach))
        if problems:
            raise InvalidInput(f"The parameters of {self.action} are not valid.", problems=problems)
        return self._schema.in_order(payload)

    def judge(self, answer: Mapping[str, Any]) -> Outcome:
        """What the charge point's answer means."""
        return self._on_result(answer)


def _about_profile(kind: OutgoingAction, asked: Asked, keepers: Keepers) -> Iterator[str]:
    """C1. The security extension is in no list of profiles."""
    words = keepers.configuration.mirror(asked.ref).words("SupportedFeatureProfiles")
    listed = {word.casefold() for word in words or ()}  # G26
    if listed and kind.feature_profile != SECURITY and kind.feature_profile.casefold() not in listed:
        yield f"The charge point does not list the feature profile {kind.feature_profile}."


def _about_connector(asked: Asked, payload: Mapping[str, Any], keepers: Keepers) -> Iterator[str]:
    wanted = payload.get("connectorId")
    if not isinstance(wanted, int):
        return
    seen = [connector.id for connector in asked.charge_point.connectors if connector.id > 0]
    listed = keepers.configuration.mirror(asked.ref).number("NumberOfConnectors")
    highest = max([*seen, listed or 0])
    if highest and wanted > highest:
        yield f"The charge point has connectors 1 to {highest}; there is no {wanted}."


def _is_deeper(value: Any, levels: int) -> bool:
    """What nests without end must be refused before anything follows it down."""
    if isinstance(value, Mapping):
        value = value.values()
    elif not isinstance(value, list):
        return False
    return levels == 0 or any(_is_deeper(inner, levels - 1) for inner in value)


def _unsendable(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """What no charge point should get, though the schemas let it pass."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _unsendable(inner, f"{path}.{snake_case(name)}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _unsendable(inner, f"{path}.{index}")
    elif isinstance(value, int) and not -MAX_INTEGER <= value <= MAX_INTEGER:
        yield path, f"Must be from {-MAX_INTEGER} to {MAX_INTEGER}."
    elif isinstance(value, str) and _CONTROL.search(value):
        yield path, "Must not hold control characters."


def _names_in(breach: Any) -> list[str]:
    """Which parameters a breach is about, as dotted paths in our spelling."""
    parents = ["parameters", *(snake_case(str(part)) for part in breach.instance_path)]
    if kind_of(breach) == "required":
        return [".".join([*parents, snake_case(breach.kind.property)])]
    if kind_of(breach) == "additionalProperties":
        return [".".join([*parents, snake_case(name)]) for name in breach.kind.unexpected]
    return [".".join(parents)]


def _sentence(breach: Any) -> str:
    if kind_of(breach) == "required":
        return "Missing."
    if kind_of(breach) == "additionalProperties":
        return "Unknown parameter."
    return f"{breach.message}."
