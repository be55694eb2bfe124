"""The checker looks twice, and at everything it is asked to look at."""

from collections.abc import Iterator, Mapping

import pytest

from app.domain.consistency import Disagreement, Patience
from app.domain.errors import NotFound, Retryable
from app.domain.tenant import Tenant
from app.services.consistency import LOOK_AGAIN_AFTER_S, MOST_TOLD, Check, ConsistencyService
from tests.builders import a_tenant
from tests.fakes.gateway_link import FakeGatewayLink
from tests.fakes.tenants import FakeTenantRepository


class Looks:
    """What each look at a tenant finds, one after the other; the last one stays so."""

    def __init__(self, *looks: list[str]) -> None:
        self.looks = list(looks)
        self.paused: list[float] = []
        self.gateways: list[frozenset[str] | None] = []
        self.link = FakeGatewayLink()
        self.tenants = FakeTenantRepository()
        self.tenants.insert(a_tenant("acme"))
        self.tenants.insert(a_tenant("beta"))
        self.service = ConsistencyService(
            self.tenants, self.link, self.of_tenant, self.of_platform, self.paused.append
        )

    def of_tenant(
        self, tenant: Tenant, _patience: Patience, live: frozenset[str] | None
    ) -> Mapping[str, Check]:
        self.gateways.append(live)

        def sessions() -> Iterator[Disagreement]:
            found = self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]
            for subject in found:
                yield Disagreement("broken", tenant.id, subject, "Is broken.")

        return {"sessions": sessions}

    def of_platform(self) -> Mapping[str, Check]:
        return {}

    def found(self, tenant_id: str | None = "acme") -> list[str]:
        return [one.subject for one in self.service.find(tenant_id)]


def test_what_is_whole_is_looked_at_once() -> None:
    looks = Looks([])
    assert looks.found() == []
    assert looks.paused == []


def test_what_was_only_under_way_is_not_told() -> None:
    looks = Looks(["under way", "broken"], ["broken", "new"])
    assert looks.found() == ["broken"]
    assert looks.paused == [LOOK_AGAIN_AFTER_S]


def test_every_tenant_is_looked_at_unless_one_is_named() -> None:
    looks = Looks(["broken"])
    assert [(one.tenant_id, one.subject) for one in looks.service.find()] == [
        ("acme", "broken"),
        ("beta", "broken"),
    ]
    with pytest.raises(NotFound):
        looks.found("gamma")


def test_what_is_wrong_a_million_times_is_cut() -> None:
    found = Looks([str(number) for number in range(MOST_TOLD + 100)]).found()
    assert (len(found), found[-1]) == (MOST_TOLD + 1, "...")


def test_a_check_that_breaks_is_told_and_does_not_hide_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = Looks(["broken"])

    def with_a_bad_document(*_: object) -> Mapping[str, Check]:
        def breaks() -> Iterator[Disagreement]:
            document: dict[str, str] = {}
            yield Disagreement("breaks", None, document["status"], "")

        return {"breaks": breaks, "works": lambda: iter([Disagreement("works", "acme", "x", "Broken.")])}

    service = ConsistencyService(
        looks.tenants, looks.link, with_a_bad_document, looks.of_platform, looks.paused.append
    )
    assert [(one.check, one.subject) for one in service.find("acme")] == [
        ("check_failed", "breaks"),
        ("works", "x"),
    ]


def test_without_redis_the_rest_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = Looks([])

    def gone() -> frozenset[str]:
        raise Retryable("Redis is gone")

    monkeypatch.setattr(looks.link, "live_gateways", gone)
    assert looks.found() == []
    assert looks.gateways == [None]
