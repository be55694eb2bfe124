"""Every route there is, and how it is tried. A new route gets its line here, else the suite fails.

For each route the suite (1) asks for the other tenant's things, which must be answered 404, as for things
that nobody has; (2) does the same as their owner, which must succeed, so that (1) says something; (3) looks
for the other tenant's marker in every answer. A line says what is special about a route:

- `objects`: which kind of thing a path argument names, where its name does not say so (kinds: `Side.lone`)
- `body`, `query`: what is sent; `refs`: fields of the body that name things, which may be the other's as well
- `filters`: query parameters that name things: with the other's, a list is empty
- `also`: refusals that the owner may get, because its thing was found and is in the wrong state
- `shows`: whether the owner's answer to a GET must show the owner's marker
- `makes`: a PUT that makes what is not there: the other's name is as good as any
- `stream`: it does not end; `Page` in followers.py reads it for as long as the suite runs
- `turn`: when the owner's turn is: what ends other things comes after them (DELETE is 1 by itself)
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.isolation.actions import in_an_hour, root_pem
from tests.isolation.sides import ID_TAG, PHRASE, Side, profile

Body = Callable[[Side], Any]
Route = tuple[str, str]


@dataclass(frozen=True)
class Case:
    """How one route is tried."""

    objects: Mapping[str, str] = field(default_factory=dict)
    body: Body | None = None
    query: str = ""
    refs: Mapping[str, str] = field(default_factory=dict)
    filters: Mapping[str, str] = field(default_factory=dict)
    also: frozenset[int] = frozenset()
    shows: bool = True
    makes: bool = False
    stream: bool = False
    turn: int = 0


_OF_CP = {"charge_point_id": "charge_point_id"}
_BUSY = frozenset({409})
_QUIET = Case(shows=False)
_V1 = "/api/v1"
_CP = f"{_V1}/chargepoints/<charge_point_id>"
_USER = f"{_V1}/users/<user_id>"
_KEY = f"{_V1}/api-keys/<api_key_id>"
_ACCOUNT = f"{_V1}/mqtt-credentials/<credential_id>"
_WEBHOOK = f"{_V1}/webhooks/<webhook_id>"


def _of(**objects: str) -> dict[str, str]:
    return objects


def _reset(side: Side) -> dict[str, Any]:
    return {"command_type": "Reset", "parameters": {"type": "Soft"}}


CASES: dict[Route, Case] = {
    # charge points
    ("GET", f"{_V1}/chargepoints"): Case(filters={"prefix": "charge_point_id"}),
    ("POST", f"{_V1}/chargepoints"): Case(body=lambda side: {"id": f"NEW-{side.marker}"}),
    ("GET", _CP): Case(),
    ("PATCH", _CP): Case(body=lambda side: {"connectors": [{"id": 1, "type": side.marker}]}),
    ("DELETE", _CP): Case(query="force=true", turn=3),
    ("PUT", f"{_CP}/registration"): Case(body=lambda _: {"status": "Accepted"}),
    ("GET", f"{_CP}/configuration"): Case(),
    ("PATCH", f"{_CP}/configuration"): Case(
        body=lambda side: {"values": {"Marker": side.marker}, "force": True}, query="wait=5"
    ),
    ("POST", f"{_CP}/configuration/read"): Case(body=lambda _: {"force": True}, query="wait=5"),
    ("GET", f"{_CP}/deviations"): _QUIET,
    ("DELETE", f"{_CP}/deviations"): Case(),
    ("POST", f"{_CP}/commands"): Case(body=_reset, query="wait=5"),
    ("POST", f"{_CP}/disconnect"): Case(also=_BUSY, turn=2),
    ("GET", f"{_V1}/refused-identities"): Case(),
    ("DELETE", f"{_V1}/refused-identities/<path:identity>"): Case(),
    # local lists
    ("GET", f"{_CP}/local-list"): _QUIET,
    ("PUT", f"{_CP}/local-list"): Case(
        body=lambda _: {"id_tags": [ID_TAG], "update": "full", "force": True}, query="wait=5", also=_BUSY
    ),
    ("GET", f"{_CP}/local-list/entries"): Case(),
    ("POST", f"{_CP}/local-list/check"): Case(body=lambda _: {"force": True}, query="wait=5", also=_BUSY),
    # smart charging
    ("GET", f"{_V1}/charging-profiles"): Case(),
    ("POST", f"{_V1}/charging-profiles"): Case(
        body=lambda side: {"name": f"new-{side.marker}", "profile": profile(), "description": side.marker}
    ),
    ("GET", f"{_V1}/charging-profiles/<name>"): Case(objects=_of(name="template")),
    ("PUT", f"{_V1}/charging-profiles/<name>"): Case(
        objects=_of(name="template"), body=lambda side: {"profile": profile(), "description": side.marker}
    ),
    ("DELETE", f"{_V1}/charging-profiles/<name>"): Case(objects=_of(name="template")),
    ("GET", f"{_CP}/charging-profiles"): _QUIET,
    ("POST", f"{_CP}/charging-profiles"): Case(
        body=lambda side: {"connector_id": 1, "template": side.lone["template"], "force": True},
        query="wait=5",
        refs={"template": "template"},
    ),
    ("DELETE", f"{_CP}/charging-profiles"): Case(query="wait=5&force=true"),
    ("GET", f"{_CP}/composite-schedule"): _QUIET,
    ("POST", f"{_CP}/composite-schedule"): Case(query="wait=5&connector_id=1&duration=600&force=true"),
    # reservations
    ("GET", f"{_V1}/reservations"): Case(filters=_OF_CP),
    ("POST", f"{_V1}/reservations"): Case(
        body=lambda side: {
            "charge_point_id": side.lone["charge_point_id"],
            "connector_id": 2,
            "id_tag": ID_TAG,
            "expires_at": in_an_hour(),
            "force": True,
        },
        query="wait=5",
        refs=_OF_CP,
    ),
    ("GET", f"{_V1}/reservations/<reservation_id>"): Case(),
    ("DELETE", f"{_V1}/reservations/<reservation_id>"): Case(query="wait=5&force=true"),
    # commands
    ("GET", f"{_V1}/commands"): Case(filters=_OF_CP),
    ("GET", f"{_V1}/commands/<command_id>"): _QUIET,
    ("GET", f"{_V1}/commands/<command_id>/effect"): _QUIET,
    # firmware and diagnostics
    ("POST", f"{_V1}/firmware-jobs"): Case(
        body=lambda side: {
            "charge_point_id": side.lone["charge_point_id"],
            "firmware_file_id": side.lone["firmware_file_id"],
            "force": True,
        },
        query="wait=5",
        refs=_OF_CP | {"firmware_file_id": "firmware_file_id"},
    ),
    ("GET", f"{_V1}/firmware-jobs"): Case(filters=_OF_CP),
    ("GET", f"{_V1}/firmware-jobs/<job_id>"): Case(objects=_of(job_id="firmware_id")),
    ("POST", f"{_V1}/firmware-files"): Case(
        body=lambda side: side.marker.encode(), query="name=new.bin&version=1"
    ),
    ("GET", f"{_V1}/firmware-files"): Case(),
    ("GET", f"{_V1}/firmware-files/<firmware_file_id>"): Case(),
    ("DELETE", f"{_V1}/firmware-files/<firmware_file_id>"): Case(),
    ("POST", f"{_V1}/diagnostics"): Case(
        body=lambda side: {"charge_point_id": side.lone["charge_point_id"], "force": True},
        query="wait=5",
        refs=_OF_CP,
    ),
    ("GET", f"{_V1}/diagnostics"): Case(filters=_OF_CP),
    ("GET", f"{_V1}/diagnostics/<job_id>"): Case(objects=_of(job_id="diagnostics_id")),
    ("GET", f"{_V1}/diagnostics/<job_id>/files/<name>"): Case(
        objects=_of(job_id="diagnostics_id", name="report")
    ),
    ("DELETE", f"{_V1}/diagnostics/<job_id>/files/<name>"): Case(
        objects=_of(job_id="diagnostics_id", name="report")
    ),
    # id tags
    ("GET", f"{_V1}/id-tags"): Case(filters={"prefix": "id_tag"}),
    ("POST", f"{_V1}/id-tags"): Case(body=lambda side: {"id_tag": f"N-{side.marker}", "note": side.marker}),
    ("GET", f"{_V1}/id-tags.csv"): Case(),
    ("POST", f"{_V1}/id-tags/import"): Case(body=lambda side: f"id_tag,note\nI-1,{side.marker}\n".encode()),
    ("GET", f"{_V1}/id-tags/<path:id_tag>"): Case(),
    ("PUT", f"{_V1}/id-tags/<path:id_tag>"): Case(body=lambda side: {"note": side.marker}, makes=True),
    ("PATCH", f"{_V1}/id-tags/<path:id_tag>"): Case(body=lambda side: {"note": side.marker}),
    ("DELETE", f"{_V1}/id-tags/<path:id_tag>"): Case(),
    # messages
    ("GET", f"{_V1}/messages"): Case(filters=_OF_CP),
    ("GET", f"{_V1}/messages/<message_id>"): Case(),
    # dead letters
    ("GET", f"{_V1}/dead-letters"): Case(filters=_OF_CP),
    ("GET", f"{_V1}/dead-letters/<dead_letter_id>"): Case(),
    ("POST", f"{_V1}/dead-letters/<dead_letter_id>/replay"): Case(),
    ("POST", f"{_V1}/dead-letters/<dead_letter_id>/discard"): Case(also=_BUSY),
    # security
    ("GET", f"{_V1}/certificates"): Case(filters=_OF_CP),
    ("GET", f"{_V1}/certificates/ca"): _QUIET,
    ("GET", f"{_V1}/certificates/<certificate_id>"): Case(),
    ("POST", f"{_V1}/certificates/<certificate_id>/revoke"): Case(also=_BUSY),
    ("POST", f"{_V1}/certificates/<certificate_id>/sign"): Case(also=_BUSY),
    ("POST", f"{_CP}/certificates"): Case(
        body=lambda side: {"pem": root_pem(side), "kind": "manufacturer_root", "force": True}, query="wait=5"
    ),
    ("POST", f"{_CP}/certificates/read"): Case(body=lambda _: {"kind": "manufacturer_root"}, query="wait=5"),
    ("POST", f"{_CP}/certificates/renew"): Case(query="wait=5"),
    ("DELETE", f"{_CP}/certificates/<name>"): Case(
        objects=_of(name="certificate_id"), query="wait=5&force=true"
    ),
    ("GET", f"{_CP}/security"): Case(),
    ("PUT", f"{_CP}/security"): Case(body=lambda _: {"profile": 0, "force": True}),
    ("POST", f"{_CP}/security/key"): Case(
        body=lambda _: {"mode": "rotate", "force": True}, query="wait=5", also=_BUSY
    ),
    ("POST", f"{_CP}/security/upgrade"): Case(
        body=lambda _: {"profile": 1, "force": True}, query="wait=5", also=_BUSY
    ),
    ("GET", f"{_V1}/security-events"): Case(filters=_OF_CP),
    # sessions
    ("GET", f"{_V1}/sessions"): Case(filters=_OF_CP, shows=False),
    ("GET", f"{_V1}/sessions.csv"): Case(filters=_OF_CP, shows=False),
    ("GET", f"{_V1}/sessions/<session_id>"): _QUIET,
    ("GET", f"{_V1}/sessions/<session_id>/meter-values"): Case(),
    ("GET", f"{_CP}/meter-values"): _QUIET,
    ("POST", f"{_V1}/sessions/<session_id>/stop"): Case(query="wait=5", also=_BUSY),
    ("GET", f"{_V1}/sessions.jsonl"): Case(filters=_OF_CP, shows=False),
    # people and keys
    ("GET", f"{_V1}/users"): Case(),
    ("POST", f"{_V1}/users"): Case(
        body=lambda side: {
            "email": "new@twins.example",
            "password": PHRASE,
            "role": "viewer",
            "name": side.marker,
        }
    ),
    ("GET", _USER): Case(),
    ("PATCH", _USER): Case(body=lambda side: {"name": f"changed {side.marker}"}),
    ("DELETE", _USER): Case(turn=2),
    ("PUT", f"{_USER}/password"): Case(body=lambda _: {"password": f"another {PHRASE}"}),
    ("POST", f"{_USER}/unlock"): Case(),
    ("DELETE", f"{_USER}/sessions"): Case(),
    ("GET", f"{_V1}/auth/me"): _QUIET,
    ("GET", f"{_V1}/auth/sessions"): Case(),
    ("DELETE", f"{_V1}/auth/sessions/<login_session_id>"): Case(),
    ("GET", f"{_V1}/api-keys"): Case(),
    ("POST", f"{_V1}/api-keys"): Case(body=lambda side: {"name": f"new {side.marker}", "role": "viewer"}),
    ("GET", _KEY): Case(),
    ("POST", f"{_KEY}/rotate"): Case(),
    ("DELETE", _KEY): Case(),
    ("GET", f"{_V1}/audit"): Case(),
    ("GET", f"{_V1}/audit.csv"): Case(),
    ("GET", f"{_V1}/audit.jsonl"): Case(),
    ("GET", f"{_V1}/mqtt-credentials"): Case(),
    ("POST", f"{_V1}/mqtt-credentials"): Case(
        body=lambda side: {"name": f"n-{side.marker.lower()}", "role": "subscriber"}
    ),
    ("GET", _ACCOUNT): Case(),
    ("POST", f"{_ACCOUNT}/rotate"): Case(),
    ("DELETE", _ACCOUNT): Case(),
    # events, webhooks, numbers
    ("GET", f"{_V1}/events"): Case(stream=True),
    ("POST", f"{_V1}/events/ticket"): Case(),
    ("GET", f"{_V1}/stats"): Case(filters=_OF_CP, shows=False),
    ("GET", f"{_V1}/webhooks"): Case(),
    ("POST", f"{_V1}/webhooks"): Case(body=lambda side: {"url": f"http://127.0.0.1:9/{side.marker}"}),
    ("GET", _WEBHOOK): Case(),
    ("PATCH", _WEBHOOK): Case(body=lambda side: {"description": f"changed {side.marker}"}),
    ("DELETE", _WEBHOOK): Case(),
    ("POST", f"{_WEBHOOK}/secret"): Case(),
    ("POST", f"{_WEBHOOK}/test"): Case(),
    ("POST", f"{_WEBHOOK}/redeliver"): Case(body=lambda _: {"since": "2026-01-01T00:00:00Z"}),
    ("GET", f"{_WEBHOOK}/deliveries"): _QUIET,
    ("GET", f"{_WEBHOOK}/deliveries/<delivery_id>"): _QUIET,
    ("POST", f"{_WEBHOOK}/deliveries/<delivery_id>/redeliver"): Case(also=_BUSY),
    # tenants
    ("GET", f"{_V1}/brand"): Case(),  # public where a tenant is named; without a name it is the caller's own
    ("GET", f"{_V1}/tenants/<tenant_id>/export"): Case(),
    ("GET", f"{_V1}/tenants/<tenant_id>"): Case(),
    ("PUT", f"{_V1}/tenants/<tenant_id>/config"): Case(body=lambda side: {"cpo_name": side.marker}),
}

PUBLIC: dict[Route, str] = {
    ("POST", f"{_V1}/auth/login"): "Shows nothing but tokens, and to whoever has the password.",
    ("POST", f"{_V1}/auth/refresh"): "The same, to whoever has the refresh token.",
    ("POST", f"{_V1}/mqtt/auth"): "The broker's, by a secret of its own; answers yes or no.",
    ("POST", f"{_V1}/mqtt/acl"): "The broker's, by a secret of its own; answers yes or no.",
    ("GET", "/health"): "About processes.",
    ("GET", "/health/live"): "About processes.",
    ("GET", "/health/ready"): "About processes.",
    ("GET", "/metrics"): "The operator's; its labels are in tests/isolation/places.py.",
    ("GET", "/"): "The way to the documentation.",
    ("GET", "/api/openapi.json"): "Documentation.",
    ("GET", "/api/docs"): "Documentation.",
    ("GET", "/api/docs/start.js"): "Documentation.",
    ("GET", "/api/docs/<name>"): "Documentation.",
    ("GET", "/files/<token>/<name>"): "A signed link names its tenant: see test_files.py.",
    ("PUT", "/files/<token>/"): "A signed link names its tenant: see test_files.py.",
    ("POST", "/files/<token>/"): "A signed link names its tenant: see test_files.py.",
    ("PUT", "/files/<token>/<name>"): "A signed link names its tenant: see test_files.py.",
    ("POST", "/files/<token>/<name>"): "A signed link names its tenant: see test_files.py.",
    ("PUT", "/files/<token>//<name>"): "A signed link names its tenant: see test_files.py.",
    ("POST", "/files/<token>//<name>"): "A signed link names its tenant: see test_files.py.",
}
"""Routes without a token, and why they cannot show one tenant's data to another."""

APART: set[Route] = {
    ("POST", f"{_V1}/auth/logout"),
    ("PUT", f"{_V1}/auth/password"),
}
"""Routes that end what the suite goes on with: tried in test_people.py."""

PLATFORM: set[Route] = {
    ("GET", f"{_V1}/tenants"),
    ("POST", f"{_V1}/tenants"),
    ("PATCH", f"{_V1}/tenants/<tenant_id>"),
    ("DELETE", f"{_V1}/tenants/<tenant_id>"),
    ("POST", f"{_V1}/tenants/<tenant_id>/suspend"),
    ("POST", f"{_V1}/tenants/<tenant_id>/resume"),
}
"""Platform admins' only. Everybody else is told so before anything is looked at, whosever it is: 403."""
