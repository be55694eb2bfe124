"""Requests to the routes of the table, for one's own things and for the other tenant's."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from tests.isolation.routes import Case, Route
from tests.isolation.sides import TWINS, Side, names_in

Request = tuple[str, str, Any]


def owned_request(side: Side, route: Route, case: Case, *, twins: bool = False) -> Request:
    """Method, path and body for a side's own things; with `twins`, for those that both have a thing of."""
    known = side.lone | TWINS if twins else side.lone
    return _request(route, case, known, case.body(side) if case.body else None)


def _request(route: Route, case: Case, known: dict[str, str], body: Any) -> Request:
    method, rule = route
    path = rule
    for argument in names_in(rule):
        kind = case.objects.get(argument, argument)
        encoded = quote(known[kind], safe="/" if f"<path:{argument}>" in rule else "")
        path = path.replace(f"<path:{argument}>", encoded).replace(f"<{argument}>", encoded)
    return method, f"{path}?{case.query}" if case.query else path, body


def is_possible(side: Side, route: Route, case: Case) -> bool:
    """Whether the side has a thing of every kind that the route's path names."""
    return all(case.objects.get(argument, argument) in side.lone for argument in names_in(route[1]))


def invented(name: str) -> str:
    """A name of the same form that nothing has."""
    return f"{name[:-4]}0000"


def foreign_paths(side: Side, other: Side, route: Route, case: Case) -> Iterator[tuple[Request, Request]]:
    """For the other's things, and the same for things that nobody has."""
    body = case.body(side) if case.body else None
    if names_in(route[1]) and is_possible(other, route, case):
        nobodys = {kind: invented(name) for kind, name in other.lone.items()}
        yield _request(route, case, other.lone, body), _request(route, case, nobodys, body)


def foreign_bodies(side: Side, other: Side, route: Route, case: Case) -> Iterator[tuple[Request, Request]]:
    """With the other's things in a field of the body, and the same with things that nobody has."""
    for name, kind in case.refs.items():
        body = case.body(side) if case.body else {}
        theirs, nobodys = other.lone[kind], invented(other.lone[kind])
        yield (
            _request(route, case, side.lone, body | {name: theirs}),
            _request(route, case, side.lone, body | {name: nobodys}),
        )
