"""The suite knows every route, action, topic, queue, collection, key and memory: a new one fails here."""

import re

import pytest
from flask import Flask

from app.api import create_app
from app.domain.context import ChargePointRef
from app.domain.events import Event, EventChannel
from app.messaging.tasks import own_queue
from app.messaging.topics import topic_of
from app.ocpp.catalog import load_catalog
from app.services import Services
from app.storage import indexes
from tests.e2e.system import RunningSystem
from tests.isolation.actions import INBOUND, OUTBOUND
from tests.isolation.memory import redis_keys, remembered
from tests.isolation.places import COLLECTIONS, MEMORY, PLATFORM_COLLECTIONS, REDIS_KEYS
from tests.isolation.routes import APART, CASES, PLATFORM, PUBLIC, Route


@pytest.fixture(scope="module")
def app(services: Services, system: RunningSystem) -> Flask:
    """The application as it is served."""
    return create_app(services, system.settings)


def _routes(app: Flask) -> set[Route]:
    return {
        (method, rule.rule)
        for rule in app.url_map.iter_rules()
        for method in rule.methods or ()
        if method not in ("HEAD", "OPTIONS")
    }


def test_every_route_is_tried(app: Flask) -> None:
    listed = CASES.keys() | PUBLIC.keys() | PLATFORM | APART
    new, gone = sorted(_routes(app) - listed), sorted(listed - _routes(app))
    assert not new, f"tests/isolation/routes.py says how to try a route; add a Case for {new}"
    assert not gone, f"there is no such route any more; take it out of tests/isolation/routes.py: {gone}"


def test_every_action_is_spoken() -> None:
    inbound, outbound = load_catalog().actions()
    assert set(inbound) == INBOUND.keys(), "give each a line in tests/isolation/actions.py: INBOUND"
    assert set(outbound) == OUTBOUND.keys(), "give each a line in tests/isolation/actions.py: OUTBOUND"


def test_every_memory_and_every_key_is_known() -> None:
    sentence = (
        "look at it with two tenants in mind, and say in tests/isolation/places.py what keeps them apart"
    )
    new, gone = sorted(remembered() - MEMORY.keys()), sorted(MEMORY.keys() - remembered())
    assert not new, f"MEMORY: {sentence}: {new}"
    assert not gone, f"MEMORY: these are gone: {gone}"
    assert redis_keys() == REDIS_KEYS.keys(), f"REDIS_KEYS: {sentence}"


def test_every_index_is_of_a_known_collection() -> None:
    assert indexes.TENANT.keys() <= COLLECTIONS.keys(), "add it to tests/isolation/places.py: COLLECTIONS"
    assert indexes.PLATFORM.keys() <= PLATFORM_COLLECTIONS.keys(), "and here: PLATFORM_COLLECTIONS"


@pytest.mark.parametrize("channel", EventChannel)
def test_every_topic_is_a_tenants(channel: EventChannel) -> None:
    """Ids cannot break out of their place."""
    event = Event(channel, ChargePointRef("acme", "../beta/+/#"), {})
    assert re.fullmatch(r"ocpp/[a-z]+/acme/\.\.%2Fbeta%2F%2B%2F%23(/[a-z_]+)?", topic_of(event))


def test_a_queue_of_ones_own_is_nobody_elses() -> None:
    assert own_queue("acme") == "ocpp.acme" != own_queue("beta")
