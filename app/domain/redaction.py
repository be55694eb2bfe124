"""What is secret in what we keep or tell: by the names of fields, and by what texts look like.

One list for the log lines (`app.logs`) and the audit log.
"""

import re
from collections.abc import Mapping
from typing import Any

from app.domain.configuration_keys import is_secret

HIDDEN = "[hidden]"
_SECRET_FIELD = re.compile(
    r"password|secret|token$|authorization$|authorization_?key|jwt|private_?key|key_hash", re.IGNORECASE
)
_KEY_OF_CHARGE_POINT = re.compile(r"[0-9a-fA-F]{32,40}")
_URL_PASSWORD = re.compile(r"(?<=://)([^/@:\s]*):([^@/\s]+)@")
# also in JSON that is itself a text in JSON, as in the arguments of a task: then quotes have backslashes
_AUTHORIZATION_KEY = re.compile(
    r'(AuthorizationKey\\*"\s*,\s*\\*"value\\*"\s*:\s*\\*")[^"\\]*', re.IGNORECASE
)
_AUTHORIZATION_KEY_LAST = re.compile(
    r'("value\\*"\s*:\s*\\*")[^"\\]*(\\*"\s*,\s*\\*"key\\*"\s*:\s*\\*"AuthorizationKey)', re.IGNORECASE
)
_API_KEY = re.compile(r"(?<=ocpp_[0-9a-f]{16}_)[A-Za-z0-9_-]{20,}")
_JWT = re.compile(r"(?<=eyJ)[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}")
_LINK = re.compile(r"(?<=/files/)[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]+")


def is_secret_field(name: str) -> bool:
    """Whether a field of this name holds a secret."""
    return _SECRET_FIELD.search(name) is not None


def redact_text(text: str) -> str:
    """The text without API keys, tokens, passwords inside addresses, keys inside frames, tokens of links.

    People put keys and tokens where an id belongs.
    """
    text = _JWT.sub(HIDDEN, _API_KEY.sub(HIDDEN, text))
    text = _LINK.sub(HIDDEN, text)
    text = _URL_PASSWORD.sub(rf"\1:{HIDDEN}@", text)
    text = _AUTHORIZATION_KEY_LAST.sub(rf"\1{HIDDEN}\2", text)
    return _AUTHORIZATION_KEY.sub(rf"\1{HIDDEN}", text)


def redacted(value: Any) -> Any:
    """Any JSON without its secrets. That a secret is or is not there (null, true, false) may be told."""
    if isinstance(value, Mapping):
        hides_value = is_secret(str(value.get("key", "")))
        return {
            str(name): HIDDEN if hides_value and name == "value" else _redacted_field(str(name), inner)
            for name, inner in value.items()
        }
    if isinstance(value, list | tuple):
        return [redacted(inner) for inner in value]
    return redact_text(value) if isinstance(value, str) else value


def _redacted_field(name: str, value: Any) -> Any:
    if value is None or isinstance(value, bool):
        return value
    is_key = name == "key" and isinstance(value, str) and _KEY_OF_CHARGE_POINT.fullmatch(value)
    return HIDDEN if is_key or is_secret_field(name) else redacted(value)
