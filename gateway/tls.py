"""The encrypted listener's certificates: of two kinds, with strict ciphers, changed without losing a socket.

The listener holds one context for good. Each handshake takes its certificates from the context that was
loaded last, so files that change concern new connections only: certificates may live for a day (E15).
"""

import asyncio
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog

from app.domain.errors import SettingsError
from app.gateway_settings import TlsSettings

log = structlog.stdlib.get_logger(__name__)
# E13, and none besides: what OpenSSL calls AES128-GCM-SHA256 is TLS_RSA_WITH_AES_128_GCM_SHA256, one of the
# two that Python leaves out by default (A47). TLS 1.3 has suites of its own, all of them good.
CIPHERS = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:AES128-GCM-SHA256:AES256-GCM-SHA384"
_LOOK_EVERY_S = 1.0
Stamps = tuple[tuple[int, int] | None, ...]


class _ReportingObject(ssl.SSLObject):
    """Says why a handshake failed; event loops keep that to themselves (E3, E16)."""

    def do_handshake(self) -> None:
        """Raises what went wrong, as ever."""
        try:
            super().do_handshake()
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise
        except ssl.SSLError as failure:
            log.warning("tls_refused", reason=str(failure))
            raise


def load_context(settings: TlsSettings) -> ssl.SSLContext:
    """TLS 1.2 and 1.3 with all certificates of the settings. Raises SettingsError if a file is not right."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(CIPHERS)
    # each connection shows its certificate anew; nothing is compressed (E11)
    context.options |= ssl.OP_NO_TICKET | ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    context.num_tickets = 0
    context.sslobject_class = _ReportingObject
    for chain, key in settings.certificates:
        with _blaming(chain, key):
            context.load_cert_chain(chain, key, password=_no_password)
    if settings.client_ca is not None:
        with _blaming(settings.client_ca):
            context.load_verify_locations(settings.client_ca)
        context.verify_mode = ssl.CERT_OPTIONAL  # profile 2 shows none; a bad one ends the handshake
    return context


@contextmanager
def _blaming(*files: Path) -> Iterator[None]:
    """OpenSSL's errors do not say which file is meant."""
    try:
        yield
    except (OSError, ValueError) as wrong:
        names = " with ".join(dict.fromkeys(str(file) for file in files))
        raise SettingsError(f"The TLS certificates in {names} cannot be used: {wrong}.") from wrong


def _no_password() -> str:
    """Instead of a question on the terminal."""
    raise ValueError("a key is encrypted; the gateway needs it without a passphrase")


class TlsDoor:
    """The certificates in use. `context` is for the listener."""

    def __init__(self, settings: TlsSettings) -> None:
        self._settings = settings
        self._stamps = self._look()
        self._current = self.context = load_context(settings)
        self.context.sni_callback = self._use_current

    def _use_current(self, handshake: ssl.SSLObject, _name: str | None, _context: ssl.SSLContext) -> None:
        handshake.context = self._current

    async def watch(self) -> None:
        """Follow changes of the files until cancelled."""
        while True:
            await asyncio.sleep(_LOOK_EVERY_S)
            self.look_again()

    def look_again(self) -> bool:
        """Load the files if they have changed; True if new certificates are in use.

        Files that cannot be used are logged and change nothing, for instance a chain whose key is not
        written yet.
        """
        stamps = self._look()
        if stamps == self._stamps:
            return False
        self._stamps = stamps
        try:
            self._current = load_context(self._settings)
        except SettingsError as wrong:
            log.error("tls_certificates_not_loaded", reason=wrong.message)
            return False
        log.info("tls_certificates_loaded")
        return True

    def _look(self) -> Stamps:
        files = [file for pair in self._settings.certificates for file in pair]
        if self._settings.client_ca is not None:
            files.append(self._settings.client_ca)
        return tuple(_stamp(file) for file in files)


def _stamp(file: Path) -> tuple[int, int] | None:
    """What changes when a file is written or replaced; None if it is not there."""
    try:
        state = file.stat()
    except OSError:
        return None
    return state.st_mtime_ns, state.st_ino
