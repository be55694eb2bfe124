"""What a request's path asks for (A2, A3)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.target import Target, target_of


@pytest.mark.parametrize(
    ("path", "identity"),
    [
        ("/ocpp/CP-1", "CP-1"),
        ("/ocpp/CP-1/", "CP-1"),
        ("/ocpp//CP-1//", "CP-1"),
        ("//ocpp/CP-1", "CP-1"),
        ("/ocpp/RDAM%20123", "RDAM 123"),
        ("/ocpp/RDAM%2F123", "RDAM/123"),
        ("/ocpp/RDAM%252F123", "RDAM%2F123"),
        ("/ocpp/S%C3%A4ule", "Säule"),
        ("/ocpp/CP+1", "CP+1"),
        ("/ocpp/CP:1", "CP:1"),
        ("/ocpp/http:%2F%2FX", "http://X"),
        ("/ocpp/CP-1?token=/a/b", "CP-1"),
        ("/ocpp/CP-1?x=http://y/z", "CP-1"),
        ("/ocpp/CP-1/?", "CP-1"),
        ("http://csms.example:9000/ocpp/CP-1", "CP-1"),
        ("ws://csms.example/ocpp/CP-1/?x=1", "CP-1"),
        ("/ocpp/" + "x" * 128, "x" * 128),
        ("/ocpp/" + "%C3%A4" * 128, "ä" * 128),
    ],
)
def test_the_identity_is_the_last_segment_decoded_once(path: str, identity: str) -> None:
    assert target_of(path) == Target(identity)


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/ocpp/acme/CP-1", Target("CP-1", "acme")),
        ("/ocpp/acme//CP-1/", Target("CP-1", "acme")),
        ("/ocpp/acme/A%2FB", Target("A/B", "acme")),
        ("http://h/ocpp/acme/CP-1", Target("CP-1", "acme")),
    ],
)
def test_a_path_may_name_the_tenant(path: str, target: Target) -> None:
    assert target_of(path) == target


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "/ocpp",
        "/ocpp/",
        "/ocpp//",
        "/ocpp?CP-1",
        "/CP-1",
        "/OCPP/CP-1",
        "/steve/CP-1",
        "/ocpp/a/b/c",
        "/ocpp/%FF",
        "/ocpp/%ff%fe/CP-1",
        "/ocpp/S\udcc3\udca4ule",
        "/ocpp/%20",
        "/ocpp/%00",
        "/ocpp/CP%0A1",
        "/ocpp/CP%7F",
        "/ocpp/" + "x" * 129,
        "http://csms.example",
        "http://csms.example/",
        "http://[broken/ocpp",
        "//[broken",
    ],
)
def test_what_is_no_such_path_is_nobody(path: str) -> None:
    assert target_of(path) is None


@given(st.text() | st.text("/%ocpA:[]?#. ").map(lambda text: f"/ocpp/{text}"))
def test_no_path_makes_reading_raise(path: str) -> None:
    target = target_of(path)
    assert target is None or target.identity.isprintable()


@pytest.mark.parametrize("path", ["/ocpp/CP-1", "/ocpp/acme/A%2FB", "/ocpp/CP-1?token=/a/b"])
def test_a_path_as_it_should_be_is_known_from_one_that_was_mended(path: str) -> None:
    target = target_of(path)
    assert target is not None
    assert target.is_normal


@pytest.mark.parametrize(
    "path", ["/ocpp//CP-1", "/ocpp/CP-1/", "//ocpp/CP-1", "http://csms.example/ocpp/CP-1", "/ocpp/CP-1/?x=1"]
)
def test_a_path_that_was_mended_is_counted(path: str) -> None:
    """G2, G3."""
    target = target_of(path)
    assert target is not None
    assert not target.is_normal
