"""Every process shows what it did, and a session moves the counters."""

import re
from collections.abc import Iterator

import httpx
import pytest

from app.bootstrap import build_services
from bench.charge_point import SimulatedChargePoint
from bench.system import free_ports
from tests.e2e.conftest import TestTenant, make_tenant
from tests.e2e.system import ALL, HOST, RunningSystem
from tests.e2e.test_degradation import until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]
SILENT = ("worker", "commands", "events", "webhooks", "beat", "pools")


@pytest.fixture(scope="module")
def ports() -> dict[str, int]:
    return dict(zip(SILENT, free_ports(len(SILENT)), strict=True))


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory, ports: dict[str, int]) -> Iterator[RunningSystem]:
    system = RunningSystem(tmp_path_factory.mktemp("metrics"), (*ALL, "pools"))
    for name, port in ports.items():
        system.commands[name] = f"env HEALTH_PORT={port} {system.commands[name]}"
    with system as running:
        yield running


@pytest.fixture(params=["queue", "bypass"])
def tenant(request: pytest.FixtureRequest, measured: RunningSystem) -> TestTenant:
    services = build_services(measured.settings)
    services.tenants.prepare_stores()
    return make_tenant(measured, services, request.param)


def value(url: str, name: str, **labels: str) -> float:
    """The sum of all that carry these labels; 0 if there is none."""
    text = httpx.get(f"{url}/metrics").raise_for_status().text
    found = re.findall(rf"^{name}(\{{.*\}})? (\S+)$", text, re.MULTILINE)
    wanted = [f'{label}="{wants}"' for label, wants in labels.items()]
    return sum(float(number) for shown, number in found if all(one in shown for one in wanted))


async def test_a_session_moves_the_counters_of_every_process(
    measured: RunningSystem, tenant: TestTenant, ports: dict[str, int]
) -> None:
    gateway, at = measured.gateway_url, {name: f"http://{HOST}:{port}" for name, port in ports.items()}
    handler = at["worker"] if tenant.mode == "queue" else gateway
    tier = "shared" if tenant.mode == "queue" else "bypass"
    stored = value(handler, "ocpp_batch_part_seconds_count", part="store")
    published = value(at["events"], "ocpp_events_published_total")
    async with SimulatedChargePoint(measured.ws_url, tenant.identity()) as charge_point:
        await charge_point.boot(vendor="V", model="M")
        start = await charge_point.start(1, tenant.id_tag, 0)
        await charge_point.stop(start.transaction_id, 1000, "Local", tag=tenant.id_tag)
        assert value(gateway, "ocpp_gateway_connections") == 1
    for action in ("BootNotification", "StartTransaction", "StopTransaction"):
        assert value(gateway, "ocpp_gateway_messages_total", action=action, tier=tier) == 1
    for name in ("call_seconds", "lane_seconds", "batch_seconds", "batch_calls"):
        assert value(gateway, f"ocpp_gateway_{name}_count") >= 3
    assert value(handler, "ocpp_batch_part_seconds_count", part="store") >= stored + 3

    async def events_went_out() -> bool:
        return value(at["events"], "ocpp_events_published_total") >= published + 2

    await until(events_went_out)
    assert value(at["events"], "ocpp_event_publish_seconds_count") > 0
    for url in at.values():
        assert value(url, "ocpp_process_role") == 1
    assert value(at["beat"], "ocpp_sweeps_sent_total", result="sent") > 0
    assert value(at["pools"], "ocpp_pool_workers") == 0
    assert value(measured.rest_url, "ocpp_gauges_up") == 1
    assert value(measured.rest_url, "ocpp_queue_age_seconds", queue="sweeps") < 30
    assert value(measured.rest_url, "ocpp_outbox_age_seconds", tenant=tenant.id) >= 0


async def test_the_workers_of_a_pool_are_shown_by_their_keeper(
    measured: RunningSystem, ports: dict[str, int]
) -> None:
    services = build_services(measured.settings)
    services.tenants.prepare_stores()
    pooled = make_tenant(measured, services, "queue", worker_pool_size=1)
    keeper, name = f"http://{HOST}:{ports['pools']}", f"{pooled.id}-1"

    async with SimulatedChargePoint(measured.ws_url, pooled.identity()) as charge_point:

        async def its_own_worker_stored_a_boot() -> bool:
            assert (await charge_point.boot()).status == "Accepted"
            return value(keeper, "ocpp_batch_part_seconds_count", part="store", worker=name) > 0

        await until(its_own_worker_stored_a_boot, 60)
    assert value(keeper, "ocpp_process_role", role="active", worker=name) == 1
    assert value(keeper, "process_resident_memory_bytes", worker=name) > 1_000_000
    assert value(keeper, "ocpp_pool_workers") == 3  # one is wanted, runs and is shown

    services.tenants.configure(pooled.id, {"worker_pool_size": 0})

    async def it_is_gone() -> bool:
        return value(keeper, "ocpp_pool_workers") == value(keeper, "ocpp_process_role", worker=name) == 0

    await until(it_is_gone)
