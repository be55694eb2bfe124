"""What a request's path asks for: a charge point's identity, and perhaps its tenant (A2, A3)."""

from dataclasses import dataclass, field
from urllib.parse import unquote

_ROOT = "ocpp"
_MAX_IDENTITY_LENGTH = 128


@dataclass(frozen=True, slots=True)
class Target:
    """An identity, and the tenant where the path names one. `is_normal` tells a path as it should be."""

    identity: str
    tenant_id: str | None = None
    is_normal: bool = field(default=True, compare=False)


def target_of(path: str) -> Target | None:
    """Read `/ocpp/<identity>` or `/ocpp/<tenant id>/<identity>`; None if it is neither.

    Split before decoding, so that an encoded slash stays inside the identity (A3). Query, double and
    trailing slashes do not count, and the absolute form of a request line is read as well (G2, G3).
    """
    inner = _path_of(path)
    segments = [segment for segment in inner.split("/") if segment]
    if not segments or segments[0] != _ROOT or len(segments) not in (2, 3):
        return None
    try:
        *tenant, identity = (unquote(segment, errors="strict") for segment in segments[1:])
    except UnicodeDecodeError:
        return None
    if not identity.strip() or len(identity) > _MAX_IDENTITY_LENGTH or not identity.isprintable():
        return None
    is_normal = path.partition("?")[0] == f"/{'/'.join(segments)}"
    return Target(identity, tenant[0] if tenant else None, is_normal)


def _path_of(target: str) -> str:
    """Of a request's target. `urlsplit` would take what follows a leading `//` for a host."""
    target = target.partition("?")[0]
    scheme, separator, rest = target.partition("://")
    return rest.partition("/")[2] if separator and "/" not in scheme else target
