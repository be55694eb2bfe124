"""The one error tree. Edges turn it into HTTP, OCPP or MQTT; it knows none of them.

AppError
    InvalidInput            the caller's data is wrong; `problems` names each field
        Expired             what the caller asks for was meant for an earlier time
        KeyReused           an idempotency key came with another request before
    NotFound                no such object in this tenant
        Gone                it was there once, and is no more
    TooLarge                more was sent than is taken
    Conflict                the object's state does not allow it
        NeedsForce          it looks like a mistake; the caller may insist
        StillRunning        the first request with this idempotency key is not answered yet
    PreconditionFailed      it is not as it was when the caller looked
    NotPermitted            the caller may not do this
        TenantSuspended     nobody may, in a tenant that is out of service
        FeatureDisabled     nobody may, in a tenant that has not been given this
        PlatformSetting     only the platform may; `problems` names each field
    NotAuthenticated        the caller is not who it says, or does not say
        TokenExpired        the caller was, until a moment ago
    QuotaExceeded           a tenant's limit is reached
    RateLimited             too many requests within a minute
    ChargePointUnavailable  the charge point cannot be reached now
    Busy                    all places for this are taken
    Retryable               a store or broker failed; the same call may succeed later
        IssuerUnavailable   nobody can say whether a token of the external issuer is good
    SettingsError           the environment is wrong; raised at start only
"""

from collections.abc import Mapping, Sequence
from typing import Any


class AppError(Exception):
    """Base of all expected failures: a stable `code`, a sentence for people, JSON-safe context."""

    code = "error"

    def __init__(self, message: str, **context: Any) -> None:
        super().__init__(message)
        self.message = message
        self.context = context

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.message, self.context)

    def __str__(self) -> str:
        return self.message


def _rebuild(kind: type[AppError], message: str, context: dict[str, Any]) -> AppError:
    """Unpickle across processes without losing the context (exceptions drop keywords by default)."""
    return kind(message, **context)


class InvalidInput(AppError):
    """The caller's data is wrong. `problems` maps a field's dotted path to what is wrong with it."""

    code = "invalid_input"

    @property
    def problems(self) -> Mapping[str, Sequence[str]]:
        """Field path -> sentences; empty when the whole input is meant."""
        problems: Mapping[str, Sequence[str]] = self.context.get("problems", {})
        return problems


class Expired(InvalidInput):
    """What the caller asks for was meant for an earlier time; it is not done any more."""

    code = "expired"


class KeyReused(InvalidInput):
    """The idempotency key came with another request before."""

    code = "idempotency_key_reused"


class NotFound(AppError):
    """No such object in this tenant (also said of another tenant's object)."""

    code = "not_found"


class Gone(NotFound):
    """It was there once, and is no more: a link has expired."""

    code = "gone"


class TooLarge(AppError):
    """More was sent than is taken."""

    code = "request_entity_too_large"


class Conflict(AppError):
    """The object's present state does not allow what was asked."""

    code = "conflict"


class NeedsForce(Conflict):
    """What is asked looks like a mistake: `problems` under `force` says why. With `force` it is done."""

    code = "needs_force"

    @property
    def problems(self) -> Mapping[str, Sequence[str]]:
        """{"force": sentences}."""
        problems: Mapping[str, Sequence[str]] = self.context.get("problems", {})
        return problems


class StillRunning(Conflict):
    """The first request with this idempotency key is not answered yet."""

    code = "idempotency_in_progress"


class PreconditionFailed(AppError):
    """It is not as it was when the caller looked at it; nothing was changed."""

    code = "precondition_failed"


class NotPermitted(AppError):
    """The caller is known and may not do this."""

    code = "not_permitted"


class TenantSuspended(NotPermitted):
    """The tenant is suspended or being deleted; nothing of it is served."""

    code = "tenant_suspended"


class FeatureDisabled(NotPermitted):
    """The command belongs to a feature that is switched off; `feature` in the context names it."""

    code = "feature_disabled"


class PlatformSetting(NotPermitted):
    """Some of the settings belong to the platform. `problems` names each."""

    code = "platform_setting"

    @property
    def problems(self) -> Mapping[str, Sequence[str]]:
        """Setting -> sentences."""
        problems: Mapping[str, Sequence[str]] = self.context.get("problems", {})
        return problems


class NotAuthenticated(AppError):
    """Wrong or missing credentials."""

    code = "not_authenticated"


class TokenExpired(NotAuthenticated):
    """The token was good until a while ago; another one is to be got where it came from."""

    code = "token_expired"


class QuotaExceeded(AppError):
    """A limit in the tenant's configuration is reached."""

    code = "quota_exceeded"


class RateLimited(AppError):
    """Too many requests. The context has the `limit` that was reached and `retry_after_s`."""

    code = "rate_limited"

    @property
    def retry_after_s(self) -> float:
        """After so many seconds there is room for one."""
        seconds: float = self.context["retry_after_s"]
        return seconds


class ChargePointUnavailable(AppError):
    """The charge point cannot be reached now."""

    code = "charge_point_unavailable"


class Busy(AppError):
    """All places for this are taken; one may be free soon."""

    code = "busy"


class Retryable(AppError):
    """A store or broker failed; nothing was lost, the same call may succeed later."""

    code = "temporarily_unavailable"


class IssuerUnavailable(Retryable):
    """The external issuer's keys are needed to check a token, and cannot be had now."""

    code = "issuer_unavailable"


class SettingsError(AppError):
    """One or more environment variables are missing or wrong; `problems` names them all."""

    code = "settings"

    @property
    def problems(self) -> Mapping[str, Sequence[str]]:
        """Variable name -> sentences."""
        problems: Mapping[str, Sequence[str]] = self.context.get("problems", {})
        return problems
