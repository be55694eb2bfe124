"""kombu's Redis transport, less one defect that ends a worker when Redis dies under load.

While a broken connection is closed, kombu 5.7 puts unacknowledged messages back through a channel whose
connection has already let go of its client, and stumbles over None. Celery takes the AttributeError for its
own end, where a connection error would be a reason to connect again; so that is what it gets here.
"""

import time
from typing import Any, ClassVar

from kombu.transport import TRANSPORT_ALIASES
from kombu.transport import redis as kombu_redis
from redis.exceptions import ConnectionError as RedisConnectionError

QUEUED_AT = "timestamp"
"""A message's property: seconds since 1970, by the clock of the process that published it."""


class Channel(kombu_redis.Channel):
    """Says that it is closed instead of breaking, and when a queue was last asked for its next message."""

    polled_at: ClassVar[float] = 0.0
    """By the monotonic clock. While a worker consumes and has room, every second."""

    _commands: tuple[Any, Any] = (None, None)
    """A pool, and the client that sends commands by it."""

    def _put(self, queue: str, message: dict[str, Any], **options: Any) -> None:
        """Every task tells since when it waits; one that is put back keeps what it told first."""
        message["properties"][QUEUED_AT] = time.time()
        super()._put(queue, message, **options)  # type: ignore[no-untyped-call]

    def _brpop_read(self, **options: Any) -> Any:
        Channel.polled_at = time.monotonic()
        return super()._brpop_read(**options)  # type: ignore[no-untyped-call]

    def _create_client(self, asynchronous: bool = False) -> Any:
        """One for all commands: kombu makes one for each, which costs more than the command itself."""
        if asynchronous:  # those that listen keep a connection of their own
            return super()._create_client(asynchronous)  # type: ignore[no-untyped-call]
        if self._commands[0] is not self.pool:
            self._commands = (self.pool, super()._create_client())  # type: ignore[no-untyped-call]
        return self._commands[1]

    def _connparams(self, *args: Any, **kwargs: Any) -> Any:
        if self.connection is None or self.connection.client is None:
            raise RedisConnectionError("the channel is closed")
        return super()._connparams(*args, **kwargs)  # type: ignore[no-untyped-call]


class Transport(kombu_redis.Transport):
    """As kombu's, with our channels."""

    Channel = Channel


def use_for_redis() -> None:
    """Let every connection of this process to `redis://` and `rediss://` brokers use it."""
    for scheme in ("redis", "rediss"):
        TRANSPORT_ALIASES[scheme] = f"{__name__}:{Transport.__name__}"
