"""Certification case of the handshake, and what the transport owes every charge point."""

import pytest
from websockets.exceptions import InvalidStatus

from bench.raw_client import RawClient
from tests.e2e.conftest import TestTenant
from tests.e2e.system import RunningSystem

pytestmark = [pytest.mark.e2e, pytest.mark.conformance]


async def test_tc_088_subprotocol_negotiation(system: RunningSystem, tenant: TestTenant) -> None:
    """One that we do not speak is refused before the upgrade; among several ours is chosen (A6, A7)."""
    with pytest.raises(InvalidStatus) as refused:
        async with RawClient(system.ws_url, tenant.identity(), subprotocols=("ocpp0.1",)):
            pass
    assert 400 <= refused.value.response.status_code < 500
    async with RawClient(system.ws_url, tenant.identity(), subprotocols=("ocpp0.1", "ocpp1.6")) as client:
        assert client.connection.subprotocol == "ocpp1.6"
        boot = [2, "1", "BootNotification", {"chargePointVendor": "V", "chargePointModel": "M"}]
        assert (await client.call_raw(boot))[2]["status"] == "Accepted"
