"""Signed links name their tenant, and nobody can make one name another."""

import base64

import httpx
import pytest

from tests.isolation.life import Life
from tests.isolation.sides import FIRMWARE, REPORT, TWINS

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


def _token_of(link: str) -> list[str]:
    """What it says, and the signature."""
    return link.split("/files/")[1].split("/")[0].split(".")


def test_a_link_leads_to_its_own_tenants_files(life: Life) -> None:
    """Though both firmware files have the same name."""
    for side in life.sides:
        assert side.lone["down"].endswith(f"/{FIRMWARE}")
        text = httpx.get(side.lone["down"]).text
        assert side.marker in text
        assert life.other(side).marker not in text


def test_a_link_that_is_changed_to_name_the_other_opens_nothing(life: Life) -> None:
    for side in life.sides:
        link, others = side.lone["down"], life.other(side).lone["down"]
        (claim, _), (theirs, _) = _token_of(link), _token_of(others)
        said = base64.urlsafe_b64decode(claim + "=" * (-len(claim) % 4)).decode()
        renamed = said.replace(side.tenant_id, life.other(side).tenant_id)
        assert renamed != said
        for forged in (base64.urlsafe_b64encode(renamed.encode()).decode().rstrip("="), theirs):
            assert httpx.get(link.replace(claim, forged)).status_code == 403


def test_an_upload_lands_with_its_own_tenant(life: Life) -> None:
    """Both jobs and both files are called the same."""
    path = f"/api/v1/diagnostics/{TWINS['diagnostics_id']}/files/{REPORT}"
    for side in life.sides:
        for marked in life.sides:
            up = httpx.put(marked.lone["up"] + REPORT, content=f"again {marked.marker}".encode())
            assert up.status_code == 201
            assert life.other(marked).marker not in up.text
        text = side.ask("GET", path).text
        assert text == f"again {side.marker}"
