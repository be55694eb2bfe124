"""The two tenants of the suite: the same names for everything, and each its own marker in all free text.

A side is one of them as its own administrator sees it. `TWINS` are names that both have given to the same
kind of thing; `lone` are things whose names only this side has, for the other to ask for in vain.
"""

import re
import uuid
from dataclasses import dataclass, field
from typing import Any

import httpx

from app.domain.context import ChargePointRef
from app.domain.user import Role
from app.services import Services
from tests.builders import a_dead_letter
from tests.e2e.system import RunningSystem

EMAIL = "admin@twins.example"
PHRASE = "correct horse battery staple"
CHARGE_POINT = "CP-TWIN"
ID_TAG = "TWIN-TAG"
TEMPLATE = "twin-profile"
FIRMWARE = "twin.bin"
REPORT = "twin.log"
RESERVATION_NUMBER = 7
TWINS = {
    "charge_point_id": CHARGE_POINT,
    "id_tag": ID_TAG,
    "template": TEMPLATE,
    "command_id": "cmd-Reset",
    "session_id": "session-1",
    "reservation_id": "cmd-ReserveNow",
    "diagnostics_id": "mqtt-GetDiagnostics",
    "firmware_id": "cmd-UpdateFirmware",
    "report": REPORT,
}
_AMPLE = ("api_rate_limit", "api_user_rate_limit", "ocpp_rate_limit")


@dataclass
class Side:
    """One tenant. `lone` has the ids of things by their kind; `words` must never be seen by the other."""

    tenant_id: str
    marker: str
    mode: str
    rest: httpx.Client = field(repr=False)
    lone: dict[str, str] = field(default_factory=dict)

    @property
    def words(self) -> tuple[str, ...]:
        """What gives this tenant's data away wherever it appears: its marker and its id."""
        return self.marker, self.tenant_id

    def try_to_log_in(self, password: str = PHRASE) -> httpx.Response:
        """As the administrator, whose email and password are those of the other side's."""
        body = {"email": EMAIL, "password": password, "tenant_id": self.tenant_id}
        return self.rest.post("/api/v1/auth/login", json=body)

    def log_in(self) -> dict[str, Any]:
        """Tokens of the administrator."""
        answer = self.try_to_log_in()
        assert answer.status_code == 200, answer.text
        tokens: dict[str, Any] = answer.json()
        return tokens

    def ask(self, method: str, path: str, body: Any = None, **options: Any) -> httpx.Response:
        """Whatever the answer is. `path` begins with `/`; a body that is bytes is sent as it is."""
        if isinstance(body, bytes):
            options["content"] = body
        elif body is not None:
            options["json"] = body
        return self.rest.request(method, path, **options)

    def send(self, method: str, path: str, body: Any = None, **options: Any) -> Any:
        """The body of an answer that is none of failure."""
        answer = self.ask(method, f"/api/v1{path}", body, **options)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None


def make_side(system: RunningSystem, services: Services, mode: str, cpo_name: str | None = None) -> Side:
    """A tenant with unguessable names: no marker can be in the other's data by chance."""
    tenant_id, marker = f"{mode}-iso-{uuid.uuid4().hex[:8]}", f"MARK{uuid.uuid4().hex[:8].upper()}"
    settings: dict[str, Any] = {
        "queue_enabled": mode == "queue",
        "unknown_charge_points": "refuse",
        "allow_concurrent_transactions": True,
        "cpo_name": cpo_name or marker,
        "data_transfer_vendors": {marker: [marker]},
        "brand": {"name": marker, "support_email": f"help@{marker}.example"},
        **dict.fromkeys(_AMPLE, 1_000_000),
    }
    services.tenants.create(tenant_id, f"Network {marker}", [f"{tenant_id}-CP-"], settings)
    services.users.create(EMAIL, PHRASE, Role.TENANT_ADMIN, tenant_id, f"Admin {marker}")
    client = httpx.Client(base_url=system.rest_url, timeout=40, headers={"User-Agent": f"browser {marker}"})
    side = Side(tenant_id, marker, mode, client)
    side.lone["dead_letter_id"] = park(services, side)
    client.headers["Authorization"] = f"Bearer {side.log_in()['access_token']}"
    return side


def park(services: Services, side: Side) -> str:
    """A call that broke, as no charge point can make one: the dead letter's id."""
    dead_letter_id, frame = (
        f"dead-{uuid.uuid4().hex}",
        f'[2,"u","DataTransfer",{{"vendorId":"{side.marker}"}}]',
    )
    ref = ChargePointRef(side.tenant_id, f"DEAD-{side.marker}")
    letter = a_dead_letter(dead_letter_id, ref, action="DataTransfer", frame=frame)
    services.dead_letters.park(side.tenant_id, [letter])
    return dead_letter_id


def profile(purpose: str = "TxDefaultProfile") -> dict[str, Any]:
    """A charging profile as REST takes it."""
    return {
        "stack_level": 0,
        "charging_profile_purpose": purpose,
        "charging_profile_kind": "Relative",
        "charging_schedule": {
            "charging_rate_unit": "A",
            "charging_schedule_period": [{"start_period": 0, "limit": 16}],
        },
    }


def names_in(rule: str) -> list[str]:
    """The arguments of a route's rule: `/x/<path:id_tag>` has `id_tag`."""
    return re.findall(r"<(?:\w+:)?(\w+)>", rule)
