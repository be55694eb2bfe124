"""Mosquitto's accounts, by its dynamic-security plugin (port `BrokerAccounts`).

The plugin takes commands as JSON on a control topic and answers on another. Commands are few, so each call
makes a connection of its own.
"""

import queue
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import uuid4

import orjson
import paho.mqtt.client as paho

from app.domain.errors import Conflict, Retryable
from app.domain.mqtt_access import MqttCredential, MqttRole
from app.messaging import mqtt
from app.messaging.mosquitto_file import new_file
from app.messaging.mosquitto_roles import (
    DEFAULT_ACCESS,
    SERVER_ROLE,
    Acl,
    are_same,
    is_a_tenants,
    role_name,
    roles_of,
    server_acls,
    tenant_acls,
)
from app.services.mqtt_access import Repair

_CONTROL = "$CONTROL/dynamic-security/v1"
_ANSWERS = f"{_CONTROL}/response"
_TIMEOUT_S = 5.0
_THERE_ALREADY = ("already exists",)
_NOT_THERE = ("not found", "does not exist")
_ALL = {"verbose": True, "count": -1, "offset": 0}
Command = dict[str, Any]


class Mosquitto:
    """Speaks as the user of `admin_url`, who must be an administrator of the plugin, and lets that of
    `server_url` in, as whom our processes come."""

    def __init__(self, admin_url: str, server_url: str) -> None:
        self._url = admin_url
        self._admin = _user_of(admin_url)
        self._server = _user_of(server_url)

    def prepare(self) -> None:
        """Deny by default; let our own processes do what they need."""
        access = [{"acltype": kind, "allow": allow} for kind, allow in DEFAULT_ACCESS.items()]
        self._run([{"command": "setDefaultACLAccess", "acls": access}])
        self._put_roles({SERVER_ROLE: server_acls()})
        username, password = self._server
        (found,) = self._run([{"command": "getClient", "username": username}], _NOT_THERE)
        if "error" in found:
            account = {"username": username, "password": password, "roles": [{"rolename": SERVER_ROLE}]}
            self._run([{"command": "createClient", **account}], _THERE_ALREADY)
        elif SERVER_ROLE not in _roles_in(found["data"]["client"]):
            self._let_server_in()

    def _let_server_in(self) -> None:
        """Where that is ourselves, Mosquitto 2.0 does it, ends our connection and says "Internal error"."""
        username = self._server[0]
        role = {"username": username, "rolename": SERVER_ROLE, "priority": 0}
        self._run([{"command": "addClientRole", **role}], ("internal error",))
        (found,) = self._run([{"command": "getClient", "username": username}])
        if SERVER_ROLE not in _roles_in(found["data"]["client"]):
            raise Retryable(f"Mosquitto: '{username}' was not given the role '{SERVER_ROLE}'.")

    def put(self, credential: MqttCredential, password: str) -> None:
        """Role, account, password; each may be there already. Whoever is connected is disconnected."""
        if credential.username in (self._server[0], self._admin[0]):
            raise Conflict("This name is the server's own at the broker.")
        acls = tenant_acls(credential.tenant_id, credential.role)
        role = role_name(credential.tenant_id, credential.role)
        self._run([{"command": "createRole", "rolename": role, "acls": acls}], _THERE_ALREADY)
        account = {"username": credential.username, "password": password, "roles": [{"rolename": role}]}
        (made,) = self._run([{"command": "createClient", **account}], _THERE_ALREADY)
        if "error" in made:  # it may be one that we could not remove, of another role
            self._run([{"command": "modifyClient", **account}])

    def remove(self, credential: MqttCredential) -> None:
        """The account; its tenant's role stays, which is nothing without one."""
        self.remove_username(credential.username)

    def remove_username(self, username: str) -> None:
        """By name."""
        self._run([{"command": "deleteClient", "username": username}], _NOT_THERE)

    def remove_roles(self, tenant_id: str) -> None:
        """Of both kinds."""
        names = [role_name(tenant_id, role) for role in MqttRole]
        self._run([{"command": "deleteRole", "rolename": name} for name in names], _NOT_THERE)

    def usernames(self) -> frozenset[str]:
        """Those with a tenant's role."""
        return frozenset(
            name for name, client in self._clients().items() if any(map(is_a_tenants, _roles_in(client)))
        )

    def repair(self, credentials: Sequence[MqttCredential]) -> Repair:
        """Roles get what they should allow, accounts their one role and no group; others are left alone."""
        self._put_roles(roles_of(credentials))
        there = self._clients()
        wrong = [one for one in credentials if one.username in there and not _fits(there[one.username], one)]
        changes: list[Command] = [
            {"command": "modifyClient", "username": one.username, "roles": [_role_of(one)], "groups": []}
            for one in wrong
        ]
        if changes:
            self._run(changes)
        missing = [one.username for one in credentials if one.username not in there]
        return Repair(tuple(one.username for one in wrong), tuple(missing))

    def new_file(self, credentials: Sequence[MqttCredential]) -> str:
        """What the plugin's file holds of a broker that is in line."""
        return new_file(self._admin, self._server, credentials)

    def _put_roles(self, wanted: Mapping[str, list[Acl]]) -> None:
        """Those that are not there, or not as they should be."""
        (answer,) = self._run([{"command": "listRoles", **_ALL}])
        there = {role["rolename"]: role.get("acls", []) for role in answer["data"]["roles"]}
        changes: list[Command] = [
            {
                "command": "modifyRole" if name in there else "createRole",
                "rolename": name,
                "acls": acls,
            }
            for name, acls in wanted.items()
            if name not in there or not are_same(there[name], acls)
        ]
        if changes:
            self._run(changes, _THERE_ALREADY)

    def _clients(self) -> dict[str, Command]:
        (answer,) = self._run([{"command": "listClients", **_ALL}])
        return {client["username"]: client for client in answer["data"]["clients"]}

    def _run(self, commands: Sequence[Command], forgiven: tuple[str, ...] = ()) -> list[Command]:
        """The answers, in order. Raises Retryable for any error that is not forgiven."""
        try:
            answers = self._exchange(commands)
        except queue.Empty as failure:
            raise Retryable(
                "Mosquitto: it does not answer; is its dynamic-security plugin loaded?"
            ) from failure
        except (OSError, ValueError) as failure:
            raise Retryable(f"Mosquitto: {type(failure).__name__}: {failure}") from failure
        for answer in answers:
            error = str(answer.get("error", ""))
            if error and not any(words in error.lower() for words in forgiven):
                raise Retryable(f"Mosquitto: {answer.get('command')}: {error}")
        return answers

    def _exchange(self, commands: Sequence[Command]) -> list[Command]:
        """Ask for each by a mark of its own, and wait until all are answered."""
        marked = {mark: command | {"correlationData": mark} for command in commands for mark in [uuid4().hex]}
        conversation = _Conversation(self._url)
        try:
            conversation.begin()
            conversation.say(list(marked.values()))
            by_mark: dict[str, Command] = {}
            while len(by_mark) < len(marked):
                answer = conversation.heard.get(timeout=_TIMEOUT_S)
                mark = str(answer.get("correlationData"))
                if mark in marked:  # all who ask hear all answers
                    by_mark[mark] = answer
            return [by_mark[mark] for mark in marked]
        finally:
            conversation.end()


