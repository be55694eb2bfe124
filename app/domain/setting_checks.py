"""What a tenant's settings may be, one by one. Every check gives the value as it is kept, or a ValueError."""

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from app.domain.configuration_keys import is_secret

_BOUNDS: dict[str, tuple[int, int]] = {
    "worker_pool_size": (0, 64),
    "max_charge_points": (0, 10_000_000),
    "max_connections": (0, 10_000_000),
    "session_days": (0, 36_500),
    "audit_log_days": (1, 3_650),
    "message_log_days": (1, 3_650),
    "api_rate_limit": (1, 100_000_000),
    "api_user_rate_limit": (1, 100_000_000),
    "ocpp_rate_limit": (1, 1_000_000),
    "ocpp_tenant_rate_limit": (0, 100_000_000),
    "heartbeat_interval": (1, 86_400),
    "meter_values_interval": (0, 86_400),
    "boot_retry_interval": (1, 86_400),
    "ping_interval_s": (0, 3_600),
    "security_profile": (0, 3),
    "status_after_reconnect_s": (0, 3_600),
    "session_silence_s": (0, 30 * 86_400),
    "session_available_s": (0, 86_400),
    "certificate_days": (1, 3_650),
    "file_link_s": (60, 30 * 86_400),
    "command_expiry_s": (1, 7 * 86_400),
    "command_timeout_s": (1, 600),
    "mqtt_qos": (0, 1),
    "authorization_policy.accepted_for_s": (0, 365 * 86_400),
    "charging_defaults.limit": (0, 10_000_000),
}
_CHOICES: dict[str, tuple[str, ...]] = {
    "unknown_charge_points": ("refuse", "pending", "accept"),
    "charging_defaults.unit": ("A", "W"),
}
_SAY: dict[type, str] = {bool: "true or false", int: "a whole number", str: "a text"}
_MAX_TEXT = 200
_MAX_ENTRIES = 50
_COLOR = re.compile(r"#[0-9a-fA-F]{6}")
_EMAIL = re.compile(r"[^@\s<>\"]+@[^@\s<>\"]+")
_PHONE = re.compile(r"\+?[0-9][0-9 ()/.-]{2,39}")
_ID_TAG_START = re.compile(r"[\x21-\x7e]{1,20}")
_NO_ADDRESS = re.compile(r"[\s\x00-\x1f\x7f\"'<>\\]")


def checked(name: str, value: Any, kind: type) -> Any:
    """The value as it is kept; `name` is dotted where a setting has members. Raises ValueError."""
    if name in _SPECIAL:
        return _SPECIAL[name](value)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise ValueError(f"Must be {_SAY[kind]}.")
    if isinstance(value, int) and name in _BOUNDS:
        low, high = _BOUNDS[name]
        if not low <= value <= high:
            raise ValueError(f"Must be from {low} to {high}.")
    if isinstance(value, str) and len(value) > _MAX_TEXT:
        raise ValueError(f"Must have at most {_MAX_TEXT} characters.")
    if name in _CHOICES and value not in _CHOICES[name]:
        raise ValueError(f"Must be one of {', '.join(_CHOICES[name])}.")
    return value


def _vendors(value: Any) -> dict[str, tuple[str, ...]]:
    if not isinstance(value, Mapping):
        raise ValueError("Must map a vendorId to a list of its messageIds.")
    for vendor, ids in value.items():
        if not isinstance(vendor, str) or not isinstance(ids, list | tuple):
            raise ValueError("Must map a vendorId to a list of its messageIds.")
        if not all(isinstance(message_id, str) for message_id in ids):
            raise ValueError(f"The messageIds of '{vendor}' must be texts.")
    return {vendor: tuple(ids) for vendor, ids in value.items()}


def _keys(value: Any) -> dict[str, str]:
    """Configuration keys for a charge point: each a text of 500 characters at most (OCPP 1.6 6.7)."""
    if not isinstance(value, Mapping) or not all(
        isinstance(key, str) and isinstance(text, str) for key, text in value.items()
    ):
        raise ValueError("Must map configuration keys to their values, both texts.")
    for key, text in value.items():
        if not 1 <= len(key) <= 50 or len(text) > 500:
            raise ValueError(f"'{key[:50]}': keys have 1 to 50 characters, values at most 500.")
        if is_secret(key):
            raise ValueError("AuthorizationKey is each charge point's own; rotate it there.")
    return dict(value)


def _list_of(check: Callable[[str], bool], sentence: str) -> Callable[[Any], tuple[str, ...]]:
    def of_all(value: Any) -> tuple[str, ...]:
        if not isinstance(value, list | tuple) or len(value) > _MAX_ENTRIES:
            raise ValueError(f"Must be a list of at most {_MAX_ENTRIES}.")
        if not all(isinstance(one, str) and check(one) for one in value):
            raise ValueError(sentence)
        return tuple(dict.fromkeys(value))

    return of_all


def _text(check: Callable[[str], object], sentence: str) -> Callable[[Any], str]:
    """Of a text that may be empty."""

    def of_text(value: Any) -> str:
        if not isinstance(value, str):
            raise ValueError("Must be a text.")
        if len(value) > 500 or (value and not check(value)):
            raise ValueError(sentence)
        return value

    return of_text


def _is_web_address(text: str) -> bool:
    """http or https, with a host and without a password: what a page may safely link to or show."""
    if _NO_ADDRESS.search(text):
        return False
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc


def _is_origin(text: str) -> bool:
    """As browsers send it: lower case, scheme and host, and nothing after them (RFC 6454 6.2)."""
    return _is_web_address(text) and urlsplit(text).geturl() == text == _origin_of(text)


def _origin_of(text: str) -> str:
    parts = urlsplit(text)
    return f"{parts.scheme}://{parts.netloc.lower()}"


_WEB_ADDRESS = _text(_is_web_address, "Give an address such as https://acme.example/logo.svg.")
_HEX_COLOR = _text(_COLOR.fullmatch, "Give a colour such as #1a2b3c.")
_SPECIAL: dict[str, Callable[[Any], Any]] = {
    "data_transfer_vendors": _vendors,
    "boot_configuration": _keys,
    "authorization_policy.accepted_prefixes": _list_of(
        lambda text: bool(_ID_TAG_START.fullmatch(text)), "Each has 1 to 20 visible characters."
    ),
    "cors_origins": _list_of(_is_origin, "Each is an origin such as https://app.acme.example."),
    "brand.logo_url": _WEB_ADDRESS,
    "brand.support_url": _WEB_ADDRESS,
    "brand.primary_color": _HEX_COLOR,
    "brand.secondary_color": _HEX_COLOR,
    "brand.support_email": _text(_EMAIL.fullmatch, "Give an email address."),
    "brand.support_phone": _text(_PHONE.fullmatch, "Give a telephone number such as +49 30 1234567."),
}
