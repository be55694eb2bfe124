"""Runs each suite against the fakes and against real servers.

These are the embedded ones, or those that the environment names.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from app.embedded import EmbeddedServers, free_port
from app.storage import mongo
from app.storage.mongo import Databases
from tests.contract.stores import Stores, fake_stores, real_stores


@dataclass(frozen=True)
class Servers:
    """Where the real ones are."""

    mongodb_uri: str
    redis_url: str


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Started once per test process, and only for what the environment does not name."""
    named_mongodb, named_redis = os.environ.get("MONGODB_URI"), os.environ.get("REDIS_URL")
    embedded = EmbeddedServers.in_directory(
        tmp_path_factory.mktemp("servers"),
        mongodb_port=None if named_mongodb else free_port(),
        redis_port=None if named_redis else free_port(),
    )
    with embedded:
        yield Servers(named_mongodb or embedded.mongodb_uri, named_redis or embedded.redis_url)


@pytest.fixture(params=["fake", pytest.param("real", marks=pytest.mark.integration)])
def stores(request: pytest.FixtureRequest) -> Iterator[Stores]:
    """Both kinds, one after the other."""
    if request.param == "fake":
        yield fake_stores()
        return
    real: Servers = request.getfixturevalue("servers")
    found, clean = real_stores(real.mongodb_uri, real.redis_url)
    try:
        yield found
    finally:
        clean()


@pytest.fixture
def real(servers: Servers) -> Iterator[Stores]:
    """Real servers only, for what a fake cannot do."""
    found, clean = real_stores(servers.mongodb_uri, servers.redis_url)
    try:
        yield found
    finally:
        clean()


@pytest.fixture
def databases(servers: Servers) -> Iterator[Databases]:
    """To look beneath the real stores."""
    databases = Databases(mongo.connect(servers.mongodb_uri))
    yield databases
    databases.client.close()
