"""Two tenants that have lived their day, for each way of dispatch."""

from collections.abc import Iterator

import pytest

from app.services import Services
from tests.e2e.system import RunningSystem
from tests.isolation.ears import Ears
from tests.isolation.followers import Page, Receiver
from tests.isolation.life import Life
from tests.isolation.sides import make_side
from tests.isolation.town import Town


@pytest.fixture(scope="session", params=["queue", "bypass"])
def life(request: pytest.FixtureRequest, system: RunningSystem, services: Services) -> Iterator[Life]:
    """After it has been lived, with all charge points still connected."""
    offsets = {name: len(system.log(name)) for name in system.names}
    left, right = (make_side(system, services, request.param) for _ in range(2))
    with (
        Ears(system.settings.mqtt.url) as ears,
        Receiver() as receiver,
        Page(system.rest_url, left) as left_page,
        Page(system.rest_url, right) as right_page,
        Town(system.ws_url) as town,
    ):
        pages = {page.side.tenant_id: page for page in (left_page, right_page)}
        life = Life(system, town, ears, receiver, pages, left, right, offsets, {})
        life.live()
        yield life
    for side in (left, right):
        side.rest.close()
