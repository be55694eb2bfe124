"""An identity provider on the loopback interface, as real as tests need it: shows keys and signs tokens."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

ISSUER, AUDIENCE = "https://id.acme.example", "charging"
SigningKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
ALGORITHMS = {"rsa": "RS256", "ec": "ES256"}


@cache
def signing_key(name: str) -> SigningKey:
    """The same for the same name, as making one takes a while; its kind is what the name begins with."""
    if name.startswith("ec-384"):
        return ec.generate_private_key(ec.SECP384R1())
    if name.startswith("ec"):
        return ec.generate_private_key(ec.SECP256R1())
    return rsa.generate_private_key(65537, 1024 if name.endswith("short") else 2048)


def public_jwk(name: str, **more: Any) -> dict[str, Any]:
    """As a JWKS shows it."""
    key = signing_key(name)
    if isinstance(key, rsa.RSAPrivateKey):
        shown = RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    else:
        shown = ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return shown | {"kid": name, "use": "sig"} | more


def issued(key: str = "rsa-1", *, header: dict[str, Any] | None = None, **claims: Any) -> str:
    """A token, good but for what is given; a claim of None is left out."""
    now = datetime.now(UTC)
    good: dict[str, Any] = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "42",
        "iat": now,
        "exp": now + timedelta(minutes=5),
        "email": "ann@acme.example",
        "tenant_id": "acme",
        "roles": ["operator"],
    }
    said = {name: value for name, value in (good | claims).items() if value is not None}
    algorithm = "ES384" if key.startswith("ec-384") else ALGORITHMS[key.partition("-")[0]]
    return jwt.encode(said, signing_key(key), algorithm, {"kid": key} | (header or {}))


@dataclass
class Issuer:
    """What it shows next, and how often it was asked."""

    url: str = ""
    keys: list[dict[str, Any]] = field(default_factory=lambda: [public_jwk("rsa-1"), public_jwk("ec-1")])
    status: int = 200
    body: bytes | None = None
    location: str | None = None
    asked: int = 0
    hold: threading.Event | None = None
    entered: threading.Event = field(default_factory=threading.Event)

    def answer(self) -> bytes:
        """What is shown."""
        return json.dumps({"keys": self.keys}).encode() if self.body is None else self.body


@contextmanager
def running_issuer() -> Iterator[Issuer]:
    """Listens until the end of the block."""
    issuer = Issuer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            issuer.asked += 1
            issuer.entered.set()
            if issuer.hold is not None:
                issuer.hold.wait(10)
            body = issuer.answer()
            self.send_response(issuer.status)
            if issuer.location is not None:
                self.send_header("Location", issuer.location)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    issuer.url = f"http://127.0.0.1:{server.server_port}/jwks"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield issuer
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
