"""The shape of the house: small modules, a test beside each action, tenants first."""

import importlib
import inspect
import pkgutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_type_hints

import pytest

import app.services
from app.domain.context import ChargePointRef
from app.domain.tenant import Tenant

ROOT = Path(__file__).parents[2]
MAX_LINES = 300
HOLD_NO_TENANTS_DATA = {
    "ApiKeyRepository",  # who presents a key or a token does not say whose it is
    "BrokerAccounts",
    "FailureRepository",
    "LiveSessions",
    "LoginSessionRepository",
    "MqttCredentialRepository",  # a broker knows a username
    "CertificateAuthority",
    "Clock",
    "CommandKind",
    "FileLinks",
    "GatewayLink",
    "ProtocolCatalog",
    "RateLimiter",
    "TenantRepository",
    "TicketStore",
    "UserRepository",
}


def sources() -> list[Path]:
    return [
        path
        for folder in ("app", "gateway", "workers", "beat", "bench")
        for path in (ROOT / folder).rglob("*.py")
    ]


def test_no_module_grows_beyond_what_one_can_read() -> None:
    lengths = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in sources()}
    assert not {name for name, length in lengths.items() if length > MAX_LINES}


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


def ports() -> list[type]:
    """Every Protocol that `app.services` declares, in `ports` or beside the service that needs it."""
    modules = [
        importlib.import_module(found.name)
        for found in pkgutil.walk_packages(app.services.__path__, "app.services.")
    ]
    return [
        declared
        for module in modules
        for declared in vars(module).values()
        if inspect.isclass(declared)
        and declared.__module__ == module.__name__
        and getattr(declared, "_is_protocol", False)
    ]


def methods_of_stores() -> list[Any]:
    return [
        pytest.param(function, id=f"{port.__name__}.{name}")
        for port in ports()
        if port.__name__ not in HOLD_NO_TENANTS_DATA
        for name, function in vars(port).items()
        if inspect.isfunction(function) and not name.startswith("_")
    ]


def carries_the_tenant(kind: Any) -> bool:
    fields = get_type_hints(kind) if inspect.isclass(kind) else {}
    return kind is Tenant or "tenant_id" in fields or not {ChargePointRef, Tenant}.isdisjoint(fields.values())


@pytest.mark.parametrize("method", methods_of_stores())
def test_every_method_of_a_tenants_store_takes_the_tenant_first(method: Callable[..., Any]) -> None:
    """A query without a tenant cannot be written (design section 4)."""
    _, first, *_ = inspect.signature(method).parameters
    keyed_by_tenant = first == "by_tenant"  # a mapping: what is asked of each
    assert first == "tenant_id" or keyed_by_tenant or carries_the_tenant(get_type_hints(method)[first])


def test_what_holds_no_tenants_data_is_still_there() -> None:
    assert {port.__name__ for port in ports()} >= HOLD_NO_TENANTS_DATA
