"""A gateway's encrypted port in tests: its certificates of both kinds, and charge points that trust them."""

import ssl
import uuid
from dataclasses import dataclass
from pathlib import Path

from app.clock import SystemClock
from app.pki.local import LocalAuthority
from bench.system import free_ports
from tests.certificates import Authority, ec_key, rsa_key

HOST = "127.0.0.1"


@dataclass(frozen=True)
class Tls:
    """`folder` becomes the system's `VAR_DIR`, whose local CA is trusted beside `clients`."""

    folder: Path
    servers: Authority
    clients: Authority
    port: int

    @classmethod
    def prepare(cls, folder: Path) -> "Tls":
        """Certificates that the gateway shows, and the roots that it trusts."""
        (port,) = free_ports(1)
        made = cls(folder, Authority("Server Root"), Authority("Charge Point Root"), port)
        made.servers.server(rsa_key()).write(folder / "rsa.pem")
        made.servers.server(ec_key()).write(folder / "ec.pem")
        local = LocalAuthority(folder / "ca", SystemClock()).root()
        (folder / "clients.pem").write_bytes(made.clients.pem + local.encode())
        return made

    @property
    def environment(self) -> dict[str, str]:
        """For the system."""
        return {
            "GATEWAY_TLS_PORT": str(self.port),
            "GATEWAY_TLS_CERTIFICATES": f"{self.folder / 'rsa.pem'},{self.folder / 'ec.pem'}",
            "GATEWAY_TLS_CLIENT_CA": str(self.folder / "clients.pem"),
        }

    @property
    def url(self) -> str:
        """What charge points connect to."""
        return f"wss://{HOST}:{self.port}/ocpp"

    def client(
        self,
        shown: bytes | None = None,
        *,
        ciphers: str | None = None,
        at_most: ssl.TLSVersion | None = None,
    ) -> ssl.SSLContext:
        """A charge point's side. `shown`: its chain and key in PEM. Who chooses ciphers speaks TLS 1.2."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(cadata=self.servers.pem.decode())
        if shown is not None:
            file = self.folder / f"{uuid.uuid4().hex}.pem"
            file.write_bytes(shown)
            context.load_cert_chain(file)
        if ciphers is not None:
            context.maximum_version = ssl.TLSVersion.TLSv1_2
            context.set_ciphers(ciphers)
        if at_most is not None:
            context.minimum_version = ssl.TLSVersion.TLSv1
            context.maximum_version = at_most
            context.set_ciphers("ALL:@SECLEVEL=0")
        return context
