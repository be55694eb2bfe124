"""Firmware updates: links to images, signatures, and what a boot proves."""

from urllib.parse import urlsplit

import pytest

from app.domain.errors import Gone, InvalidInput, NotFound, NotPermitted
from app.domain.firmware_file import FirmwareFile
from app.domain.job import JobKind, JobStatus
from app.services.firmware import FirmwareService
from tests.builders import REF, a_command, a_tenant
from tests.fakes.world import World, fake_world


@pytest.fixture
def world() -> World:
    world = fake_world()
    world.tenants.insert(a_tenant("acme", file_link_s=600))
    world.tenants.insert(a_tenant("beta"))
    return world


@pytest.fixture
def firmware(world: World) -> FirmwareService:
    return world.services.keepers.firmware


@pytest.fixture
def image(firmware: FirmwareService) -> FirmwareFile:
    return firmware.images.add("acme", "fw-2.bin", "2.0", [b"firm", b"ware"], "user-1")


def token_of(url: str) -> str:
    return urlsplit(url).path.split("/")[2]


def test_a_link_leads_to_the_image_for_as_long_as_the_tenant_wants(
    world: World, firmware: FirmwareService, image: FirmwareFile
) -> None:
    url = firmware.location_of("acme", image.id)
    assert url.startswith("https://ocpp.example/files/")
    assert url.endswith("/fw-2.bin")
    assert firmware.image_behind(token_of(url)) == image
    world.clock.advance(600)
    with pytest.raises(Gone):
        firmware.image_behind(token_of(url))


def test_no_link_to_what_is_not_there(firmware: FirmwareService, image: FirmwareFile) -> None:
    for tenant_id, file_id in (("acme", "fw-none"), ("beta", image.id)):
        with pytest.raises(InvalidInput) as refused:
            firmware.location_of(tenant_id, file_id)
        assert set(refused.value.problems) == {"firmware_file_id"}


def test_a_link_to_an_image_that_was_deleted_leads_nowhere(
    world: World, firmware: FirmwareService, image: FirmwareFile
) -> None:
    token = token_of(firmware.location_of("acme", image.id))
    firmware.images.delete("acme", image.id)
    assert world.files.contents == {}
    with pytest.raises(NotFound):
        firmware.image_behind(token)


def test_a_link_for_an_upload_downloads_nothing(world: World, firmware: FirmwareService) -> None:
    token = token_of(world.services.keepers.diagnostics.upload_location("acme", "cmd-1"))
    with pytest.raises(NotPermitted):
        firmware.image_behind(token)


def test_a_boot_with_a_new_version_settles_the_job(firmware: FirmwareService) -> None:
    """B12."""
    firmware.begin(a_command(), JobKind.FIRMWARE, location="https://x/", firmware_version="1.0")
    for version in (None, "", "1.0"):
        firmware.note_boot(REF, version)
        assert firmware.get("acme", "cmd-1").status is JobStatus.REQUESTED
    firmware.note_boot(REF, "2.0")
    settled = firmware.get("acme", "cmd-1")
    assert (settled.status, settled.firmware_version_after) == (JobStatus.COMPLETED, "2.0")
