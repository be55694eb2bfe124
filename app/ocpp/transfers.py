"""What the commands that move files have in common: firmware, diagnostics and logs."""

import zlib
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from app.domain.command import Command
from app.services.keepers import Keepers
from app.services.ports import Asked

_PROTOCOLS = "SupportedFileTransferProtocols"


def request_id_of(command_id: str) -> int:
    """A request id for a command that was given none: the same for the same command, a positive int32."""
    return zlib.crc32(command_id.encode()) & 0x7FFFFFFF or 1


def firmware_version_of(command: Command, keepers: Keepers) -> str | None:
    """What the charge point said at its last boot."""
    charge_point = keepers.charge_points.find(command.charge_point)
    return charge_point.inventory.get("firmware_version") if charge_point else None


def doubts_about_location(asked: Asked, location: Any, keepers: Keepers) -> list[str]:
    """Whether the charge point can speak the location's protocol (C18, E 3.88)."""
    scheme = _scheme_of(location)
    if not scheme:
        return [f"The location {location!r} is no address with a protocol, such as https://."]
    listed = keepers.configuration.mirror(asked.ref).words(_PROTOCOLS)
    if listed and scheme.casefold() not in {word.casefold() for word in listed}:
        return [f"The charge point transfers files by {', '.join(listed)} only, not by {scheme.upper()}."]
    return []


def _scheme_of(location: Any) -> str:
    try:
        return urlsplit(str(location)).scheme
    except ValueError:
        return ""


def gathered(payload: Mapping[str, Any], into: str, names: Iterable[str]) -> dict[str, Any]:
    """`payload` with members of these names moved into the object `into`, where it has none of its own."""
    names = frozenset(names)
    inner = payload.get(into, {})
    wire = {name: value for name, value in payload.items() if name not in names}
    if isinstance(inner, Mapping):
        wire[into] = {name: payload[name] for name in names if name in payload} | dict(inner)
    return wire


def given(parameters: Mapping[str, Any], inside: str, name: str) -> Any:
    """A parameter that may stand at the top or inside an object."""
    inner = parameters.get(inside)
    return inner.get(name, parameters.get(name)) if isinstance(inner, Mapping) else parameters.get(name)
