"""The mirror's use cases; what the commands make of them is tested with their actions."""

from tests.builders import REF
from tests.fakes.world import World


def test_an_authorization_key_is_never_kept(world: World) -> None:
    """A01.FR.08: neither reported, nor changed, nor refused."""
    service = world.services.keepers.configuration
    reported = [{"key": " authorizationKEY", "value": "00"}, {"key": "A", "value": "1"}]
    service.note_reported(REF, reported, [], everything=True)
    service.note_changed(REF, "AuthorizationKey", "00", reboot_required=False)
    service.note_refused(REF, "AuthorizationKey", "00", answered=True)
    mirror = service.mirror(REF)
    assert list(mirror.keys) == ["a"]
    assert mirror.refused == {}


def test_texts_without_end_are_cut(world: World) -> None:
    service = world.services.keepers.configuration
    service.note_reported(REF, [{"key": "k" * 300, "value": "v" * 9999}], ["u" * 300])
    mirror = service.mirror(REF)
    ((name, key),) = mirror.keys.items()
    assert (len(name), len(key.value or "")) == (255, 2500)
    assert {len(name) for name in mirror.unknown} == {255}


def test_another_firmware_gets_another_chance(world: World) -> None:
    """G27."""
    service = world.services.keepers.configuration
    service.note_reported(REF, [{"key": "A", "value": "1"}], ["B"])
    service.note_refused(REF, "A", "2", answered=True)
    service.note_new_firmware(REF)
    mirror = service.mirror(REF)
    assert (mirror.refused, mirror.unknown, mirror.value("A")) == ({}, frozenset(), "1")


def test_what_is_forgotten_is_not_known(world: World) -> None:
    service = world.services.keepers.configuration
    service.note_unknown(REF, "A")
    service.forget(REF)
    assert service.mirror(REF).unknown == frozenset()
