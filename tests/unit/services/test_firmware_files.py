"""Firmware images: kept whole, named harmlessly."""

import hashlib

import pytest

from app.domain.errors import InvalidInput, NotFound, TooLarge
from app.services.firmware_files import FirmwareFileService
from app.services.ports import PageRequest
from tests.fakes.world import World, fake_world


@pytest.fixture
def world() -> World:
    return fake_world()


@pytest.fixture
def images(world: World) -> FirmwareFileService:
    return world.services.keepers.firmware.images


def test_an_image_is_kept(images: FirmwareFileService) -> None:
    image = images.add("acme", "fw.bin", "2.0", [b"ab", b"c"], "user-1")
    assert (image.size, image.sha256) == (3, hashlib.sha256(b"abc").hexdigest())
    assert images.get("acme", image.id) == image
    assert images.list_page("acme", PageRequest()).items == (image,)
    with images.open(image) as content:
        assert content.read() == b"abc"
    with pytest.raises(NotFound):
        images.get("beta", image.id)


@pytest.mark.parametrize(
    ("name", "version", "named"),
    [
        ("", None, {"name"}),
        ("../fw.bin", None, {"name"}),
        ("fw .bin", None, {"name"}),
        ("x" * 101, "", {"name", "version"}),
        ("fw.bin", "v" * 51, {"version"}),
    ],
)
def test_wrong_names_are_named(
    world: World, images: FirmwareFileService, name: str, version: str | None, named: set[str]
) -> None:
    with pytest.raises(InvalidInput) as refused:
        images.add("acme", name, version, [b"abc"], "user-1")
    assert set(refused.value.problems) == named
    assert world.files.contents == {}


def test_what_is_empty_or_too_large_is_not_kept(world: World, images: FirmwareFileService) -> None:
    world.files.max_bytes = 2
    with pytest.raises(InvalidInput):
        images.add("acme", "fw.bin", None, [], "user-1")
    with pytest.raises(TooLarge):
        images.add("acme", "fw.bin", None, [b"abc"], "user-1")
    assert world.files.contents == {}
    assert images.list_page("acme", PageRequest()).items == ()


def test_a_deleted_image_is_gone(world: World, images: FirmwareFileService) -> None:
    image = images.add("acme", "fw.bin", None, [b"abc"], "user-1")
    with pytest.raises(NotFound):
        images.delete("beta", image.id)
    images.delete("acme", image.id)
    assert world.files.contents == {}
    with pytest.raises(NotFound):
        images.delete("acme", image.id)
