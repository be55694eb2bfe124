"""Contract of `GatewayLink`."""

from uuid import uuid4

import pytest

from app.domain.context import ChargePointRef
from app.domain.errors import Retryable
from app.messaging import redis_client
from app.messaging.gateway_link import BatchReplies, CloseReplaced, RedisGatewayLink
from app.messaging.redis_client import RedisGuard
from app.services.ports import CommandDelivery
from tests.builders import NOON
from tests.contract.conftest import Servers
from tests.contract.stores import Stores


def gateway(stores: Stores, name: str = "a") -> str:
    return f"gw-{stores.unique}-{name}"


def delivery(stores: Stores, name: str = "cmd-1") -> CommandDelivery:
    return CommandDelivery(ChargePointRef(stores.id, "CP-1"), 3, name, "Reset", {"type": "Soft"}, NOON, 30.0)


def test_a_gateway_lives_from_its_first_sign_of_life_until_it_stops_giving_them(stores: Stores) -> None:
    mine = gateway(stores)
    assert mine not in stores.link.live_gateways() | stores.link.dead_gateways()
    stores.gateways.appear(mine)
    assert mine in stores.link.live_gateways()
    assert mine not in stores.link.dead_gateways()
    stores.gateways.die(mine)
    assert mine not in stores.link.live_gateways()
    assert mine in stores.link.dead_gateways()


def test_a_dead_gateway_is_forgotten_when_asked_to(stores: Stores) -> None:
    for name in ("a", "b"):
        stores.gateways.appear(gateway(stores, name))
        stores.gateways.die(gateway(stores, name))
    stores.link.forget_gateway(gateway(stores, "a"))
    stores.link.forget_gateway(gateway(stores, "unknown"))
    assert gateway(stores, "a") not in stores.link.dead_gateways()
    assert gateway(stores, "b") in stores.link.dead_gateways()


def test_commands_reach_their_gateway_in_order_and_no_other(stores: Stores) -> None:
    for name in ("a", "b"):
        stores.gateways.appear(gateway(stores, name))
    for number in range(3):
        stores.link.deliver(gateway(stores, "a"), delivery(stores, f"cmd-{number}"))
    received = stores.gateways.read(gateway(stores, "a"))
    assert received == [delivery(stores, f"cmd-{number}") for number in range(3)]
    assert stores.gateways.read(gateway(stores, "b")) == []


def test_waking_the_relay_never_fails(stores: Stores) -> None:
    stores.link.wake_relay(stores.id)
    stores.link.wake_relay(stores.id)


@pytest.mark.integration
def test_replies_and_orders_share_the_stream_with_commands(real: Stores) -> None:
    assert isinstance(real.link, RedisGatewayLink)
    mine, ref = gateway(real), ChargePointRef(real.id, "CP-1")
    real.gateways.appear(mine)
    real.link.reply(mine, 7, [["c-1", 1, "[3]", None]])
    real.link.deliver(mine, delivery(real))
    real.link.close_replaced(mine, ref, 4)
    assert real.gateways.read(mine) == [
        BatchReplies(7, (["c-1", 1, "[3]", None],)),
        delivery(real),
        CloseReplaced(ref, 4),
    ]


@pytest.mark.integration
def test_nothing_is_written_to_a_gateway_that_has_withdrawn(real: Stores) -> None:
    assert isinstance(real.link, RedisGatewayLink)
    mine = gateway(real)
    real.gateways.appear(mine)
    real.link.withdraw(mine)
    with pytest.raises(Retryable):
        real.link.deliver(mine, delivery(real))
    assert real.gateways.read(mine) == []
    assert mine in real.link.dead_gateways()


@pytest.mark.integration
def test_a_sign_of_life_keeps_the_stream_and_what_is_in_it(real: Stores) -> None:
    mine = gateway(real)
    real.gateways.appear(mine)
    real.link.deliver(mine, delivery(real))
    real.gateways.appear(mine)
    assert real.gateways.read(mine) == [delivery(real)]


@pytest.mark.integration
def test_a_wake_is_waited_for(real: Stores) -> None:
    """Other tests' wakes may come in between."""
    assert isinstance(real.link, RedisGatewayLink)
    real.link.wake_relay(real.id)
    woken = []
    while (tenant_id := real.link.wait_for_wake(0.2)) is not None and tenant_id != real.id:
        woken.append(tenant_id)
    assert tenant_id == real.id


@pytest.mark.integration
def test_who_has_waited_longest_is_woken_first(real: Stores) -> None:
    """Whatever its name, and however often another one calls."""
    assert isinstance(real.link, RedisGatewayLink)
    late, early = f"a-{real.id}", f"z-{real.id}"
    for tenant_id in (early, late, early):
        real.link.wake_webhooks(tenant_id)
    woken: list[str] = []
    while len(woken) < 2:
        woken.extend({real.link.wait_for_webhooks(0.5) or "nobody"} & {late, early, "nobody"})
    assert woken == [early, late]


@pytest.mark.integration
def test_gateways_tell_each_other_how_many_are_connected(servers: Servers) -> None:
    client = redis_client.connect(servers.redis_url)
    link, unique = RedisGatewayLink(RedisGuard(client)), uuid4().hex
    ours, theirs, third = (f"gw-{name}-{unique}" for name in ("a", "b", "c"))
    link.announce(ours, {unique: 5})
    link.announce(theirs, {unique: 2, f"other-{unique}": 1})
    link.announce(third, {unique: 1})
    assert link.connected_elsewhere(ours)[unique] == 3
    assert link.connected_elsewhere(ours)[f"other-{unique}"] == 1
    link.withdraw(theirs)
    assert link.connected_elsewhere(ours)[unique] == 1
    for gateway_id in (ours, theirs, third):
        link.withdraw(gateway_id)
        link.forget_gateway(gateway_id)
    client.close()
