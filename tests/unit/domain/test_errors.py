"""Errors cross process borders whole, and know nothing of HTTP or OCPP."""

import json
import pickle
from collections.abc import Iterator

import pytest

from app.domain import errors
from app.domain.errors import AppError, InvalidInput, SettingsError


def _kinds(base: type[AppError]) -> Iterator[type[AppError]]:
    yield base
    for kind in base.__subclasses__():
        yield from _kinds(kind)


KINDS = [kind for kind in _kinds(AppError) if kind.__module__ == errors.__name__]  # no adapter's own


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_survives_pickling_with_its_context(kind: type[AppError]) -> None:
    error = kind("It went wrong.", field="x", numbers=[1, 2])
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is kind
    assert (again.message, again.context, str(again)) == (error.message, error.context, "It went wrong.")
    assert again.args == error.args


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_has_a_code_of_its_own_and_json_safe_context(kind: type[AppError]) -> None:
    assert [known.code for known in KINDS].count(kind.code) == 1
    json.dumps(kind("It went wrong.", field="x").context)


@pytest.mark.parametrize("kind", [InvalidInput, SettingsError])
def test_problems_name_the_fields(kind: type[InvalidInput] | type[SettingsError]) -> None:
    assert kind("No.", problems={"a.b": ["Missing."]}).problems == {"a.b": ["Missing."]}
    assert kind("No.").problems == {}


def test_the_docstring_shows_the_whole_tree() -> None:
    lines = (errors.__doc__ or "").partition("\nAppError\n")[2].splitlines()
    assert {line.split()[0] for line in lines if line} == {kind.__name__ for kind in KINDS[1:]}
