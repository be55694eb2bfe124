"""A protocol with a handful of commands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.domain.command import Command, CommandStatus, FollowUp, Outcome
from app.domain.errors import InvalidInput
from app.services.keepers import Keepers
from app.services.ports import Asked, CommandKind


@dataclass(frozen=True, slots=True)
class FakeCommandKind:
    """One action; `parameters` maps each known parameter to its type, `required` are a must."""

    action: str
    parameters: Mapping[str, type] = field(default_factory=dict)
    required: frozenset[str] = frozenset()
    allowed_while_pending: bool = True
    doubts: tuple[str, ...] = ()
    is_about_security: bool = False
    next: tuple[FollowUp, ...] = ()
    seen: list[tuple[str, str]] = field(default_factory=list, compare=False)

    def build_payload(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters in camelCase. InvalidInput names each wrong or unknown one."""
        problems = {name: ["Unknown parameter."] for name in parameters if name not in self.parameters}
        problems |= {name: ["Missing."] for name in self.required if name not in parameters}
        for name, value in parameters.items():
            if name in self.parameters and not isinstance(value, self.parameters[name]):
                problems[name] = [f"Must be of type {self.parameters[name].__name__}."]
        if problems:
            raise InvalidInput(f"The parameters of {self.action} are not valid.", problems=problems)
        return {_camel(name): value for name, value in parameters.items()}

    def changes_security(self, parameters: Mapping[str, Any]) -> bool:
        """What a test has said."""
        return self.is_about_security

    def complete(self, asked: Asked, keepers: Keepers) -> dict[str, Any]:
        """Nothing is added."""
        return dict(asked.parameters)

    def concerns(self, asked: Asked, payload: Mapping[str, Any], keepers: Keepers) -> list[str]:
        """Whatever a test has put into `doubts`."""
        return list(self.doubts)

    def taken(self, command: Command, keepers: Keepers) -> None:
        """Noted in `seen`."""
        self.seen.append(("taken", command.id))

    def ended(self, command: Command, outcome: Outcome, keepers: Keepers) -> Sequence[FollowUp]:
        """Noted in `seen`; answers `next`."""
        self.seen.append((outcome.status.value, command.id))
        return self.next

    def judge(self, answer: Mapping[str, Any]) -> Outcome:
        """Accepted, or rejected with the answer beside it."""
        accepted = answer.get("status", "Accepted") == "Accepted"
        status = CommandStatus.ACCEPTED if accepted else CommandStatus.REJECTED
        return Outcome(status, result=dict(answer))


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


REMOTE_START = FakeCommandKind(
    "RemoteStartTransaction", {"id_tag": str, "connector_id": int}, frozenset({"id_tag"}), False
)
REMOTE_STOP = FakeCommandKind(
    "RemoteStopTransaction", {"transaction_id": int}, frozenset({"transaction_id"}), False
)
CERTIFICATE = FakeCommandKind("InstallCertificate", {"certificate": str}, is_about_security=True)
RESET = FakeCommandKind("Reset", {"type": str}, frozenset({"type"}))


class FakeCatalog:
    """`ProtocolCatalog` with remote start, remote stop, reset and the installation of a certificate."""

    def __init__(self) -> None:
        self._kinds: dict[str, CommandKind] = {
            "remote_start": REMOTE_START,
            "remote_stop": REMOTE_STOP,
            "reset": RESET,
            "install_certificate": CERTIFICATE,
        }
        self._kinds |= {kind.action: kind for kind in self._kinds.values()}

    def command_kind(self, command_type: str) -> CommandKind:
        """By alias or action name."""
        kind = self._kinds.get(command_type)
        if kind is None:
            known = "Known are: " + ", ".join(sorted(self._kinds)) + "."
            raise InvalidInput("There is no such command type.", problems={"command_type": [known]})
        return kind
