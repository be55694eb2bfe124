"""A day in two tenants at once: every action and every command, under the same ids in both."""

import json
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from tests.conformance.charge_point import at
from tests.e2e.system import RunningSystem
from tests.isolation.actions import INBOUND, OUTBOUND, root_pem
from tests.isolation.ears import Ears, Heard
from tests.isolation.followers import Page, Receiver
from tests.isolation.sides import CHARGE_POINT, FIRMWARE, ID_TAG, PHRASE, REPORT, TEMPLATE, Side, profile
from tests.isolation.town import Station, Town

OPEN = ("queued", "sent")
PATIENCE_S = 15.0


@dataclass
class Life:
    """Both sides, all that happened in them, and where to look at it."""

    system: RunningSystem
    town: Town
    ears: Ears
    receiver: Receiver
    pages: dict[str, Page]
    left: Side
    right: Side
    log_offsets: dict[str, int]
    twins: dict[str, Station]

    @property
    def sides(self) -> tuple[Side, Side]:
        """Both."""
        return self.left, self.right

    def other(self, side: Side) -> Side:
        """The one that it is not."""
        return self.right if side is self.left else self.left

    def both(self, work: Callable[[Side], Any]) -> list[Any]:
        """The same in both at the same time."""
        with ThreadPoolExecutor(2) as pool:
            return list(pool.map(work, self.sides))

    def live(self) -> None:
        """The whole day. Whatever is not as it should be fails here."""
        self.both(self._prepare)
        for side in self.sides:
            until(partial(self.town.try_to_connect, side, CHARGE_POINT))
            self.twins[side.tenant_id] = self.town.stations[-1]
        for action in INBOUND:
            if action != "StopTransaction":
                self.say(action)
        for action in OUTBOUND:
            self.both(partial(self._command_both_ways, action))
        self.both(self._move_files)
        self.both(self._use_the_rest)
        for side in self.sides:
            self._stay_alone(side)
        self.say("StopTransaction")
        self.both(self._wait_for_certificate)

    # --- what both do ----------------------------------------------------------------------------

    def say(self, action: str) -> list[Any]:
        """The twins send the same call under the same id in the same moment; the answers' payloads."""
        return self.town.together(*(self._ask(station, action) for station in self.twins.values()))

    @staticmethod
    async def _ask(station: Station, action: str) -> Any:
        answer = await station.ask(action, INBOUND[action](station.side), unique_id=f"u-{action}")
        assert answer[0] == 3, answer
        return answer[2]

    def _prepare(self, side: Side) -> None:
        side.lone["tenant_id"] = side.tenant_id
        side.send("POST", "/chargepoints", {"id": CHARGE_POINT})
        side.send("PUT", f"/id-tags/{ID_TAG}", {"parent_id_tag": side.marker, "note": f"note {side.marker}"})
        template = {"name": TEMPLATE, "profile": profile(), "description": side.marker}
        side.send("POST", "/charging-profiles", template)
        self._add_webhook(side)
        brand = {"name": f"Brand {side.marker}"}
        side.send("PUT", f"/tenants/{side.tenant_id}/config", {"brand": brand})

    def _add_webhook(self, side: Side) -> str:
        webhook = {"url": self.receiver.address_of(side), "description": side.marker}
        return str(side.send("POST", "/webhooks", webhook)["id"])

    def _command_both_ways(self, action: str, side: Side) -> None:
        self.command(side, action, f"cmd-{action}")
        self.command_by_mqtt(side, action, f"mqtt-{action}")

    def command(self, side: Side, action: str, command_id: str, charge_point_id: str = CHARGE_POINT) -> Any:
        """Send a command over REST and wait for its end."""
        body = {
            "command_type": action,
            "parameters": OUTBOUND[action][0](side),
            "command_id": command_id,
            "force": True,
        }
        ended = side.send("POST", f"/chargepoints/{charge_point_id}/commands?wait=10", body)
        assert ended["status"] not in OPEN, ended
        return ended

    def command_by_mqtt(self, side: Side, action: str, command_id: str) -> None:
        """The same over MQTT."""
        body = {
            "command_id": command_id,
            "command_type": action,
            "timestamp": at(),
            "parameters": OUTBOUND[action][0](side),
            "force": True,
        }
        topic = f"ocpp/commands/{side.tenant_id}/{CHARGE_POINT}"
        for _ in range(5):  # a listener hears of a new tenant within a second; the same id is taken once
            self.ears.publish(topic, body)
            if self.ears.listen_for(side.tenant_id, partial(_is_end_of, command_id), 3) is not None:
                return
        raise AssertionError(f"{action}: no end of {command_id} on the topics of {side.tenant_id}")

    def _move_files(self, side: Side) -> None:
        """A firmware image down, a diagnostics report up, both with the marker in it."""
        query = f"?name={FIRMWARE}&version={side.marker}"
        image = side.send("POST", f"/firmware-files{query}", f"image {side.marker}".encode())
        spare = side.send("POST", f"/firmware-files{query}", f"spare {side.marker}".encode())
        side.lone["firmware_file_id"] = spare["id"]
        body = {"charge_point_id": CHARGE_POINT, "firmware_file_id": image["id"], "command_id": "cmd-Image"}
        side.send("POST", "/firmware-jobs?wait=10", body | {"force": True})
        station = self.twins[side.tenant_id]
        down = self._told(station, "UpdateFirmware")["location"]
        assert side.marker in httpx.get(down).text
        up = self._told(station, "GetDiagnostics")["location"]
        assert httpx.put(up + REPORT, content=f"report {side.marker}".encode()).is_success
        side.lone |= {"down": down, "up": up}

    @staticmethod
    def _told(station: Station, action: str) -> Any:
        """The payload of the newest call of this action."""
        calls = (json.loads(text) for text in reversed(station.calls))
        return next(call[3] for call in calls if call[2] == action)

    def _use_the_rest(self, side: Side) -> None:
        """What no command type of OCPP stands for."""
        lists = f"/chargepoints/{CHARGE_POINT}/local-list?wait=10"
        side.send("PUT", lists, {"id_tags": [ID_TAG], "update": "full", "force": True})
        body = {"connector_id": 1, "template": TEMPLATE, "force": True}
        side.send("POST", f"/chargepoints/{CHARGE_POINT}/charging-profiles?wait=10", body)

    def _stay_alone(self, side: Side) -> None:
        """Things whose names the other side does not have."""
        name = f"LONE-{uuid.uuid4().hex[:10]}"
        lone = {"charge_point_id": name, "id_tag": name, "template": name.lower(), "identity": f"X-{name}"}
        side.lone |= lone | {"command_id": f"cmd-{name}", "report": f"{name}.log"}
        side.send("POST", "/chargepoints", {"id": name})
        side.send("PUT", f"/id-tags/{name}", {"note": side.marker})
        template = {"name": name.lower(), "profile": profile(), "description": side.marker}
        side.send("POST", "/charging-profiles", template)
        station = self.town.connect(side, name)
        self.town.run(station.boot(1, firmwareVersion=side.marker))
        self.command(side, "GetConfiguration", side.lone["command_id"], name)
        self._ask_for_more(side, name)
        number, _ = self.town.run(station.start(ID_TAG))
        if side is self.left:  # numbers are counted: only the side that has more has one of its own
            number, _ = self.town.run(station.start(ID_TAG, connector=2))
            side.lone["session_id"] = f"session-{number}"
        person = {"email": "colleague@twins.example", "password": PHRASE, "role": "viewer"}
        side.lone["user_id"] = side.send("POST", "/users", person | {"name": side.marker})["id"]
        key = {"name": f"key {side.marker}", "role": "viewer"}
        side.lone["api_key_id"] = side.send("POST", "/api-keys", key)["id"]
        account = {"name": f"m-{side.marker.lower()}", "role": "subscriber"}
        side.lone["credential_id"] = side.send("POST", "/mqtt-credentials", account)["id"]
        side.log_in()
        logins = side.send("GET", "/auth/sessions")
        side.lone["login_session_id"] = next(
            one["id"] for one in logins["items"] if one["id"] != logins["current"]
        )
        side.lone["webhook_id"] = webhook_id = self._add_webhook(side)
        side.lone["delivery_id"] = side.send("POST", f"/webhooks/{webhook_id}/test")["id"]
        newest = side.send("GET", f"/messages?charge_point_id={name}&limit=1")
        side.lone["message_id"] = newest["items"][0]["id"]
        with pytest.raises(InvalidStatus):
            self.town.connect(side, f"STRANGER-{side.marker}")
        with pytest.raises(InvalidStatus):
            self.town.connect(side, side.lone["identity"])
        until(lambda: side.lone["identity"] in side.ask("GET", "/api/v1/refused-identities").text)

    def _ask_for_more(self, side: Side, name: str) -> None:
        """Jobs, a reservation and a certificate of the lone charge point."""
        insist = {"charge_point_id": name, "force": True}
        job = side.send("POST", "/diagnostics?wait=10", insist)
        where = self._told(self.town.stations[-1], "GetDiagnostics")["location"]
        assert httpx.put(where + side.lone["report"], content=side.marker.encode()).is_success
        image = insist | {"firmware_file_id": side.lone["firmware_file_id"]}
        update = side.send("POST", "/firmware-jobs?wait=10", image)
        wish = insist | {"connector_id": 2, "id_tag": ID_TAG, "expires_at": "2099-01-01T00:00:00Z"}
        held = side.send("POST", "/reservations?wait=10", wish | {"parent_id_tag": side.marker})
        root = {"pem": root_pem(side), "kind": "manufacturer_root", "force": True}
        shown = side.send("POST", f"/chargepoints/{name}/certificates?wait=10", root)
        side.lone |= {"diagnostics_id": job["id"], "firmware_id": update["id"]}
        side.lone |= {"reservation_id": held["id"], "certificate_id": shown["id"]}

    def _wait_for_certificate(self, side: Side) -> None:
        """What the charge point asked for is signed by a sweep."""
        path = f"/api/v1/certificates?charge_point_id={CHARGE_POINT}&kind=charge_point"
        until(lambda: any(item["state"] == "accepted" for item in side.ask("GET", path).json()["items"]))


def _is_end_of(command_id: str, heard: Heard) -> bool:
    is_answer = heard.topic.startswith("ocpp/responses/") and heard.body["command_id"] == command_id
    return is_answer and heard.body["status"] not in OPEN


def until(is_so: Callable[[], bool]) -> None:
    """Wait for what nobody tells of; fails if it does not come to be."""
    ends_at = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < ends_at, "it did not come to be in time"
        time.sleep(0.05)
