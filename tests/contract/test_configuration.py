"""Contract of `ConfigurationRepository`."""

from app.domain.configuration import ConfigurationKey, ConfigurationMirror, Refusal
from app.domain.context import ChargePointRef
from tests.builders import NOON, at
from tests.contract.stores import Stores


def test_nothing_is_known_at_first(stores: Stores) -> None:
    ref = ChargePointRef(stores.id, "CP-1")
    assert stores.configurations.find(ref) == ConfigurationMirror(ref)


def test_a_mirror_is_kept_as_it_is(stores: Stores) -> None:
    ref = ChargePointRef(stores.id, "any/identity.at $all")
    mirror = ConfigurationMirror(
        ref,
        {
            "vendor.key $1": ConfigurationKey("Vendor.Key $1", "a,b", True, NOON),
            "unset": ConfigurationKey("Unset", None, None, at(1), reboot_required=True),
        },
        frozenset({"Nonsense", "x.y"}),
        {"heartbeatinterval": Refusal("0", answered=True, at=at(2))},
        at(3),
    )
    stores.configurations.save(mirror)
    assert stores.configurations.find(ref) == mirror
    assert stores.configurations.find(ChargePointRef("t-without-any", "CP-1")).keys == {}


def test_the_later_one_counts(stores: Stores) -> None:
    ref = ChargePointRef(stores.id, "CP-1")
    stores.configurations.save(ConfigurationMirror(ref, unknown=frozenset({"A"})))
    stores.configurations.save(ConfigurationMirror(ref, unknown=frozenset({"B"})))
    assert stores.configurations.find(ref).unknown == {"B"}


def test_what_was_deleted_is_not_known_any_more(stores: Stores) -> None:
    ref = ChargePointRef(stores.id, "CP-1")
    stores.configurations.save(ConfigurationMirror(ref, read_at=NOON))
    stores.configurations.delete(ref)
    stores.configurations.delete(ref)
    assert stores.configurations.find(ref) == ConfigurationMirror(ref)


def test_the_largest_mirror_has_room(stores: Stores) -> None:
    """A charge point may tell whatever it likes; the limits keep it within one document."""
    ref = ChargePointRef(stores.id, "CP-1")
    keys = [ConfigurationKey(f"{number:04}" + "ü" * 251, "ü" * 2500, False, NOON) for number in range(1000)]
    mirror = ConfigurationMirror(ref).with_keys(keys)
    stores.configurations.save(mirror)
    assert len(stores.configurations.find(ref).keys) == 1000
