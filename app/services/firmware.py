"""Firmware updates: jobs of charge points, and the images that are kept here for them."""

from typing import Any

from app.domain.context import ChargePointRef
from app.domain.errors import InvalidInput
from app.domain.firmware_file import FirmwareFile
from app.domain.times import format_time
from app.services.files import Link, LinkService, Purpose
from app.services.firmware_files import FirmwareFileService
from app.services.jobs import JobRepository, JobService
from app.services.ports import Clock
from app.services.signatures import doubts_about


class FirmwareService(JobService):
    """Use cases of firmware jobs."""

    def __init__(
        self,
        jobs: JobRepository,
        images: FirmwareFileService,
        links: LinkService,
        clock: Clock,
    ) -> None:
        super().__init__(jobs, clock)
        self.images = images
        self._links = links

    def now(self) -> str:
        """As the wire writes it: when a charge point may fetch firmware at once."""
        return format_time(self._clock.now())

    def location_of(self, tenant_id: str, firmware_file_id: str) -> str:
        """A link by which a charge point can fetch an image, for as long as the tenant's links work."""
        image = self._image(tenant_id, firmware_file_id)
        return self._links.url(Link(Purpose.DOWNLOAD, tenant_id, image.id), image.name)

    def image_behind(self, token: str) -> FirmwareFile:
        """What a download link leads to. Raises NotPermitted, Gone, NotFound."""
        link = self._links.read(token, Purpose.DOWNLOAD)
        return self.images.get(link.tenant_id, link.subject)

    def doubts_about_signature(
        self, tenant_id: str, certificate: str, signature: str, firmware_file_id: str | None
    ) -> list[str]:
        """What a charge point may find wrong with these, before it does (A00.FR.706)."""
        image = self._image(tenant_id, firmware_file_id) if firmware_file_id else None
        digest = bytes.fromhex(image.sha256) if image else None
        return doubts_about(certificate, signature, digest, self._clock.now())

    def _image(self, tenant_id: str, firmware_file_id: Any) -> FirmwareFile:
        image = self.images.find(tenant_id, str(firmware_file_id))
        if image is None:
            sentence = f"There is no firmware file '{firmware_file_id}'."
            raise InvalidInput(sentence, problems={"firmware_file_id": [sentence]})
        return image

    def note_boot(self, ref: ChargePointRef, firmware_version: str | None) -> None:
        """A charge point booted; another firmware version than before settles its job (B12)."""
        if not firmware_version:
            return
        now = self._clock.now()
        for job in self._jobs.recent(ref):
            if job.booted(firmware_version, now) != job:
                self._change(
                    ref.tenant_id, job.id, lambda known: known.booted(firmware_version, now), known=job
                )
