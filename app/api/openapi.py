"""The OpenAPI document and the page to browse it, both served from here: no content delivery network."""

import http
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from flask import Blueprint as FlaskBlueprint
from flask import Flask, Response, jsonify, redirect, send_from_directory
from flask_smorest import Api as SmorestApi
from werkzeug.wrappers import Response as BaseResponse

from app.api.description import complete
from app.api.problems import CONTENT_TYPE
from app.api.schemas.base import Moment, Time, WireTime
from app.api.schemas.problem import ProblemSchema
from app.domain.errors import NotFound

BEARER = "bearer"
API_KEY = "api_key"
TENANT_HEADER = "X-Tenant-Id"
TENANT_PARAMETER = "tenant"
DOCS_PATH = "/api/docs"
SPECIFICATION_PATH = "/api/openapi.json"
DOCS_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'"
)

_DESCRIPTION = f"""
A central system for OCPP 1.6-J charge points: charge points, charging sessions, commands, tenants.

Log in at `/api/v1/auth/login` and send the access token as `Authorization: Bearer <access_token>`. Machines
send an API key in the same way, or as `X-API-Key`.
Everything a user sees belongs to the user's tenant; a platform admin names one by the header
`{TENANT_HEADER}`. Every refusal is `application/problem+json` with a stable `code`, and with `errors` by
field where the input is wrong. Times are ISO 8601 in UTC. Energy is in Wh.
"""

_PAGE = """<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <title>OCPP Server API</title>
  <link rel="stylesheet" href="/api/docs/swagger-ui.css">
  <link rel="icon" type="image/png" href="/api/docs/favicon-32x32.png">
</head>
<body>
  <div id="swagger-ui"></div>
  <script src="/api/docs/swagger-ui-bundle.js"></script>
  <script src="/api/docs/start.js"></script>
</body>
</html>
"""
_START = """SwaggerUIBundle({
  url: "/api/openapi.json", dom_id: "#swagger-ui", deepLinking: true, persistAuthorization: true
});
"""
_ASSETS = frozenset({"swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png"})


class Api(SmorestApi):  # type: ignore[misc]
    """flask-smorest with our problem details in the document, and none of its own error answers."""

    DEFAULT_ERROR_RESPONSE_NAME = None

    def _register_responses(self) -> None:
        for status in http.HTTPStatus:
            if status >= 400:
                content = {CONTENT_TYPE: {"schema": ProblemSchema}}
                response = {"description": status.phrase, "content": content}
                self.spec.components.response(status.name, response, lazy=True)

    def _register_error_handlers(self) -> None:
        """`app.api.errors` has them."""

    @cached_property
    def document(self) -> dict[str, Any]:
        """The whole description, made when it is first asked for."""
        return complete(self.spec.to_dict())

    def _openapi_json(self) -> Response:
        return jsonify(self.document)


def make_api(app: Flask) -> Api:
    """The API that blueprints register with; its document is at SPECIFICATION_PATH."""
    app.config.update(
        API_TITLE="OCPP Server",
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX="/api",
        API_SPEC_OPTIONS={"info": {"description": _DESCRIPTION}},
    )
    api = Api(app)
    for moment in (Time, Moment, WireTime):
        api.register_field(moment, "string", "date-time")
    bearer = {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
    api.spec.components.security_scheme(BEARER, bearer)
    api_key = {"type": "apiKey", "in": "header", "name": "X-API-Key"}
    api.spec.components.security_scheme(API_KEY, api_key)
    tenant = {
        "name": TENANT_HEADER,
        "schema": {"type": "string"},
        "description": "The tenant that a platform admin means (or `?tenant_id=`). Others leave it out.",
    }
    api.spec.components.parameter(TENANT_PARAMETER, "header", tenant)
    return api


def register_docs(app: Flask) -> None:
    """The browsable page and its files; `/` leads there."""
    found = find_spec("flask_swagger_ui")
    if found is None or found.origin is None:
        raise RuntimeError("The package flask-swagger-ui, which has the documentation's files, is missing.")
    assets = Path(found.origin).parent / "dist"
    docs = FlaskBlueprint("docs", __name__)

    @docs.get("/")
    def home() -> BaseResponse:
        return redirect(DOCS_PATH)

    @docs.get(DOCS_PATH)
    def page() -> Response:
        return Response(_PAGE, content_type="text/html; charset=utf-8")

    @docs.get(f"{DOCS_PATH}/start.js")
    def start() -> Response:
        return Response(_START, content_type="text/javascript; charset=utf-8")

    @docs.get(f"{DOCS_PATH}/<name>")
    def asset(name: str) -> Response:
        if name not in _ASSETS:
            raise NotFound(f"There is no page '{name}'.")
        return send_from_directory(assets, name, max_age=86_400)

    app.register_blueprint(docs)
