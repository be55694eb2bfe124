"""The shape of the house: small modules, a test beside each action, tenants first."""

import inspect
from pathlib import Path
from typing import get_type_hints

import pytest

from app.domain.charge_point import ChargePoint
from app.domain.command import Command
from app.domain.context import ChargePointRef
from app.domain.session import Session
from app.domain.tenant import Tenant
from app.services import ports
from app.services.batch import Batch

ROOT = Path(__file__).parents[2]
MAX_LINES = 300
LOOKED_AT = {"app/services/ports.py"}  # one list of promises, which nobody gains from spreading over files
CARRIERS = (ChargePointRef, ChargePoint, Session, Command, Tenant, Batch)
TENANT_PORTS = [
    ports.ChargePointRepository,
    ports.SessionRepository,
    ports.IdTagRepository,
    ports.CommandRepository,
    ports.BatchStore,
    ports.Outbox,
    ports.LastSeen,
]


def sources() -> list[Path]:
    return [
        path
        for folder in ("app", "gateway", "workers", "beat", "bench")
        for path in (ROOT / folder).rglob("*.py")
    ]


def test_no_module_grows_beyond_what_one_can_read() -> None:
    lengths = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in sources()}
    assert {name for name, length in lengths.items() if length > MAX_LINES} <= LOOKED_AT


def test_nothing_is_called_utils() -> None:
    assert not [
        path for path in sources() if path.stem in ("utils", "util", "helpers", "helper", "misc", "common")
    ]


def test_tests_are_no_packages() -> None:
    """`tests/unit/gateway/__init__.py` would shadow the real gateway (design section 9)."""
    assert not list((ROOT / "tests").rglob("__init__.py"))


@pytest.mark.parametrize("side", ["inbound", "outbound"])
def test_every_action_has_its_mirrored_test(side: str) -> None:
    actions = {path.stem for path in (ROOT / "app/ocpp/v16" / side).glob("[a-z]*.py")}
    tests = {
        path.stem.removeprefix("test_") for path in (ROOT / "tests/unit/ocpp/v16" / side).glob("test_*.py")
    }
    assert tests == actions


def methods(port: type) -> list[tuple[str, str]]:
    return [(port.__name__, name) for name in vars(port) if not name.startswith("_")]


@pytest.mark.parametrize(("port", "method"), [pair for port in TENANT_PORTS for pair in methods(port)])
def test_every_method_of_a_tenants_store_takes_the_tenant_first(port: str, method: str) -> None:
    """A query without a tenant cannot be written (design section 4)."""
    function = getattr(getattr(ports, port), method)
    _, first, *_ = inspect.signature(function).parameters
    assert first == "tenant_id" or get_type_hints(function)[first] in CARRIERS


def test_every_store_is_listed_here() -> None:
    """A new port that holds tenants' data belongs into `TENANT_PORTS`."""
    others = {"Clock", "TenantRepository", "UserRepository", "GatewayLink", "CommandKind", "ProtocolCatalog"}
    known = {
        name
        for name, port in vars(ports).items()
        if inspect.isclass(port) and getattr(port, "_is_protocol", False)
    }
    assert known - {"Protocol"} == others | {port.__name__ for port in TENANT_PORTS}
