"""The MongoDB client, the databases behind it, and what its errors mean to us."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any, TypeVar

from bson.codec_options import CodecOptions
from pymongo import MongoClient
from pymongo.client_session import ClientSession
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError, PyMongoError

from app.domain.errors import Retryable
from app.domain.tenant import database_name

Document = dict[str, Any]
T = TypeVar("T")
PLATFORM_DATABASE = "ocpp_platform"
RIDE_OUT_S = 3.0
"""So long without a primary is waited out; after that nobody waits in vain until there is one again."""


def connect(uri: str) -> MongoClient[Document]:
    """A client that gives up early enough to answer a charge point in time. Connects on first use.

    Writes are acknowledged by a majority, in the journal: what was answered is durable. A server that hangs
    is noticed within three seconds, and what waits for it is broken off; the election of another one is
    waited for as long as `RIDE_OUT_S`.
    """
    return MongoClient(
        uri,
        tz_aware=True,
        tzinfo=UTC,
        appname="ocpp-server",
        w="majority",
        journal=True,
        serverSelectionTimeoutMS=int(RIDE_OUT_S * 1000),
        connectTimeoutMS=2_000,
        heartbeatFrequencyMS=1_000,
        socketTimeoutMS=10_000,
        maxPoolSize=64,
    )


@contextmanager
def store_errors() -> Iterator[None]:
    """Turn the driver's errors into Retryable. A duplicate key passes: it is an answer, not a failure."""
    try:
        yield
    except DuplicateKeyError:
        raise
    except PyMongoError as failure:
        raise Retryable(f"MongoDB: {type(failure).__name__}: {failure}") from failure


class Databases:
    """Access to the platform's database and each tenant's own.

    Every way to them raises Retryable at once while there is no primary for longer than `RIDE_OUT_S`, as the
    driver's own monitor knows: were each call to wait for itself, calls would pile up behind those that wait.
    """

    def __init__(
        self, client: MongoClient[Document], monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self.client = client
        self._monotonic = monotonic
        self._lost_at: float | None = None
        self._options: CodecOptions[Document] = CodecOptions(tz_aware=True, tzinfo=UTC)

    @property
    def platform(self) -> Database[Document]:
        """Tenants, users, and for whom certificates were signed."""
        self._check()
        return self.client.get_database(PLATFORM_DATABASE, codec_options=self._options)

    def of(self, tenant_id: str) -> Database[Document]:
        """Everything that is one tenant's."""
        self._check()
        return self.client.get_database(database_name(tenant_id), codec_options=self._options)

    def collection(self, tenant_id: str, name: str) -> Collection[Document]:
        """One of a tenant's collections."""
        return self.of(tenant_id)[name]

    def _check(self) -> None:
        if self.client.topology_description.has_writable_server():
            self._lost_at = None
            return
        now = self._monotonic()
        if self._lost_at is None:
            self._lost_at = now
        if now - self._lost_at > RIDE_OUT_S:
            raise Retryable("MongoDB: there is no primary")

    def transact(self, write: Callable[[ClientSession], T]) -> T:
        """Run `write` in a transaction: its writes become visible together, or not at all.

        The driver runs it again on a passing conflict, so it must have no effect besides its writes.
        """
        with store_errors(), self.client.start_session() as session:
            return session.with_transaction(write)

    def ping(self) -> None:
        """Raises Retryable if MongoDB does not answer."""
        with store_errors():
            self.client.admin.command("ping")

    def server_time(self) -> datetime:
        """What MongoDB's clock says. Raises Retryable."""
        with store_errors():
            told: datetime = self.client.admin.command("hello")["localTime"]
        return told if told.tzinfo else told.replace(tzinfo=UTC)


def members_of(kind: type, document: Mapping[str, Any]) -> dict[str, Any]:
    """Those members of a document that the dataclass `kind` has: a later version may write more beside them.

    Everything that is read from a document by its members' names goes through here.
    """
    return {member.name: document[member.name] for member in fields(kind) if member.name in document}


def of_revision(revision: int | None) -> Document:
    """The condition that a document is of this revision, where that matters; the first ones had none."""
    return {} if revision is None else {"revision": revision or {"$in": [0, None]}}
