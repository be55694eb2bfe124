"""kombu's transport, mended."""

from types import SimpleNamespace

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from app.messaging.celery_app import Side, build_celery
from app.messaging.redis_transport import Channel, Transport
from app.settings import Settings


@pytest.mark.parametrize("connection", [None, SimpleNamespace(client=None)])
def test_a_channel_that_lost_its_connection_says_so(connection: object) -> None:
    """With anything else than a connection error Celery ends instead of connecting again."""
    channel = Channel.__new__(Channel)
    channel.connection = connection
    with pytest.raises(RedisConnectionError):
        channel._connparams()


@pytest.mark.parametrize("side", Side)
def test_both_sides_use_it(side: Side) -> None:
    app = build_celery(Settings.from_env(), side)
    assert isinstance(app.connection_for_read().transport, Transport)
