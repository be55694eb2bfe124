"""Everybody who may knock at a route, in a world with one of everything, and the good request for each."""

import re
from dataclasses import dataclass, replace
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from app.api.auth import access_token
from app.api.current import EXTENSION, equip
from app.domain.permissions import Permission
from app.domain.user import Role, User
from tests.builders import NOON
from tests.fakes.world import World
from tests.unit.api.calls import Api
from tests.unit.api.furnished import KNOWN, TENANT, furnished_world, impatient

Route = tuple[str, str]
OTHER = "beta"
_ARGUMENT = re.compile(r"<(?:\w+:)?(\w+)>")


@dataclass(frozen=True, slots=True)
class Town:
    """An app with a new world, in which two tenants have people of every role."""

    app: Flask
    world: World
    names: dict[str, str]
    document: dict[str, Any]

    def person(self, role: Role, tenant_id: str = TENANT) -> Api:
        """Somebody who has logged in."""
        owner = None if role is Role.PLATFORM_ADMIN else tenant_id
        user = self.world.users.find(_user_id(role, owner))
        assert user is not None
        with self.app.test_request_context():
            return Api(self.app.test_client(), access_token(user, self.world.services.tokens.open(user)))

    def machine(self, role: Role, scopes: frozenset[Permission] | None = None) -> Api:
        """A key of the tenant, or of the platform."""
        owner = None if role is Role.PLATFORM_ADMIN else TENANT
        return Api(
            self.app.test_client(), self.world.services.api_keys.create(owner, "machine", role, scopes)[1]
        )

    def path(self, rule: str) -> str:
        """With the names of things that are there."""
        return _ARGUMENT.sub(lambda name: self.names.get(name[1], "nobody"), rule)

    def good(self, api: Api, route: Route, tenant_id: str = TENANT) -> TestResponse:
        """The request that the documentation shows; what it is about is made before, if it is not there."""
        method, rule = route
        self._make_what_is_named(rule)
        return api(method, self.path(rule), self.example(route), headers={"X-Tenant-Id": tenant_id})

    def unreadable(self, api: Api, route: Route) -> TestResponse:
        """A body that nobody could read."""
        method, rule = route
        body = {"data": b"{", "content_type": "application/json"} if method != "GET" else {}
        return api(method, self.path(rule), headers={"X-Tenant-Id": TENANT}, **body)

    def _make_what_is_named(self, rule: str) -> None:
        """By a POST to what it belongs to, where there is one."""
        for argument in _ARGUMENT.finditer(rule):
            name, made_by = argument[1], rule[: argument.start() - 1]
            if name not in self.names and "post" in self.document["paths"].get(_documented(made_by), {}):
                made = self.good(self.person(Role.PLATFORM_ADMIN), ("POST", made_by)).get_json()
                self.names[name] = made.get("id") or made.get(name) or "nobody"

    def example(self, route: Route) -> Any:
        """The body that the documentation shows."""
        operation = self.document["paths"][_documented(route[1])][route[0].lower()]
        return operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("example")


def _documented(rule: str) -> str:
    return _ARGUMENT.sub(r"{\1}", rule)


def _user_id(role: Role, tenant_id: str | None) -> str:
    return f"user-{role.value}-{tenant_id}"


def new_town(app: Flask, document: dict[str, Any]) -> Town:
    """Give the app a new world."""
    world = furnished_world()
    services = world.services
    services.tenants.create(OTHER, "Beta", ["BETA-"])
    services.tenants.directory.refresh()
    for tenant_id in (TENANT, OTHER, None):
        for role in Role:
            if (role is Role.PLATFORM_ADMIN) == (tenant_id is None):
                email = f"{role.value}@{tenant_id}.example"
                world.users.insert(User(_user_id(role, tenant_id), email, tenant_id, role, "-", NOON))
    world.add_charge_point(TENANT, "CP-001")
    key, _ = services.api_keys.create(TENANT, "billing", Role.VIEWER)
    names = {**KNOWN, "user_id": _user_id(Role.OPERATOR, TENANT), "api_key_id": key.id}
    equip(app, replace(app.extensions[EXTENSION], services=services, waiting=impatient()))
    return Town(app, world, names, document)
