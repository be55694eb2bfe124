"""A tenant's configuration: every wrong field is named, and nothing changes unless all of it is good."""

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import InvalidInput
from app.domain.tenant_configuration import (
    PLATFORM_SETTINGS,
    Brand,
    TenantConfiguration,
    configuration_as_dict,
    configured,
    stored_configuration,
)

DEFAULTS = TenantConfiguration()
BOUNDS = {
    "max_charge_points": (0, 10_000_000),
    "api_rate_limit": (1, 100_000_000),
    "worker_pool_size": (0, 64),
    "max_connections": (0, 10_000_000),
    "session_days": (0, 36_500),
    "audit_log_days": (1, 3_650),
    "api_user_rate_limit": (1, 100_000_000),
    "ocpp_rate_limit": (1, 1_000_000),
    "ocpp_tenant_rate_limit": (0, 100_000_000),
    "mqtt_qos": (0, 1),
    "heartbeat_interval": (1, 86_400),
    "meter_values_interval": (0, 86_400),
    "boot_retry_interval": (1, 86_400),
    "ping_interval_s": (0, 3_600),
    "security_profile": (0, 3),
    "status_after_reconnect_s": (0, 3_600),
    "session_silence_s": (0, 2_592_000),
    "session_available_s": (0, 86_400),
    "certificate_days": (1, 3_650),
    "file_link_s": (60, 2_592_000),
    "command_expiry_s": (1, 604_800),
    "command_timeout_s": (1, 600),
    "message_log_days": (1, 3_650),
}
SWITCHES = [
    "queue_enabled",
    "accept_missing_subprotocol",
    "read_configuration_at_boot",
    "accept_unknown_id_tags",
    "allow_concurrent_transactions",
    "mqtt_retain_status",
    "meter_values_on_session_topic",
]


def problems_of(changes: dict[str, Any]) -> dict[str, Any]:
    with pytest.raises(InvalidInput) as refused:
        configured(DEFAULTS, changes)
    return dict(refused.value.problems)


@pytest.mark.parametrize("name", BOUNDS)
def test_a_number_may_be_at_its_bounds_and_not_beyond(name: str) -> None:
    low, high = BOUNDS[name]
    for value in (low, high):
        assert getattr(configured(DEFAULTS, {name: value}), name) == value
    for value in (low - 1, high + 1):
        assert problems_of({name: value}) == {name: [f"Must be from {low} to {high}."]}


@pytest.mark.parametrize("value", [True, False, 1.0, "60", None, [60]])
@pytest.mark.parametrize("name", BOUNDS)
def test_a_number_is_a_whole_number_and_no_boolean(name: str, value: Any) -> None:
    assert problems_of({name: value}) == {name: ["Must be a whole number."]}


@pytest.mark.parametrize("value", [0, 1, "true", None])
@pytest.mark.parametrize("name", SWITCHES)
def test_a_switch_is_true_or_false(name: str, value: Any) -> None:
    assert problems_of({name: value}) == {name: ["Must be true or false."]}


def test_every_setting_is_bounded_a_switch_or_checked_otherwise() -> None:
    """A new setting needs its own check, and its own line here."""
    special = {"unknown_charge_points", "cpo_name", "boot_configuration", "data_transfer_vendors"}
    special |= {"features", "charging_defaults", "authorization_policy", "cors_origins", "brand"}
    assert {*BOUNDS, *SWITCHES, *special} == set(configuration_as_dict(DEFAULTS))


@pytest.mark.parametrize("value", ["Accept", "", 1, None])
def test_the_policy_for_unknown_charge_points_is_one_of_three_words(value: Any) -> None:
    assert list(problems_of({"unknown_charge_points": value})) == ["unknown_charge_points"]
    changed = configured(DEFAULTS, {"unknown_charge_points": "pending"})
    assert changed.unknown_charge_points == "pending"


