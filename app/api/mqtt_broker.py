"""What a broker asks over HTTP before it lets somebody in, or to a topic (EMQX style; MQTT_ACCESS=http)."""

import hmac
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast
from urllib.parse import unquote, urlsplit

from flask import request

from app.api.blueprint import Blueprint, problems
from app.api.current import services, settings
from app.api.schemas.mqtt import BrokerAclSchema, BrokerAnswerSchema, BrokerLoginSchema
from app.domain.errors import NotAuthenticated, NotFound

View = TypeVar("View", bound=Callable[..., Any])
SECRET_HEADER = "X-Broker-Secret"  # noqa: S105 - the name of a header
ALLOW, DENY = "allow", "deny"
mqtt_broker = Blueprint(
    "mqtt_broker", __name__, url_prefix="/api/v1/mqtt", description="What an MQTT broker asks."
)


def for_broker(view: View) -> View:
    """Let only the broker in, which knows MQTT_HTTP_SECRET. Raises NotFound (no broker asks here)."""

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        secret = settings().mqtt.http_secret
        if not secret:
            raise NotFound("No broker asks here: MQTT_ACCESS is not http.")
        if not hmac.compare_digest(request.headers.get(SECRET_HEADER, "").encode(), secret.encode()):
            raise NotAuthenticated("Only the broker may ask.")
        return view(*args, **kwargs)

    guarded.is_for_broker = True  # type: ignore[attr-defined]
    problems(401, 404, 503)(guarded)
    return cast(View, guarded)


@mqtt_broker.post("/auth")
@for_broker
@mqtt_broker.body(BrokerLoginSchema)
@mqtt_broker.answers(200, BrokerAnswerSchema, "Whether it may come in.")
@problems(400, 415, 422)
def authenticate_mqtt(body: dict[str, str]) -> dict[str, Any]:
    """May this client connect?

    Asked by the broker with its secret in `X-Broker-Secret`. A program's `clientid` must begin with its
    username, so that none can take another's place. The account in `MQTT_URL`, this server's own, may do
    everything.
    """
    if _is_server(body["username"], body["password"]):
        return {"result": ALLOW, "is_superuser": True}
    fits = services().mqtt_access.authenticate(body["username"], body["password"], body["clientid"])
    return {"result": ALLOW if fits else DENY, "is_superuser": False}


@mqtt_broker.post("/acl")
@for_broker
@mqtt_broker.body(BrokerAclSchema)
@mqtt_broker.answers(200, BrokerAnswerSchema, "Whether it may do that.")
@problems(400, 415, 422)
def authorize_mqtt(body: dict[str, str]) -> dict[str, Any]:
    """May this client read or write there?

    Asked by the broker with its secret in `X-Broker-Secret`, for every topic; let the broker remember answers
    for a minute at most.
    """
    allowed = services().mqtt_access.allows(body["username"], body["action"], body["topic"])
    return {"result": ALLOW if allowed else DENY, "is_superuser": False}


def _is_server(username: str, password: str) -> bool:
    known = urlsplit(settings().mqtt.url)
    if not known.username or not known.password:
        return False
    pairs = ((username, unquote(known.username)), (password, unquote(known.password)))
    return all([hmac.compare_digest(given.encode(), own.encode()) for given, own in pairs])  # noqa: C419 - both, so that time tells nothing
