"""A receiver of webhooks on loopback, which behaves as badly as a test wants."""

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self


@dataclass(frozen=True)
class Received:
    """One request."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def event(self) -> dict[str, Any]:
        """What it says."""
        event: dict[str, Any] = json.loads(self.body)
        return event

    @property
    def id(self) -> str:
        """The delivery's."""
        return self.headers["webhook-id"]


@dataclass
class Receiver:
    """Context manager. `answer` gets each request and says the status, perhaps after a while."""

    answer: Callable[[Received], int] = lambda _: 204
    received: list[Received] = field(default_factory=list)

    def __enter__(self) -> Self:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                size = int(self.headers.get("Content-Length", 0))
                body = self.rfile.read(size)
                if len(body) < size:  # its sender died within
                    return
                headers = {name.lower(): value for name, value in self.headers.items()}
                received = Received(self.path, headers, body)
                status = receiver.answer(received)
                receiver.received.append(received)
                self.send_response(status)
                if 300 <= status < 400:
                    self.send_header("Location", "/elsewhere")
                text = b"" if status == 204 else f"answered {status}".encode()
                if status != 204:
                    self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
                return

        class Server(ThreadingHTTPServer):
            def handle_error(self, request: object, client_address: object) -> None:
                """A sender that does not wait for the answer is what some tests want."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/hook"

    def wait_for(
        self, fits: Callable[[Received], bool], timeout_s: float = 20.0, count: int = 1
    ) -> list[Received]:
        """The first requests that fit."""
        ends_at = time.monotonic() + timeout_s
        while len(found := [one for one in list(self.received) if fits(one)]) < count:
            if time.monotonic() > ends_at:
                raise TimeoutError(f"{len(found)} of {count}, {len(self.received)} in all")
            time.sleep(0.05)
        return found
