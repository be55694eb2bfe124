"""What all operations have in common, put into the OpenAPI document once it is whole.

Views say what is theirs. Which codes a refusal may have, ETags, idempotency keys, sparse fields and examples
follow from what an operation is, so no view has to repeat them.
"""

from http import HTTPStatus
from typing import Any

from app.api.examples import Examples, Json
from app.api.idempotency import KEY_HEADER, REPLAYED_HEADER
from app.api.problems import CONTENT_TYPE
from app.api.refusal_codes import codes_of
from app.api.representations import FIELDS_PARAMETER

_JSON = "application/json"
_TEXT: Json = {"type": "string"}
_PARAMETERS: dict[str, Json] = {
    "fields": {
        "name": FIELDS_PARAMETER,
        "in": "query",
        "schema": {"type": "string", "minLength": 1},
        "description": "Show these fields only, by name with commas between; of a list, of its items.",
    },
    "if_none_match": {
        "name": "If-None-Match",
        "in": "header",
        "schema": _TEXT,
        "description": "An ETag. If it still fits, the answer is 304 without a body.",
    },
    "if_match": {
        "name": "If-Match",
        "in": "header",
        "schema": _TEXT,
        "description": "An ETag, as read before. If it does not fit any more, nothing is changed: 412.",
    },
    "idempotency_key": {
        "name": KEY_HEADER,
        "in": "header",
        "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
        "description": "Your own name for this request. Sent again within 24 hours, it is not done again.",
    },
}
_HEADERS: dict[str, Json] = {
    "ETag": {"schema": _TEXT, "description": "Which state of it this is."},
    "Location": {"schema": _TEXT, "description": "Its address."},
    REPLAYED_HEADER: {
        "schema": {"type": "string", "enum": ["true"]},
        "description": "This is the first answer once more.",
    },
}


def complete(document: Json) -> Json:
    """The document, with what every operation of its kind has. Changes it in place."""
    components = document["components"]
    components.setdefault("headers", {}).update(_HEADERS)
    parameters = components.setdefault("parameters", {})
    parameters.update(_PARAMETERS)
    examples = Examples(components["schemas"])
    refusals: dict[str, Json] = {}
    readable = {address for address, path in document["paths"].items() if _shows_one(path.get("get", {}))}
    for address, path in document["paths"].items():
        tagged = bool(readable & {address, address.rpartition("/")[0]})
        for method, operation in path.items():
            if method == "parameters":
                continue
            _add_common(method, operation, tagged=tagged)
            _name_codes(method, operation, refusals, parameters)
            _show_examples(operation, examples)
    components["responses"] = refusals
    return document


def _shows_one(operation: Json) -> bool:
    """It is read as JSON, and is no page of a list: it has an ETag to be named by `If-Match`."""
    names = {one.get("name") for one in operation.get("parameters", ()) if isinstance(one, dict)}
    return _is_read(operation) and "cursor" not in names


def _is_read(operation: Json) -> bool:
    return _JSON in operation.get("responses", {}).get("200", {}).get("content", {})


def _add_common(method: str, operation: Json, *, tagged: bool) -> None:
    responses = operation["responses"]
    if "x-permission" not in operation:
        return
    if method == "get" and _is_read(operation):
        _take(operation, "fields", "if_none_match")
        _send(responses["200"], "ETag")
        responses["304"] = {"description": "It is as it was."}
        responses.setdefault("422", {})
    elif method == "post":
        _take(operation, "idempotency_key")
        for status in ("409", "422"):
            responses.setdefault(status, {})
        for status, response in responses.items():
            if status < "300":
                _send(response, REPLAYED_HEADER, *(["Location"] if status == "201" else []))
    elif method != "get" and tagged:
        _take(operation, "if_match")
        responses.setdefault("412", {})


def _take(operation: Json, *names: str) -> None:
    known = operation.setdefault("parameters", [])
    known += [{"$ref": f"#/components/parameters/{name}"} for name in names]


def _send(response: Json, *names: str) -> None:
    sent = response.setdefault("headers", {})
    sent.update({name: {"$ref": f"#/components/headers/{name}"} for name in names if name not in sent})


def _name_codes(method: str, operation: Json, refusals: dict[str, Json], parameters: Json) -> None:
    """Point each refusal to one that lists its codes."""
    known = {
        **operation,
        "parameters": [_resolved(one, parameters) for one in operation.get("parameters", ())],
    }
    responses = operation["responses"]
    for status in [status for status in responses if status >= "400"]:
        codes = codes_of(int(status), method, known)
        name = "-".join([status, *codes])
        refusals.setdefault(name, _refusal(int(status), codes))
        responses[status] = {"$ref": f"#/components/responses/{name}"}


def _resolved(parameter: Json, parameters: Json) -> Any:
    return parameters[parameter["$ref"].rpartition("/")[2]] if "$ref" in parameter else parameter


def _refusal(status: int, codes: tuple[str, ...]) -> Json:
    phrase = HTTPStatus(status).phrase
    schema = {
        "allOf": [
            {"$ref": "#/components/schemas/Problem"},
            {"type": "object", "properties": {"code": {"enum": list(codes)}}},
        ]
    }
    example = {
        "type": "about:blank",
        "title": phrase,
        "status": status,
        "detail": "What happened, for people.",
        "code": codes[0],
        "request_id": "0897d49d68bb4e5ea85cfa509fe5649d",
    }
    named = ", ".join(f"`{code}`" for code in codes)
    return {
        "description": f"{phrase}: {named}.",
        "content": {CONTENT_TYPE: {"schema": schema, "example": example}},
    }


def _show_examples(operation: Json, examples: Examples) -> None:
    for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
        if media_type == _JSON and not content.keys() & {"example", "examples"}:
            content["example"] = examples.body(operation["operationId"], content["schema"])
    for response in operation["responses"].values():
        for media_type, content in response.get("content", {}).items():
            if content.keys() & {"example", "examples"} or media_type == "application/octet-stream":
                continue
            known = operation["operationId"]
            is_json = media_type == _JSON
            content["example"] = examples.answer(content["schema"]) if is_json else examples.text(known)
