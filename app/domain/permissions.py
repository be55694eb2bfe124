"""Who may do what: the one table that the code, the tests and the documentation read."""

from collections.abc import Mapping
from enum import StrEnum

from app.domain.user import Role


class Permission(StrEnum):
    """One kind of thing that a user may be allowed to do."""

    API_KEYS_READ = "api_keys.read"
    API_KEYS_MANAGE = "api_keys.manage"
    AUDIT_READ = "audit.read"
    CHARGE_POINTS_READ = "charge_points.read"
    CHARGE_POINTS_CREATE = "charge_points.create"
    CHARGE_POINTS_CONFIGURE = "charge_points.configure"
    CHARGE_POINTS_REMOVE = "charge_points.remove"
    CHARGING_PROFILES_READ = "charging_profiles.read"
    CHARGING_PROFILES_MANAGE = "charging_profiles.manage"
    COMMANDS_READ = "commands.read"
    COMMANDS_SEND = "commands.send"
    DEAD_LETTERS_READ = "dead_letters.read"
    DEAD_LETTERS_MANAGE = "dead_letters.manage"
    DIAGNOSTICS_READ = "diagnostics.read"
    DIAGNOSTICS_FETCH = "diagnostics.fetch"
    EVENTS_READ = "events.read"
    FIRMWARE_READ = "firmware.read"
    FIRMWARE_MANAGE = "firmware.manage"
    ID_TAGS_READ = "id_tags.read"
    ID_TAGS_MANAGE = "id_tags.manage"
    MESSAGES_READ = "messages.read"
    MQTT_READ = "mqtt.read"
    MQTT_MANAGE = "mqtt.manage"
    RESERVATIONS_READ = "reservations.read"
    RESERVATIONS_MANAGE = "reservations.manage"
    SECURITY_READ = "security.read"
    SECURITY_MANAGE = "security.manage"
    SESSIONS_READ = "sessions.read"
    SESSIONS_STOP = "sessions.stop"
    STATS_READ = "stats.read"
    TENANTS_READ = "tenants.read"
    TENANTS_CREATE = "tenants.create"
    TENANTS_CONFIGURE = "tenants.configure"
    TENANTS_EXPORT = "tenants.export"
    TENANTS_MANAGE = "tenants.manage"
    USERS_READ = "users.read"
    USERS_MANAGE = "users.manage"
    WEBHOOKS_READ = "webhooks.read"
    WEBHOOKS_MANAGE = "webhooks.manage"


_EVERYBODY = frozenset(Role)
_OPERATORS = frozenset({Role.PLATFORM_ADMIN, Role.TENANT_ADMIN, Role.OPERATOR})
_ADMINS = frozenset({Role.PLATFORM_ADMIN, Role.TENANT_ADMIN})
_PLATFORM = frozenset({Role.PLATFORM_ADMIN})

ROLES_WITH: Mapping[Permission, frozenset[Role]] = {
    Permission.API_KEYS_READ: _ADMINS,
    Permission.API_KEYS_MANAGE: _ADMINS,
    Permission.AUDIT_READ: _ADMINS,
    Permission.CHARGE_POINTS_READ: _EVERYBODY,
    Permission.CHARGE_POINTS_CREATE: _OPERATORS,
    Permission.CHARGE_POINTS_CONFIGURE: _OPERATORS,
    Permission.CHARGE_POINTS_REMOVE: _ADMINS,
    Permission.CHARGING_PROFILES_READ: _EVERYBODY,
    Permission.CHARGING_PROFILES_MANAGE: _OPERATORS,
    Permission.COMMANDS_READ: _EVERYBODY,
    Permission.COMMANDS_SEND: _OPERATORS,
    Permission.DEAD_LETTERS_READ: _OPERATORS,
    Permission.DEAD_LETTERS_MANAGE: _ADMINS,
    Permission.DIAGNOSTICS_READ: _EVERYBODY,
    Permission.DIAGNOSTICS_FETCH: _OPERATORS,
    Permission.EVENTS_READ: _EVERYBODY,
    Permission.FIRMWARE_READ: _EVERYBODY,
    Permission.FIRMWARE_MANAGE: _OPERATORS,
    Permission.ID_TAGS_READ: _EVERYBODY,
    Permission.ID_TAGS_MANAGE: _OPERATORS,
    Permission.MESSAGES_READ: _OPERATORS,
    Permission.MQTT_READ: _ADMINS,
    Permission.MQTT_MANAGE: _ADMINS,
    Permission.RESERVATIONS_READ: _EVERYBODY,
    Permission.RESERVATIONS_MANAGE: _OPERATORS,
    Permission.SECURITY_READ: _OPERATORS,
    Permission.SECURITY_MANAGE: _ADMINS,
    Permission.SESSIONS_READ: _EVERYBODY,
    Permission.SESSIONS_STOP: _OPERATORS,
    Permission.STATS_READ: _EVERYBODY,
    Permission.TENANTS_READ: _ADMINS,
    Permission.TENANTS_CREATE: _PLATFORM,
    Permission.TENANTS_CONFIGURE: _ADMINS,
    Permission.TENANTS_EXPORT: _ADMINS,
    Permission.TENANTS_MANAGE: _PLATFORM,
    Permission.USERS_READ: _ADMINS,
    Permission.USERS_MANAGE: _ADMINS,
    Permission.WEBHOOKS_READ: _ADMINS,
    Permission.WEBHOOKS_MANAGE: _ADMINS,
}

MQTT_PERMISSIONS = frozenset({Permission.COMMANDS_SEND})
"""All that a program may do over MQTT which may write to its tenant's command topics."""


def permissions_of(role: Role) -> frozenset[Permission]:
    """All that a role may do."""
    return frozenset(permission for permission, roles in ROLES_WITH.items() if role in roles)
