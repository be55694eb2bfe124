"""Who a tenant's events are sent to besides MQTT: a web page that follows them, and a webhook's receiver."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

import httpx

from tests.isolation.sides import Side

EVENTS = "/api/v1/events"
_QUIET_S = 30.0


class Page:
    """A web page of one side, which follows its live events for as long as the suite runs."""

    def __init__(self, rest_url: str, side: Side) -> None:
        self.side = side
        self.lines: list[str] = []
        self._client = httpx.Client(base_url=rest_url, headers=side.rest.headers, timeout=_QUIET_S)
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="page", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(_QUIET_S), "the stream of events did not begin"
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def _follow(self) -> None:
        try:
            with self._client.stream("GET", EVENTS) as answer:
                for line in answer.iter_lines():
                    self.lines.append(line)
                    self._ready.set()
        except httpx.HTTPError:
            self.lines.append("the stream was left")


class Receiver:
    """Takes what webhooks send. Each side's webhook has an address of its own here."""

    def __init__(self) -> None:
        self.received: list[tuple[str, str]] = []
        received = self.received

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                received.append((self.path, f"{self.headers}\n{body}"))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, name="receiver", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def address_of(self, side: Side) -> str:
        """Where a side's webhook sends to."""
        return f"http://127.0.0.1:{self._server.server_port}{self.path_of(side)}"

    @staticmethod
    def path_of(side: Side) -> str:
        """Of the address."""
        return f"/{side.marker}"
