"""`welcome`, the last process of `make run`: prepares the demo, waits until all is up, says how to use it."""

import os
import signal
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Container
from http import HTTPStatus
from pathlib import Path
from types import FrameType
from typing import Any
from urllib.parse import urlsplit

import click
import orjson

from app.bootstrap import wait_for_stores
from app.cli.demo import DEMO_PREFIX, DEMO_TENANT, demo_id_tags, prepare_demo
from app.cli.toolbox import Toolbox, pass_toolbox
from app.domain.errors import NotPermitted, Retryable
from app.settings import Settings

STORES_WITHIN_S = 60.0
SERVERS_WITHIN_S = 60.0
FLOWER_WITHIN_S = 15.0


@click.command()
@pass_toolbox
def welcome(toolbox: Toolbox) -> None:
    """Development only: make the demo tenant, wait until all processes are up, say how to use them, stay.

    What it prints stands in VAR_DIR/demo.json too. It ends on SIGTERM or Ctrl-C.
    """
    signal.signal(signal.SIGTERM, _leave)
    signal.signal(signal.SIGINT, _leave)
    settings = toolbox.settings
    if settings.is_production:
        raise NotPermitted("This makes users with known passwords; it is not for production.")
    wait_for_stores(settings, toolbox.adapters, STORES_WITHIN_S)
    users = prepare_demo(toolbox.services, settings.var_dir)
    for server in (settings.gateway, settings.web):
        _wait_until_answering(_url("http", server.host, server.port) + "/health", SERVERS_WITHIN_S)
    _wait_until_tenant_is_known(settings)
    flower_is_up = _is_flower_up(settings)
    facts = demo_facts(settings, users)
    path = settings.var_dir / "demo.json"
    _write_private(path, facts)
    click.echo(_block(facts, path, flower_is_up=flower_is_up))
    sys.stdout.flush()
    while True:
        signal.pause()


def _leave(_signal: int, _frame: FrameType | None) -> None:
    sys.exit(0)


def demo_facts(settings: Settings, users: dict[str, dict[str, str]]) -> dict[str, Any]:
    """What a demo client needs to know."""
    mqtt = urlsplit(settings.mqtt.url)
    rest_url = _url("http", settings.web.host, settings.web.port)
    facts: dict[str, Any] = {
        "ws_url": _url("ws", settings.gateway.host, settings.gateway.port) + "/ocpp",
        "rest_url": rest_url,
        "docs_url": f"{rest_url}/api/docs",
        "flower_url": _url("http", settings.flower.host, settings.flower.port),
        "mqtt_url": f"{mqtt.scheme}://{mqtt.netloc.rpartition('@')[2]}",
        "tenant_id": DEMO_TENANT,
        "id_tags": demo_id_tags(),
        "users": users,
    }
    if mqtt.username:
        facts |= {"mqtt_username": mqtt.username, "mqtt_password": mqtt.password or ""}
    return facts


def _url(scheme: str, host: str, port: int) -> str:
    """Reachable from this machine, also where the server listens on every address."""
    shown = "127.0.0.1" if host in ("0.0.0.0", "::", "") else host  # noqa: S104 - not bound, compared
    return f"{scheme}://[{shown}]:{port}" if ":" in shown else f"{scheme}://{shown}:{port}"


def _wait_until_answering(url: str, within_s: float, also: Container[int] = ()) -> None:
    """Raises Retryable if the server has not answered well, or with a status of `also`, in time."""
    ends_at = time.monotonic() + within_s
    while True:
        try:
            with urllib.request.urlopen(url, timeout=2):  # noqa: S310 - our own http address
                return
        except urllib.error.HTTPError as refusal:
            if refusal.code in also:
                return
            reason = str(refusal)
        except OSError as failure:
            reason = str(failure)
        if time.monotonic() > ends_at:
            raise Retryable(f"{url} did not answer within {within_s:g} s: {reason}")
        time.sleep(0.1)


def _wait_until_tenant_is_known(settings: Settings) -> None:
    """The gateway says 404 for a stranger; of a charge point that it knows it wants a subprotocol (400)."""
    gateway = _url("http", settings.gateway.host, settings.gateway.port)
    probe = f"{gateway}/ocpp/{DEMO_PREFIX}0001"
    _wait_until_answering(probe, SERVERS_WITHIN_S, also=(HTTPStatus.BAD_REQUEST,))


def _is_flower_up(settings: Settings) -> bool:
    """Flower is a comfort: the rest works without it. A 401 will do."""
    url = _url("http", settings.flower.host, settings.flower.port)
    try:
        _wait_until_answering(url, FLOWER_WITHIN_S, also=range(400, 600))
    except Retryable:
        return False
    return True


def _write_private(path: Path, facts: dict[str, Any]) -> None:
    """Complete and readable by this user only, from the first moment that it is there."""
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=".demo-")  # mode 0600
    with os.fdopen(handle, "wb") as file:
        file.write(orjson.dumps(facts, option=orjson.OPT_INDENT_2))
    Path(draft).replace(path)


def _block(facts: dict[str, Any], path: Path, *, flower_is_up: bool) -> str:
    operator = facts["users"]["operator"]
    flower = f"not up after {FLOWER_WITHIN_S:g} s, see above"
    if flower_is_up:
        flower = f"{facts['flower_url']}   (as platform_admin, whose password is in {path.name})"
    lines = [
        ("Charge points", f"{facts['ws_url']}/DEMO-0001   (any DEMO-..., subprotocol ocpp1.6)"),
        ("REST", facts["rest_url"]),
        ("API docs", facts["docs_url"]),
        ("Flower", flower),
        ("MQTT", facts["mqtt_url"]),
        ("Demo user", f"{operator['email']}   password {operator['password']}"),
        ("Demo id tag", facts["id_tags"][0]),
        ("All of this", str(path)),
    ]
    body = "\n".join(f"  {name:<14}{value}" for name, value in lines)
    ending = "  Next, in another terminal:  make demo\n  Ctrl-C ends everything."
    return f"\n  OCPP Server is ready.\n\n{body}\n\n{ending}\n"
