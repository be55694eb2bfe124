"""Tenants: legal ids, and a configuration whose every wrong field is named."""

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import InvalidInput
from app.domain.tenant import (
    RESERVED_TENANT_IDS,
    TenantConfiguration,
    TenantStatus,
    configuration_as_dict,
    configured,
    new_tenant,
)
from tests.builders import NOON

DEFAULTS = TenantConfiguration()
BOUNDS = {
    "max_charge_points": (0, 10_000_000),
    "api_rate_limit": (1, 100_000_000),
    "heartbeat_interval": (1, 86_400),
    "meter_values_interval": (0, 86_400),
    "boot_retry_interval": (1, 86_400),
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


@pytest.mark.parametrize("tenant_id", ["a", "0", "tenant-123", "a_b", "a" * 48])
def test_a_legal_id_names_a_database(tenant_id: str) -> None:
    tenant = new_tenant(tenant_id, "Name", [], DEFAULTS, NOON)
    assert tenant.database_name == f"ocpp_{tenant_id}"
    assert len(tenant.database_name) < 64
    assert tenant.status is TenantStatus.ACTIVE


@pytest.mark.parametrize(
    "tenant_id",
    ["", "A", "-a", "_a", "a.b", "a/b", "a b", "ä", "a\n", "a" * 49, *sorted(RESERVED_TENANT_IDS)],
)
def test_an_illegal_or_reserved_id_is_refused(tenant_id: str) -> None:
    """`platform` would share the platform's own database."""
    with pytest.raises(InvalidInput) as refused:
        new_tenant(tenant_id, "Name", [], DEFAULTS, NOON)
    assert list(refused.value.problems) == ["id"]


@pytest.mark.parametrize("prefix", ["", "a/b", "a+", "#", "a\x00", "a\x7f", "x" * 65])
def test_a_prefix_that_no_identity_can_have_is_refused(prefix: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        new_tenant("acme", "Name", ["OK-", prefix], DEFAULTS, NOON)
    assert list(refused.value.problems) == ["charge_point_prefix"]


def test_all_wrong_fields_of_a_new_tenant_are_named_at_once() -> None:
    with pytest.raises(InvalidInput) as refused:
        new_tenant("NO", "  ", ["/"], DEFAULTS, NOON)
    assert set(refused.value.problems) == {"id", "name", "charge_point_prefix"}


@given(st.dictionaries(st.text(), st.none() | st.integers() | st.text() | st.lists(st.text())))
def test_no_configuration_makes_the_check_break(changes: dict[str, Any]) -> None:
    with contextlib.suppress(InvalidInput):
        configured(DEFAULTS, changes)
