"""The running system, shared by all tests of a test process that need one, and a tenant for each mode."""

from collections.abc import Iterator

import pytest

from app.bootstrap import build_adapters, build_services
from app.services import Services
from app.storage.mongo import Databases
from tests.e2e.conftest import TestTenant, make_tenant, own_environment
from tests.e2e.system import RunningSystem
from tests.tls import Tls


@pytest.fixture(scope="session")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Tls:
    """Of the running system."""
    return Tls.prepare(tmp_path_factory.mktemp("system"))


@pytest.fixture(scope="session")
def system(tls: Tls, worker_id: str) -> Iterator[RunningSystem]:
    """Everything but Flower, on free ports; charge points may come in with TLS and without."""
    accounts = {
        "MQTT_ACCESS": "http",
        "MQTT_HTTP_SECRET": "what-a-broker-shows-" * 2,
    }  # so that some can be made
    more = {**tls.environment, **accounts, **own_environment(worker_id, 0)}
    with RunningSystem(tls.folder, **more) as running:
        yield running


@pytest.fixture(scope="session")
def services(system: RunningSystem) -> Services:
    """The services, for setting up and looking behind the scenes."""
    made = build_services(system.settings)
    made.tenants.prepare_stores()
    return made


@pytest.fixture(scope="session")
def databases(system: RunningSystem) -> Databases:
    """MongoDB itself."""
    return build_adapters(system.settings).databases


@pytest.fixture(scope="session", params=["queue", "bypass"])
def tenant(request: pytest.FixtureRequest, system: RunningSystem, services: Services) -> TestTenant:
    """Every test that uses this runs in both modes."""
    return make_tenant(system, services, request.param)
