"""Charging profiles over HTTP: templates by name, and what each charge point has installed."""

from typing import Any

from flask import url_for

from app.api.blueprint import Blueprint, also_answers, problems
from app.api.commands import request_for, submit
from app.api.current import services
from app.api.naming import problems_named
from app.api.paging import page_request
from app.api.permissions import requires
from app.api.schemas.charging_profile import (
    AssignedSchema,
    AssignmentSchema,
    ClearQuery,
    InstalledListSchema,
    InstalledQuery,
    NewTemplateSchema,
    TemplateBodySchema,
    TemplatePageSchema,
    TemplateQuery,
    TemplateSchema,
)
from app.api.schemas.command import WaitQuery
from app.api.tenancy import charge_point_ref, current_tenant, known_charge_point_ref
from app.domain.charging_profile import Criteria, ProfileTemplate, Purpose
from app.domain.command import Command
from app.domain.errors import InvalidInput
from app.domain.permissions import Permission
from app.services.ports import Page

charging_profiles = Blueprint(
    "charging_profiles", __name__, url_prefix="/api/v1", description="Limits over time."
)
_TEMPLATES = "/charging-profiles"
_OF_ONE = "/chargepoints/<charge_point_id>/charging-profiles"
_OUR_NAMES = {"parameters.cs_charging_profiles": "profile", "parameters.": ""}
_FILTERS = {
    "charging_profile_id": "id",
    "connector_id": "connector_id",
    "purpose": "charging_profile_purpose",
    "stack_level": "stack_level",
}
_PARAMETERS = ("connector_id", "template", "charging_profile_id", "transaction_id", "retry_lower")


@charging_profiles.get(_TEMPLATES)
@requires(Permission.CHARGING_PROFILES_READ)
@charging_profiles.query(TemplateQuery)
@charging_profiles.answers(200, TemplatePageSchema, "A page of templates.")
def list_charging_profiles(query: dict[str, Any]) -> Page[ProfileTemplate]:
    """List charging profile templates

    In order of name.
    """
    return services().keepers.profile_templates.list_page(current_tenant().id, page_request(query))


@charging_profiles.post(_TEMPLATES)
@requires(Permission.CHARGING_PROFILES_MANAGE)
@charging_profiles.body(NewTemplateSchema)
@charging_profiles.answers(201, TemplateSchema, "The template; its address is in Location.")
@problems(400, 409, 415)
def create_charging_profile(body: dict[str, Any]) -> tuple[ProfileTemplate, int, dict[str, str]]:
    """Keep a charging profile as a template

    Without `charging_profile_id` and `transaction_id`: each assignment gets its own.
    """
    made = services().keepers.profile_templates.create(
        current_tenant().id, body["name"], body["profile"], body["description"]
    )
    return made, 201, {"Location": url_for("charging_profiles.get_charging_profile", name=made.name)}


@charging_profiles.get(f"{_TEMPLATES}/<name>")
@requires(Permission.CHARGING_PROFILES_READ)
@charging_profiles.answers(200, TemplateSchema, "The template.")
def get_charging_profile(name: str) -> ProfileTemplate:
    """Show a charging profile template

    By its name.
    """
    return services().keepers.profile_templates.get(current_tenant().id, name)


@charging_profiles.put(f"{_TEMPLATES}/<name>")
@requires(Permission.CHARGING_PROFILES_MANAGE)
@charging_profiles.body(TemplateBodySchema)
@charging_profiles.answers(200, TemplateSchema, "The template.")
@problems(400, 415)
def change_charging_profile(body: dict[str, Any], name: str) -> ProfileTemplate:
    """Change a charging profile template

    All of it. What was installed from it stays as it is: assign it again.
    """
    return services().keepers.profile_templates.change(
        current_tenant().id, name, body["profile"], body["description"]
    )


