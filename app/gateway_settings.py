"""Settings of the gateway: the WebSocket side. Read as part of `app.settings`."""

from dataclasses import dataclass
from pathlib import Path

from environs import Env
from marshmallow import ValidationError
from marshmallow.validate import OneOf, Range

PORT = Range(min=1, max=65535)


@dataclass(frozen=True, slots=True)
class TlsSettings:
    """The encrypted listener. Each certificate is a file with its chain, and the file with its key."""

    port: int
    certificates: tuple[tuple[Path, Path], ...]
    client_ca: Path | None


@dataclass(frozen=True, slots=True)
class GatewaySettings:
    """The WebSocket side. Times in seconds, sizes in bytes."""

    host: str
    port: int
    public_url: str
    metrics_port: int
    max_message_bytes: int
    ping_timeout_s: float
    send_timeout_s: float
    queue_answer_timeout_s: float
    bypass_threads: int
    max_waiting_calls: int
    max_connections: int
    handshakes_at_once: int
    charge_point_handshakes_per_minute: int
    address_handshakes_per_minute: int
    drain_s: float
    plain: bool = True
    shared_port: bool = False
    tls: TlsSettings | None = None
    subprotocol_mismatch: str = "refuse"


def read_gateway(env: Env) -> GatewaySettings:
    """Read them; `env` collects what is wrong."""
    positive = Range(min=0.01)
    return GatewaySettings(
        host=env.str("GATEWAY_HOST", "127.0.0.1"),
        port=env.int("GATEWAY_PORT", 9000, validate=PORT),
        public_url=_public_url(env),
        metrics_port=env.int("GATEWAY_METRICS_PORT", 0, validate=Range(min=0, max=65535)),
        max_message_bytes=env.int("GATEWAY_MAX_MESSAGE_BYTES", 1_048_576, validate=Range(min=1024)),
        ping_timeout_s=env.float("GATEWAY_PING_TIMEOUT_S", 30.0, validate=positive),
        send_timeout_s=env.float("GATEWAY_SEND_TIMEOUT_S", 10.0, validate=positive),
        queue_answer_timeout_s=env.float("QUEUE_ANSWER_TIMEOUT_S", 2.0, validate=positive),
        bypass_threads=env.int("GATEWAY_BYPASS_THREADS", 4, validate=Range(min=1, max=256)),
        max_waiting_calls=env.int("GATEWAY_MAX_WAITING_CALLS", 32, validate=Range(min=1)),
        max_connections=env.int("GATEWAY_MAX_CONNECTIONS", 18_000, validate=Range(min=1)),
        handshakes_at_once=env.int("GATEWAY_HANDSHAKES_AT_ONCE", 48, validate=Range(min=1)),
        charge_point_handshakes_per_minute=_per_minute(env, "CHARGE_POINT", 30),
        address_handshakes_per_minute=_per_minute(env, "ADDRESS", 0),
        drain_s=env.float("GATEWAY_DRAIN_S", 10.0, validate=Range(min=0)),
        subprotocol_mismatch=env.str(
            "GATEWAY_SUBPROTOCOL_MISMATCH", "refuse", validate=OneOf(["refuse", "close"])
        ),
        tls=(tls := _tls(env)),
        plain=_plain(env, tls),
        shared_port=env.bool("GATEWAY_SHARED_PORT", False),
    )


def _per_minute(env: Env, whose: str, default: int) -> int:
    """Handshakes that one of these may begin in a minute; 0 for any number."""
    return int(env.int(f"GATEWAY_{whose}_HANDSHAKES_PER_MINUTE", default, validate=Range(min=0)) or 0)


def _public_url(env: Env) -> str:
    """Without a slash at its end; by default where the gateway listens, encrypted if it does that."""

    def is_websocket(value: str) -> None:
        if not value.startswith(("ws://", "wss://")):
            raise ValidationError("Must start with ws:// or wss://.")

    host, tls_port = env.str("GATEWAY_HOST", "127.0.0.1"), env.str("GATEWAY_TLS_PORT", "0")
    plain = f"ws://{host}:{env.str('GATEWAY_PORT', '9000')}"
    here = plain if tls_port == "0" else f"wss://{host}:{tls_port}"
    given: str | None = env.str("GATEWAY_PUBLIC_URL", f"{here}/ocpp", validate=is_websocket)
    return (given or "").rstrip("/")  # None: it is wrong, and `env` has noted that


def _plain(env: Env, tls: TlsSettings | None) -> bool:
    def leaves_a_door(value: str) -> None:
        if value == "off" and tls is None:
            raise ValidationError("Without GATEWAY_TLS_PORT nobody could connect.")

    value = env.str("GATEWAY_PLAIN", "on", validate=[OneOf(["on", "off"]), leaves_a_door])
    return bool(value == "on")


def _tls(env: Env) -> TlsSettings | None:
    """None where GATEWAY_TLS_PORT is 0."""
    port = env.int("GATEWAY_TLS_PORT", 0, validate=Range(min=0, max=65535))

    name = "GATEWAY_TLS_CERTIFICATES"
    certificates = env.str(name) if port else env.str(name, "")
    client_ca = env.str("GATEWAY_TLS_CLIENT_CA", "")
    if not port or not certificates:
        return None
    files = [part.strip().partition(":") for part in certificates.split(",") if part.strip()]
    pairs = tuple((Path(chain), Path(key or chain)) for chain, _, key in files)
    return TlsSettings(port, pairs, Path(client_ca) if client_ca else None)