@pytest.mark.parametrize("value", [1, None, "x" * 201])
def test_a_name_is_a_short_text(value: Any) -> None:
    assert list(problems_of({"cpo_name": value})) == ["cpo_name"]


@pytest.mark.parametrize(
    "value", [["K"], {"K": 1}, {"": "v"}, {"K" * 51: "v"}, {"K": "v" * 501}, {" AuthorizationKey": "00"}]
)
def test_a_baseline_maps_keys_to_texts_and_holds_no_secret(value: Any) -> None:
    assert list(problems_of({"boot_configuration": value})) == ["boot_configuration"]
    kept = configured(DEFAULTS, {"boot_configuration": {"MeterValueSampleInterval": "60"}})
    assert configuration_as_dict(kept)["boot_configuration"] == {"MeterValueSampleInterval": "60"}


@pytest.mark.parametrize("value", [["V"], {"V": "id"}, {"V": [1]}, {1: ["id"]}, "V", None])
def test_vendors_map_to_lists_of_message_ids(value: Any) -> None:
    assert list(problems_of({"data_transfer_vendors": value})) == ["data_transfer_vendors"]


def test_an_unknown_setting_is_named_with_the_known_ones() -> None:
    (sentence,) = problems_of({"queue_enable": True})["queue_enable"]
    assert "Unknown setting" in sentence
    assert "queue_enabled" in sentence


def test_all_wrong_settings_are_named_at_once() -> None:
    assert set(
        problems_of({"queue_enabled": 1, "nonsense": 2, "api_rate_limit": 0, "heartbeat_interval": 10})
    ) == {
        "queue_enabled",
        "nonsense",
        "api_rate_limit",
    }


def test_a_change_leaves_everything_else_as_it_was() -> None:
    once = configured(DEFAULTS, {"heartbeat_interval": 10, "data_transfer_vendors": {"V": ["a", "b"]}})
    twice = configured(once, {"queue_enabled": False})
    assert configuration_as_dict(twice) == configuration_as_dict(once) | {"queue_enabled": False}


def test_the_json_form_is_read_back_unchanged() -> None:
    known = configured(
        DEFAULTS, {"data_transfer_vendors": {"V": ["a"], "W": []}, "unknown_charge_points": "accept"}
    )
    assert configured(TenantConfiguration(), configuration_as_dict(known)) == known


@given(st.dictionaries(st.text(), st.none() | st.integers() | st.text() | st.lists(st.text())))
def test_no_configuration_makes_the_check_break(changes: dict[str, Any]) -> None:
    with contextlib.suppress(InvalidInput):
        configured(DEFAULTS, changes)


# --- settings with members -----------------------------------------------------------------------


@pytest.mark.parametrize("name", ["features", "charging_defaults", "authorization_policy", "brand"])
@pytest.mark.parametrize("value", [1, None, [], "on"])
def test_a_setting_with_members_is_an_object(name: str, value: Any) -> None:
    assert problems_of({name: value}) == {name: ["Must be an object."]}


def test_members_that_are_not_named_stay() -> None:
    once = configured(DEFAULTS, {"features": {"firmware": False}, "brand": {"name": "Acme"}})
    twice = configured(once, {"features": {"reservations": False}})
    assert (twice.features.firmware, twice.features.reservations, twice.features.security) == (
        False,
        False,
        True,
    )
    assert twice.brand == Brand(name="Acme")


def test_an_unknown_member_is_named_with_its_place() -> None:
    assert list(problems_of({"features": {"teleport": True}})) == ["features.teleport"]


@pytest.mark.parametrize("value", [0, 1, "true", None])
def test_a_feature_is_on_or_off(value: Any) -> None:
    assert problems_of({"features": {"firmware": value}}) == {"features.firmware": ["Must be true or false."]}


GOOD_BRAND = {
    "name": "Acme Charging",
    "logo_url": "https://cdn.acme.example/logo.svg?v=2",
    "primary_color": "#0a7D3c",
    "secondary_color": "#ffffff",
    "support_email": "help@acme.example",
    "support_phone": "+49 (30) 123-456",
    "support_url": "http://help.acme.example:8080/",
}


