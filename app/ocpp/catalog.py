"""The actions this system speaks, found by scanning the folders of `v16`.

A file that is misnamed or incomplete fails at import, not at the first message.
"""

import importlib
import pkgutil
from collections.abc import Iterator
from functools import cache
from types import ModuleType
from typing import cast

from app.domain.errors import InvalidInput
from app.ocpp.errors import ErrorCode, OcppError
from app.ocpp.incoming import Handler
from app.ocpp.outgoing import OutgoingAction, snake_case
from app.ocpp.v16 import inbound, outbound
from app.ocpp.validation import PayloadSchema, schema_folder


def _modules(package: ModuleType) -> Iterator[ModuleType]:
    for info in pkgutil.iter_modules(package.__path__):
        module = importlib.import_module(f"{package.__name__}.{info.name}")
        action = getattr(module, "ACTION", None)
        if action is None or snake_case(action) != info.name:
            raise ImportError(
                f"{module.__name__} must name its ACTION and be named after it, not {action!r}."
            )
        yield module


class Catalog:
    """Handlers by action, command kinds by every name they go by (satisfies `ProtocolCatalog`)."""

    def __init__(self) -> None:
        self._handlers = {module.ACTION: cast(Handler, module) for module in _modules(inbound)}
        self._schemas = {action: PayloadSchema(action) for action in self._handlers}
        self._kinds: dict[str, OutgoingAction] = {}
        for module in _modules(outbound):
            kind = OutgoingAction(module)
            self._kinds |= dict.fromkeys(kind.aliases, kind)
        names = {path.stem for path in schema_folder().glob("*.json")}
        self._actions_of_ocpp = {name for name in names if not name.endswith("Response")}

    def handler(self, action: str) -> tuple[Handler, PayloadSchema]:
        """The action's handler and schema.

        Raises OcppError: NotImplemented for what OCPP does not know, NotSupported for what is known and
        not taken from a charge point (OCPP-J table 7).
        """
        handler = self._handlers.get(action)
        if handler is not None:
            return handler, self._schemas[action]
        if action in self._actions_of_ocpp:
            raise OcppError(f"{action} is not taken here", error_code=ErrorCode.NOT_SUPPORTED)
        raise OcppError("unknown action", error_code=ErrorCode.NOT_IMPLEMENTED)

    def command_kind(self, command_type: str) -> OutgoingAction:
        """Raises InvalidInput that lists the known ones."""
        kind = self._kinds.get(command_type)
        if kind is None:
            known = ", ".join(sorted(self._kinds))
            raise InvalidInput(
                f"There is no command type '{command_type}'.",
                problems={"command_type": [f"Unknown command type; known are: {known}."]},
            )
        return kind

    def actions(self) -> tuple[list[str], list[str]]:
        """Names of the incoming and of the outgoing actions."""
        return sorted(self._handlers), sorted({kind.action for kind in self._kinds.values()})


@cache
def load_catalog() -> Catalog:
    """The one catalog of a process."""
    return Catalog()
