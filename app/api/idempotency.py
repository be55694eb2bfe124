"""`Idempotency-Key` on POST, as the IETF's draft has it: a repetition gets the first answer and does nothing.

Kept is what was done or refused for good: neither 429 nor a failure of ours. Answers are encrypted by the
server's secret together with the key itself, of which only a hash is stored: some show a secret once.
"""

import hashlib
import hmac
import os
import re
from collections.abc import Callable
from http import HTTPMethod

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from flask import Response, current_app, g, request

from app.api.caller import Caller
from app.api.current import services, settings
from app.domain.errors import Conflict, InvalidInput, Retryable
from app.logs import get_logger
from app.services.idempotency import KeptAnswer, KnownRequest

KEY_HEADER = "Idempotency-Key"
REPLAYED_HEADER = "Idempotent-Replayed"
_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_NONCE_BYTES = 12
_KEPT_HEADERS = ("Content-Type", "Location", "ETag")
_MOST_BYTES = 1_048_576

_log = get_logger(__name__)


def once(caller: Caller, act: Callable[[], object]) -> object:
    """What `act` answers; under an idempotency key that is known, what it answered the first time.

    Raises InvalidInput (no key), KeyReused, StillRunning.
    """
    key = request.headers.get(KEY_HEADER)
    if key is None or request.method != HTTPMethod.POST:
        return act()
    if not _KEY.fullmatch(key):
        sentence = "Use 1 to 255 printable ASCII characters without blanks, such as a UUID."
        raise InvalidInput("The idempotency key is not valid.", problems={KEY_HEADER: [sentence]})
    tenant_id = g.tenant.id if "tenant" in g else caller.tenant_id
    known = services().idempotency.begin(tenant_id, _digest(caller.user_id, key), _fingerprint())
    secret = _secret(caller, key)
    if known.answer is not None:
        return _opened(known.answer, secret)
    response = _answer_of(act)
    _keep(tenant_id, known, response, secret)
    return response


def _digest(*parts: str) -> str:
    """Of these parts, for this route."""
    named = orjson.dumps([request.path, *parts])
    return hashlib.sha256(named).hexdigest()


def _fingerprint() -> str:
    """Of a JSON body all counts; of a file, which is read as it comes, its type and its length."""
    body = request.get_data(cache=True).decode("latin-1") if request.is_json else str(request.content_length)
    return _digest(request.query_string.decode("latin-1"), request.mimetype, body)


def _answer_of(act: Callable[[], object]) -> Response:
    """As the caller gets it, whether the view returns or raises."""
    try:
        return current_app.make_response(act())  # type: ignore[arg-type]
    except Exception as failure:  # the app's own error handlers decide what it is
        return current_app.make_response(current_app.handle_user_exception(failure))


def _keep(tenant_id: str | None, known: KnownRequest, response: Response, secret: bytes) -> None:
    """It has happened, whatever becomes of its being kept."""
    try:
        if response.status_code >= 500 or response.status_code == 429 or not _is_small(response):
            services().idempotency.forget(tenant_id, known)
        else:
            answer = KeptAnswer(response.status_code, _sealed(response, secret))
            services().idempotency.finish(tenant_id, known, answer)
    except Retryable as failure:
        _log.warning("answer not kept", reason=failure.message)


def _is_small(response: Response) -> bool:
    return not response.is_streamed and (response.content_length or 0) <= _MOST_BYTES


def _secret(caller: Caller, key: str) -> bytes:
    named = orjson.dumps(["idempotency", caller.user_id, key])
    return hmac.digest(settings().web.jwt_secret_key.encode(), named, "sha256")


def _sealed(response: Response, secret: bytes) -> bytes:
    headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
    nonce = os.urandom(_NONCE_BYTES)
    kept = orjson.dumps([headers, response.get_data(as_text=True)])
    return nonce + AESGCM(secret).encrypt(nonce, kept, None)


def _opened(answer: KeptAnswer, secret: bytes) -> Response:
    nonce, sealed = answer.sealed[:_NONCE_BYTES], answer.sealed[_NONCE_BYTES:]
    try:
        headers, body = orjson.loads(AESGCM(secret).decrypt(nonce, sealed, None))
    except InvalidTag as other_secret:
        raise Conflict("This was done; its answer cannot be read any more.") from other_secret
    response = Response(body, answer.status, headers)
    response.headers[REPLAYED_HEADER] = "true"
    return response