class _Conversation:
    """One connection to the plugin."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._refusals: queue.Queue[str] = queue.Queue()
        self.heard: queue.Queue[Command] = queue.Queue()
        self._client = mqtt.build_client(url, f"ocpp-access-{uuid4().hex[:8]}")
        self._client.on_connect = self._ask_for_answers
        self._client.on_subscribe = self._is_ready
        self._client.on_message = self._hear

    def begin(self) -> None:
        """Raises OSError, queue.Empty."""
        mqtt.connect(self._client, self._url)
        self._client.loop_start()
        refusal = self._refusals.get(timeout=_TIMEOUT_S)
        if refusal:
            raise PermissionError(refusal)

    def say(self, commands: Sequence[Command]) -> None:
        """The answers come to `heard`."""
        self._client.publish(_CONTROL, orjson.dumps({"commands": commands}), qos=1)

    def end(self) -> None:
        """Whether it has begun or not."""
        self._client.disconnect()
        self._client.loop_stop()

    def _ask_for_answers(self, client: paho.Client, _data: Any, _flags: Any, reason: Any, _: Any) -> None:
        if reason.is_failure:
            self._refusals.put(f"it does not let us in ({reason})")
        else:
            client.subscribe(_ANSWERS, qos=1)

    def _is_ready(self, _client: paho.Client, _data: Any, _mid: int, reasons: Any, _: Any) -> None:
        refused = any(reason.is_failure for reason in reasons)
        self._refusals.put("our user there is no administrator" if refused else "")

    def _hear(self, _client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
        for answer in orjson.loads(message.payload).get("responses", []):
            self.heard.put(answer)


def _user_of(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return unquote(parts.username or ""), unquote(parts.password or "")


def _role_of(credential: MqttCredential) -> Command:
    return {"rolename": role_name(credential.tenant_id, credential.role)}


def _roles_in(client: Command) -> list[str]:
    return [role["rolename"] for role in client.get("roles", [])]


def _fits(client: Command, credential: MqttCredential) -> bool:
    return _roles_in(client) == [_role_of(credential)["rolename"]] and not client.get("groups")
