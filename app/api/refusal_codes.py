"""Which codes a refusal may have: by status, and by what the operation is like.

Codes come from the error tree and from `STATUS_OF`. Those that only some operations answer have their
condition here. Schemathesis compares what is answered with what is documented.
"""

from collections.abc import Callable, Iterator
from typing import Any

from app.api.errors import STATUS_OF
from app.domain.errors import (
    AppError,
    Busy,
    ChargePointUnavailable,
    Expired,
    FeatureDisabled,
    IssuerUnavailable,
    KeyReused,
    NeedsForce,
    PlatformSetting,
    QuotaExceeded,
    SettingsError,
    StillRunning,
)

Operation = dict[str, Any]
OF_HTTP = {
    400: ("bad_request",),
    401: ("token_missing", "token_invalid", "token_expired"),
    405: ("method_not_allowed",),
    413: ("request_entity_too_large",),
    415: ("unsupported_media_type",),
    416: ("requested_range_not_satisfiable",),
}


def _has(parameter: str) -> Callable[[str, Operation], bool]:
    return lambda _, operation: any(
        one.get("name") == parameter for one in operation.get("parameters", ()) if isinstance(one, dict)
    )


def _always(_: str, __: Operation) -> bool:
    return True


def _guarded(_: str, operation: Operation) -> bool:
    return "x-permission" in operation


def _by_token(_: str, operation: Operation) -> bool:
    return "security" in operation


def _made_once(method: str, operation: Operation) -> bool:
    return method == "post" and _guarded(method, operation)


def _changes(method: str, _: Operation) -> bool:
    return method != "get"


_ONLY: dict[type[AppError], Callable[[str, Operation], bool]] = {
    NeedsForce: _changes,
    StillRunning: _made_once,
    KeyReused: _made_once,
    ChargePointUnavailable: _changes,
    FeatureDisabled: _changes,
    QuotaExceeded: lambda method, _: method == "post",
    PlatformSetting: lambda _, operation: operation.get("x-permission") == "tenants.configure",
    Expired: _has("wait"),
    Busy: _guarded,
    IssuerUnavailable: _by_token,
}


def codes_of(status: int, method: str, operation: Operation) -> tuple[str, ...]:
    """All that a refusal of `operation` with this status may be called, the general ones first."""
    found = [
        kind.code
        for kind in _kinds(AppError)
        if _status_of(kind) == status and _ONLY.get(kind, _always)(method, operation)
    ]
    return tuple(dict.fromkeys([*OF_HTTP.get(status, ()), *found]))


def _kinds(of: type[AppError]) -> Iterator[type[AppError]]:
    for kind in of.__subclasses__():
        if kind is not SettingsError and kind.__module__ == AppError.__module__:
            yield kind
            yield from _kinds(kind)


def _status_of(kind: type[AppError]) -> int:
    return next((STATUS_OF[one] for one in kind.__mro__ if one in STATUS_OF), 500)
