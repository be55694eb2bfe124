"""One table from our errors to HTTP; everything that goes wrong becomes problem details."""

import math

from flask import Flask, Response
from flask_jwt_extended import JWTManager
from werkzeug.exceptions import HTTPException
from werkzeug.routing.exceptions import RequestRedirect

from app.api.problems import problem
from app.domain.errors import (
    AppError,
    Busy,
    ChargePointUnavailable,
    Conflict,
    Expired,
    FeatureDisabled,
    Gone,
    InvalidInput,
    IssuerUnavailable,
    KeyReused,
    NeedsForce,
    NotAuthenticated,
    NotFound,
    NotPermitted,
    PlatformSetting,
    PreconditionFailed,
    QuotaExceeded,
    RateLimited,
    Retryable,
    StillRunning,
    TenantSuspended,
    TokenExpired,
    TooLarge,
)
from app.logs import get_logger

STATUS_OF: dict[type[AppError], int] = {
    InvalidInput: 422,
    Expired: 422,
    KeyReused: 422,
    NotFound: 404,
    Gone: 410,
    TooLarge: 413,
    Conflict: 409,
    NeedsForce: 409,
    StillRunning: 409,
    PreconditionFailed: 412,
    NotPermitted: 403,
    TenantSuspended: 403,
    FeatureDisabled: 403,
    PlatformSetting: 403,
    NotAuthenticated: 401,
    TokenExpired: 401,
    QuotaExceeded: 403,
    RateLimited: 429,
    ChargePointUnavailable: 409,
    Busy: 503,
    Retryable: 503,
    IssuerUnavailable: 503,
}
RETRY_AFTER_S = 2
CHALLENGE = {"WWW-Authenticate": "Bearer"}
_HEADERS_OF: dict[int, dict[str, str]] = {401: CHALLENGE, 503: {"Retry-After": str(RETRY_AFTER_S)}}

_log = get_logger(__name__)


def register_error_handlers(app: Flask, jwt: JWTManager) -> None:
    """Let every failure of a request end here."""
    app.register_error_handler(AppError, _app_error)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _unexpected)
    jwt.unauthorized_loader(lambda reason: _unauthenticated("token_missing", f"{reason}."))
    jwt.invalid_token_loader(lambda _: _unauthenticated("token_invalid", "The token is not valid here."))
    jwt.expired_token_loader(lambda *_: _unauthenticated("token_expired", "The token has expired."))


def _app_error(error: AppError) -> Response:
    """A failing store's own words may name hosts and ports: those are for the log only."""
    status = next((STATUS_OF[kind] for kind in type(error).__mro__ if kind in STATUS_OF), 500)
    detail = error.message
    if status >= 500 and not isinstance(error, Busy):
        _log.warning("request failed", code=error.code, reason=error.message)
        detail = "A server behind this one did not answer. Nothing was lost; try again soon."
    errors = error.problems if isinstance(error, InvalidInput | NeedsForce | PlatformSetting) else None
    feature = error.context["feature"] if isinstance(error, FeatureDisabled) else None
    headers = _HEADERS_OF.get(status)
    if isinstance(error, RateLimited):
        headers = {"Retry-After": str(math.ceil(error.retry_after_s))}
    return problem(status, error.code, detail, errors=errors, feature=feature, headers=headers)


def _http_error(error: HTTPException) -> Response | HTTPException:
    """What werkzeug raises: 404 of no route, 405, 400, 413, 415."""
    if isinstance(error, RequestRedirect) or error.code is None or error.code < 400:
        return error
    code = error.name.lower().replace(" ", "_").replace("-", "_")
    told = {name: value for name, value in error.get_headers() if name in ("Allow", "Retry-After")}
    detail = "There is no such address." if error.code == 404 else error.description or error.name
    return problem(error.code, code, detail, headers=told)


def _unexpected(error: Exception) -> Response:
    """A mistake of ours: the log has all of it, the caller the id to find it by."""
    _log.error("request failed unexpectedly", exc_info=error)
    return problem(500, "internal_error", "Something went wrong here. The log knows more by the request id.")


def _unauthenticated(code: str, detail: str) -> Response:
    return problem(401, code, detail, headers=CHALLENGE)
