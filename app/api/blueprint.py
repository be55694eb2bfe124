"""flask-smorest's blueprint as this API uses it: typed, strict about input, and with its refusals documented.

flask-smorest has no type hints; this module is where that ends.
"""

import math
from collections.abc import Callable, Mapping
from copy import deepcopy
from functools import wraps
from http import HTTPStatus
from typing import Any, ClassVar, NoReturn, TypeVar, cast

import flask
import orjson
from flask_smorest import Blueprint as SmorestBlueprint
from marshmallow import RAISE, Schema, ValidationError
from webargs.core import missing
from webargs.flaskparser import FlaskParser, is_json_request
from webargs.multidictproxy import MultiDictProxy
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge, UnsupportedMediaType

from app.api.representations import FIELDS_PARAMETER, note_shown, selects_fields, shown
from app.domain.errors import InvalidInput

View = TypeVar("View", bound=Callable[..., Any])
TENANT_QUERY_PARAMETER = "tenant_id"


class StrictParser(FlaskParser):
    """Refuses unknown fields everywhere, JSON that is none, and bodies that do not say they are JSON."""

    DEFAULT_UNKNOWN_BY_LOCATION: ClassVar[dict[str, str | None]] = {  # type: ignore[misc]
        **FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION,
        "query": RAISE,
    }

    def load_querystring(self, req: flask.Request, schema: Schema) -> MultiDictProxy:
        """Without the parameters that are not the view's: which tenant, and which fields."""
        others = {TENANT_QUERY_PARAMETER} | ({FIELDS_PARAMETER} if selects_fields() else set())
        own = [(name, value) for name, value in req.args.items(multi=True) if name not in others]
        return MultiDictProxy(MultiDict(own), schema, tuple(self.KNOWN_MULTI_FIELDS))

    def _raw_load_json(self, req: flask.Request) -> Any:
        body = req.get_data(cache=True)
        if not body:
            return missing
        if len(body) >= (req.max_content_length or math.inf):
            raise RequestEntityTooLarge  # a chunked body was cut there without a word
        if not is_json_request(req):
            raise UnsupportedMediaType("Send the body as application/json.")
        return _parsed(body)

    def handle_error(self, error: ValidationError, *_: Any, **__: Any) -> NoReturn:
        """Turn marshmallow's nested messages into dotted paths."""
        problems = _flattened(error.normalized_messages())  # type: ignore[no-untyped-call]
        fields = ", ".join(sorted(problems))
        raise InvalidInput(f"Wrong, missing or unknown: {fields}.", problems=problems) from error


def _parsed(body: bytes) -> Any:
    """The JSON of a body, without what no store would take: NaN, lone surrogates, numbers beyond 2**53."""
    try:
        parsed = orjson.loads(body)
        orjson.dumps(parsed, option=orjson.OPT_STRICT_INTEGER)
    except orjson.JSONDecodeError as wrong:
        raise BadRequest(f"The body is not valid JSON: {wrong}.") from wrong
    except orjson.JSONEncodeError as wrong:
        sentence = "A whole number in the body is larger than JSON can carry, or it is nested too deep."
        raise BadRequest(sentence) from wrong
    return parsed


def _flattened(messages: Mapping[str, Any]) -> dict[str, list[str]]:
    """{"json": {"admin": {"email": [..]}}} -> {"admin.email": [..]}; the whole body is called "body"."""
    problems: dict[str, list[str]] = {}

    def walk(path: tuple[str, ...], found: Any, whole: str) -> None:
        if isinstance(found, Mapping):
            for name, inner in found.items():
                walk(path if name == "_schema" else (*path, str(name)), inner, whole)
        else:
            sentences = found if isinstance(found, list) else [found]
            problems.setdefault(".".join(path) or whole, []).extend(str(sentence) for sentence in sentences)

    for location, found in messages.items():
        walk((), found, "body" if location == "json" else location)
    return problems


class Blueprint(SmorestBlueprint):  # type: ignore[misc]
    """A noun's routes."""

    ARGUMENTS_PARSER = StrictParser()

    def get(self, rule: str) -> Callable[[View], View]:
        """Register a view for GET."""
        return self._method("GET", rule)

    def post(self, rule: str) -> Callable[[View], View]:
        """Register a view for POST."""
        return self._method("POST", rule)

    def put(self, rule: str) -> Callable[[View], View]:
        """Register a view for PUT."""
        return self._method("PUT", rule)

    def patch(self, rule: str) -> Callable[[View], View]:
        """Register a view for PATCH."""
        return self._method("PATCH", rule)

    def delete(self, rule: str) -> Callable[[View], View]:
        """Register a view for DELETE."""
        return self._method("DELETE", rule)

    def _method(self, method: str, rule: str) -> Callable[[View], View]:
        route: Callable[[View], View] = self.route(rule, methods=[method])

        def register(view: View) -> View:
            documentation = documentation_of(view)
            documentation.setdefault("manual_doc", {})["operationId"] = view.__name__
            return route(view)

        return register

    def body(self, schema: type[Schema], *, required: bool = True) -> Callable[[View], View]:
        """Read the JSON body as the view's next argument; one that is `required` may not be empty."""
        read: Callable[[View], View] = self.arguments(schema, required=required)

        def decorate(view: View) -> View:
            reading = read(view)
            return _with_a_body(reading) if required else reading

        return decorate

    def query(self, schema: type[Schema]) -> Callable[[View], View]:
        """Read the query parameters as the view's next argument."""
        decorate: Callable[[View], View] = self.arguments(schema, location="query")
        return decorate

    def answers(self, status: int, schema: type[Schema], description: str) -> Callable[[View], View]:
        """What the view returns, and with which status."""
        answer: Callable[[View], View] = self.response(status, schema, description=description)

        def decorate(view: View) -> View:
            answering: Any = answer(view)
            note_shown(answering, schema())
            return cast(View, answering)

        return decorate

    def _prepare_response_content(self, data: Any) -> Any:
        """flask-smorest's place for what is done to an answer before it is JSON."""
        return shown(data)


def _with_a_body(view: View) -> View:
    """flask-smorest only documents that a body is required."""

    @wraps(view)
    def checked(*args: Any, **kwargs: Any) -> Any:
        if not flask.request.get_data(cache=True):
            raise InvalidInput("There is no body.", problems={"body": ["Send one, in JSON."]})
        return view(*args, **kwargs)

    return cast(View, checked)


def also_answers(status: int, schema: type[Schema], description: str) -> Callable[[View], View]:
    """Document a second good answer."""
    decorate: Callable[[View], View] = Blueprint("unused", __name__).alt_response(
        status, schema=schema, description=description, success=True
    )
    return decorate


def problems(*statuses: int) -> Callable[[View], View]:
    """Document refusals."""

    def decorate(view: View) -> View:
        documentation = documentation_of(view)
        responses = documentation.setdefault("response", {}).setdefault("responses", {})
        for status in statuses:
            responses.setdefault(status, []).append(HTTPStatus(status).name)
        return view

    return decorate


def documentation_of(view: Any) -> dict[str, Any]:
    """The view's own notes for the OpenAPI document, to be added to."""
    view._apidoc = deepcopy(getattr(view, "_apidoc", {}))
    documentation: dict[str, Any] = view._apidoc
    return documentation
