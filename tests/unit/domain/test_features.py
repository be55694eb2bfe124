"""Features: every command belongs to one, or is always allowed on purpose."""

from dataclasses import fields, replace

import pytest

from app.domain.errors import FeatureDisabled
from app.domain.features import FEATURE_OF, check_feature
from app.domain.tenant_configuration import Features
from app.ocpp.catalog import load_catalog

ALWAYS_ALLOWED = {"ChangeConfiguration", "ClearCache", "GetConfiguration"}
FLAGS = {flag.name for flag in fields(Features)}


def test_every_command_belongs_to_a_feature_or_is_always_allowed() -> None:
    """A new command needs its line in one of the two."""
    _, outbound = load_catalog().actions()
    assert set(FEATURE_OF) | ALWAYS_ALLOWED == set(outbound)
    assert not set(FEATURE_OF) & ALWAYS_ALLOWED


def test_every_feature_stands_for_something() -> None:
    assert set(FEATURE_OF.values()) == FLAGS


@pytest.mark.parametrize("action", sorted(FEATURE_OF))
def test_a_command_is_refused_by_the_name_of_its_feature(action: str) -> None:
    feature = FEATURE_OF[action]
    check_feature(Features(), action)
    check_feature(replace(Features(**dict.fromkeys(FLAGS, False)), **{feature: True}), action)
    with pytest.raises(FeatureDisabled, match=feature) as refused:
        check_feature(replace(Features(), **{feature: False}), action)
    assert refused.value.context == {"feature": feature}


@pytest.mark.parametrize("action", sorted(ALWAYS_ALLOWED))
def test_what_keeps_a_charge_point_usable_cannot_be_switched_off(action: str) -> None:
    check_feature(Features(**dict.fromkeys(FLAGS, False)), action)
