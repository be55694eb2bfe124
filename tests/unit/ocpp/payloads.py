"""Hypothesis: payloads of the official schemas, good ones and spoiled ones."""

from typing import Any

import orjson
from hypothesis import strategies as st

from app.ocpp.validation import schema_folder

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
TIMES = st.one_of(
    st.datetimes().map(lambda at: at.isoformat() + "Z"),
    st.sampled_from(
        [
            "2026-03-01T12:00:00Z",
            "2026-03-01T12:00:00",
            "2026-03-01T12:00:00.123456+02:00",
            "1970-01-01T00:00:00Z",
            "0001-01-01T00:00:00-14:00",
            "9999-12-31T23:59:59+14:00",
            "yesterday",
            "",
        ]
    ),
)
ANYTHING = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**63), 2**64 - 1),
        st.floats(allow_nan=False, allow_infinity=False),
        TEXT,
        TIMES,
        st.sampled_from(["12", "-1", "1e400", "\u0000", "$where", "a.b", "x" * 600]),
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5),
    max_leaves=10,
)


def good(action: str) -> st.SearchStrategy[dict[str, Any]]:
    """Payloads that keep the action's schema."""
    schema = orjson.loads((schema_folder() / f"{action}.json").read_bytes())
    made: st.SearchStrategy[dict[str, Any]] = _of(schema, schema.get("definitions", {}))
    return made


def _of(schema: dict[str, Any], classes: dict[str, Any]) -> st.SearchStrategy[Any]:
    schema = classes.get(schema.get("$ref", "").rpartition("/")[2], schema)
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if schema["type"] == "object":
        members = {name: _of(inner, classes) for name, inner in schema.get("properties", {}).items()}
        needed = set(schema.get("required", ()))
        return st.fixed_dictionaries(
            {name: made for name, made in members.items() if name in needed},
            optional={name: made for name, made in members.items() if name not in needed},
        )
    if schema["type"] == "array":
        return st.lists(_of(schema["items"], classes), min_size=schema.get("minItems", 0), max_size=3)
    if schema["type"] == "string":
        if schema.get("format") == "date-time":
            return TIMES
        return TEXT.map(lambda text: text[: schema.get("maxLength", 30)])
    return _NUMBERS[schema["type"]]


_NUMBERS = {
    "integer": st.integers(-3, 3) | st.integers(-(2**31), 2**31 - 1),
    "number": st.decimals(0, 100, places=1).map(float),
    "boolean": st.booleans(),
}


@st.composite
def spoiled(draw: st.DrawFn, action: str) -> Any:
    """A good payload with up to four members, at any depth, changed, dropped or added; or anything at all."""
    if draw(st.integers(0, 19)) == 0:
        return draw(ANYTHING)
    payload = draw(good(action))
    for _ in range(draw(st.integers(0, 4))):
        container = draw(st.sampled_from(_containers(payload)))
        if isinstance(container, list):
            container.append(draw(ANYTHING))
            continue
        name = draw(st.sampled_from([*container, "extra"]))
        if draw(st.booleans()) or name not in container:
            container[name] = draw(ANYTHING)
        else:
            del container[name]
    return payload


def _containers(tree: Any) -> list[Any]:
    inner = tree.values() if isinstance(tree, dict) else tree
    return [tree, *(found for part in inner if isinstance(part, dict | list) for found in _containers(part))]