def test_a_brand_is_kept_and_may_be_emptied_again() -> None:
    branded = configured(DEFAULTS, {"brand": GOOD_BRAND})
    assert configuration_as_dict(branded)["brand"] == GOOD_BRAND
    assert configured(branded, {"brand": dict.fromkeys(GOOD_BRAND, "")}) == DEFAULTS


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("name", "x" * 201),
        ("logo_url", "javascript:alert(1)"),
        ("logo_url", "data:image/svg+xml,<svg/>"),
        ("logo_url", "//cdn.acme.example/logo.svg"),
        ("logo_url", "https://"),
        ("logo_url", "https://user:secret@acme.example/logo.svg"),
        ("logo_url", 'https://acme.example/"onerror=alert(1)'),
        ("logo_url", "https://acme.example:port/"),
        ("support_url", "ftp://acme.example"),
        ("primary_color", "red"),
        ("primary_color", "#12345"),
        ("secondary_color", "#123456;}"),
        ("support_email", "help"),
        ("support_email", "<help@acme.example>"),
        ("support_phone", "call me"),
        ("support_phone", 112),
    ],
)
def test_a_brand_holds_nothing_that_a_page_could_not_show_safely(member: str, value: Any) -> None:
    assert list(problems_of({"brand": {member: value}})) == [f"brand.{member}"]


@pytest.mark.parametrize(
    "origin", ["https://app.acme.example", "http://localhost:3000", "https://[::1]:8443"]
)
def test_an_origin_is_as_browsers_send_it(origin: str) -> None:
    assert configured(DEFAULTS, {"cors_origins": [origin, origin]}).cors_origins == (origin,)


@pytest.mark.parametrize(
    "value",
    [
        "https://app.acme.example",
        ["*"],
        ["null"],
        ["https://app.acme.example/"],
        ["https://APP.acme.example"],
        ["https://app.acme.example?x"],
        ["app.acme.example"],
        [1],
        [f"https://{number}.example" for number in range(51)],
    ],
)
def test_what_is_no_origin_is_refused(value: Any) -> None:
    assert list(problems_of({"cors_origins": value})) == ["cors_origins"]


@pytest.mark.parametrize("value", ["DE", [""], ["x" * 21], ["with space"], [1]])
def test_accepted_prefixes_are_beginnings_of_id_tags(value: Any) -> None:
    refused = problems_of({"authorization_policy": {"accepted_prefixes": value}})
    assert list(refused) == ["authorization_policy.accepted_prefixes"]


# --- together ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"charging_defaults": {"limit": 16, "profile_template": "night"}}, "charging_defaults"),
        ({"charging_defaults": {"limit": 16}, "features": {"smart_charging": False}}, "charging_defaults"),
        ({"status_after_reconnect_s": 5, "features": {"remote_trigger": False}}, "status_after_reconnect_s"),
        ({"session_silence_s": 30}, "session_silence_s"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(changes: dict[str, Any], named: str) -> None:
    assert list(problems_of(changes)) == [named]


def test_a_contradiction_is_seen_with_what_is_in_force_already() -> None:
    limited = configured(DEFAULTS, {"charging_defaults": {"limit": 16}})
    with pytest.raises(InvalidInput, match="nothing was changed"):
        configured(limited, {"features": {"smart_charging": False}})


def test_what_is_stored_is_read_even_if_it_would_not_be_taken_today() -> None:
    """A stricter check must not lock anybody out of their tenants."""
    stored = configuration_as_dict(DEFAULTS) | {"session_silence_s": 30, "of_another_version": 1}
    assert stored_configuration(stored).session_silence_s == 30
    assert stored_configuration({}) == DEFAULTS


def test_what_only_the_platform_sets_exists() -> None:
    assert set(configuration_as_dict(DEFAULTS)) > PLATFORM_SETTINGS