@charging_profiles.delete(f"{_TEMPLATES}/<name>")
@requires(Permission.CHARGING_PROFILES_MANAGE)
@charging_profiles.response(204, description="It is gone.")
def remove_charging_profile(name: str) -> None:
    """Remove a charging profile template

    What was installed from it stays installed.
    """
    services().keepers.profile_templates.remove(current_tenant().id, name)


@charging_profiles.get(_OF_ONE)
@requires(Permission.CHARGING_PROFILES_READ)
@charging_profiles.query(InstalledQuery)
@charging_profiles.answers(200, InstalledListSchema, "What is installed.")
def list_installed_profiles(query: dict[str, Any], charge_point_id: str) -> dict[str, Any]:
    """List what a charge point has installed

    As far as it told this system: what it has from elsewhere is not known, and nothing can ask it.
    """
    ref = known_charge_point_ref(charge_point_id)
    return {"items": services().keepers.charging_profiles.installed(ref, _criteria(query))}


@charging_profiles.post(_OF_ONE)
@requires(Permission.CHARGING_PROFILES_MANAGE)
@charging_profiles.query(WaitQuery)
@charging_profiles.body(AssignmentSchema)
@charging_profiles.answers(202, AssignedSchema, "It is on its way to the charge point.")
@also_answers(200, AssignedSchema, "The charge point has answered; see `status`.")
@problems(400, 409, 415)
def assign_charging_profile(
    query: dict[str, float], body: dict[str, Any], charge_point_id: str
) -> tuple[dict[str, Any], int, dict[str, str]]:
    """Install a charging profile

    Sends the charge point a SetChargingProfile. It replaces the profile of the same connector, purpose and
    stack level, and the one of the same id. What the charge point is known not to take is a 409
    `needs_force`.
    """
    if ("template" in body) == ("profile" in body):
        sentence = "Give either template or profile."
        raise InvalidInput(sentence, problems={"profile": [sentence]})
    parameters = {name: body[name] for name in _PARAMETERS if name in body}
    if "profile" in body:
        parameters["cs_charging_profiles"] = body["profile"]
    request = request_for(charge_point_ref(charge_point_id), "SetChargingProfile", parameters, body)
    with problems_named(_OUR_NAMES):
        return _outcome(*submit(request, query["wait"]))


@charging_profiles.delete(_OF_ONE)
@requires(Permission.CHARGING_PROFILES_MANAGE)
@charging_profiles.query(ClearQuery)
@charging_profiles.answers(202, AssignedSchema, "The charge point is being asked.")
@also_answers(200, AssignedSchema, "The charge point has answered; see `status`.")
@problems(409)
def clear_charging_profiles(
    query: dict[str, Any], charge_point_id: str
) -> tuple[dict[str, Any], int, dict[str, str]]:
    """Clear charging profiles

    Sends the charge point a ClearChargingProfile: for the one of `charging_profile_id`, or for all that fit
    every filter given; without any filter for all it has. A command that was `rejected` with `Unknown` found
    nothing to clear; what was meant is gone from the list of installed ones all the same.
    """
    parameters = {wire: query[name] for name, wire in _FILTERS.items() if name in query}
    request = request_for(charge_point_ref(charge_point_id), "ClearChargingProfile", parameters, query)
    with problems_named({"parameters.id": "charging_profile_id", "parameters.": ""}):
        return _outcome(*submit(request, query["wait"]))


def _criteria(query: dict[str, Any]) -> Criteria:
    purpose = query.get("purpose")
    return Criteria(
        query.get("charging_profile_id"),
        query.get("connector_id"),
        None if purpose is None else Purpose(purpose),
        query.get("stack_level"),
    )


def _outcome(
    command: Command, status: int, headers: dict[str, str]
) -> tuple[dict[str, Any], int, dict[str, str]]:
    shown = {
        "charge_point_id": command.charge_point_id,
        "command_id": command.id,
        "status": command.status.value,
        "result": command.result,
        "error": command.error,
        "warnings": command.warnings,
        "installed": services().keepers.charging_profiles.installed(command.charge_point),
    }
    return shown, status, headers
