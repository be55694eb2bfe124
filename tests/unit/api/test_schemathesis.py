"""The REST interface against its own description, by a tool that knows neither.

Schemathesis reads the OpenAPI document and sends, to every operation in it, requests that fit and requests
that do not. The cases are the same in every run, and each finds the world as new. A new route takes part by
being in the document.
"""

from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis import Case
from schemathesis.config import (
    ChecksConfig,
    GenerationConfig,
    PositiveDataAcceptanceConfig,
    ProjectConfig,
    ProjectsConfig,
    SchemathesisConfig,
)
from schemathesis.specs.openapi import checks

from app.api import create_app
from app.api.openapi import SPECIFICATION_PATH, TENANT_HEADER
from tests.unit.api.furnished import KNOWN, SETTINGS, TENANT, furnish, furnished_world

APP = create_app(furnished_world().services, SETTINGS)
OVERLAPPING = {
    "/api/v1/chargepoints/{charge_point_id}/certificates/read",
    "/api/v1/chargepoints/{charge_point_id}/certificates/renew",
    "/api/v1/id-tags/import",
}
"""Addresses that also fit another route, whose methods they share."""
FITTING = {"header.If-Match": "*", "header.If-None-Match": '"none"'}
"""ETags by chance would only show that 412 is answered."""
ACCEPTANCE = PositiveDataAcceptanceConfig(
    expected_statuses=["2xx", "304", "401", "403", "404", "409", "412", "422"]
)
"""422, because no schema can say every rule: of two fields one, a cursor that a page gave, a known name."""
CONFIG = SchemathesisConfig(
    projects=ProjectsConfig(
        default=ProjectConfig(
            parameters={f"path.{name}": value for name, value in KNOWN.items()} | FITTING,
            checks=ChecksConfig(positive_data_acceptance=ACCEPTANCE),
            generation=GenerationConfig(max_examples=3, deterministic=True, database="none"),
        )
    )
)
SCHEMA = schemathesis.openapi.from_wsgi(SPECIFICATION_PATH, APP, config=CONFIG)


@SCHEMA.parametrize()
@settings(
    max_examples=3,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
def test_it_does_what_it_says(case: "Case[Any]") -> None:
    token = furnish(APP).token
    case.call_and_validate(
        headers={"Authorization": f"Bearer {token}", TENANT_HEADER: TENANT},
        excluded_checks=[checks.allow_header_conformance] if case.operation.path in OVERLAPPING else [],
    )
