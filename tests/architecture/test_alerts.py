"""Alert rules and dashboard: they name what is exported, are documented, and fire when they should."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.architecture.markdown import ROOT, rows, text_of, ticked

PROMETHEUS = ROOT / "deploy/prometheus"
PROMTOOL = shutil.which("promtool")
TABLES = ("metrics-web", "metrics-gateway", "metrics-process")
needs_promtool = pytest.mark.skipif(PROMTOOL is None, reason="promtool (Debian: prometheus) is not here")
RULES = [
    rule
    for group in yaml.safe_load((PROMETHEUS / "rules.yml").read_text())["groups"]
    for rule in group["rules"]
]
PANELS = json.loads((ROOT / "deploy/grafana/ocpp-server.json").read_text())["panels"]
EXPRESSIONS = [rule["expr"] for rule in RULES] + [
    target["expr"] for panel in PANELS for target in panel["targets"]
]


def documented() -> dict[str, set[str]]:
    """Metric -> its labels. That these are the exported ones is shown by test_readme."""
    table = {}
    for name in TABLES:
        for row in rows("docs/operations.md", name):
            metric, _, labels = ticked(row[0])[0].rstrip("}").partition("{")
            table[metric] = set(filter(None, labels.split(",")))
    return table


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_every_metric_that_is_asked_for_is_exported(expression: str) -> None:
    for name in re.findall(r"\b(?:ocpp|http)_\w+", expression):
        assert name.removesuffix("_bucket") in documented(), name


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_every_label_that_is_asked_for_exists(expression: str) -> None:
    for metric, labels in re.findall(r"\b((?:ocpp|http)_\w+)\{([^}]*)\}", expression):
        assert set(re.findall(r"(\w+)=", labels)) <= documented()[metric.removesuffix("_bucket")]


def test_no_metric_is_labelled_by_charge_point() -> None:
    assert not {"charge_point", "charge_point_id", "connection_id"} & set().union(*documented().values())


def test_every_alert_is_explained() -> None:
    assert [ticked(row[0])[0] for row in rows("docs/operations.md", "alerts")] == [r["alert"] for r in RULES]
    assert all(cell for row in rows("docs/operations.md", "alerts") for cell in row)
    for rule in RULES:
        path, _, anchor = rule["annotations"]["runbook"].partition("#")
        assert f"](#{anchor})" in text_of(path)


def test_every_alert_is_tested_both_ways() -> None:
    tests = yaml.safe_load((PROMETHEUS / "rules_test.yml").read_text())["tests"]
    seen = {(one["alertname"], bool(one["exp_alerts"])) for test in tests for one in test["alert_rule_test"]}
    assert seen == {(rule["alert"], fires) for rule in RULES for fires in (True, False)}


@needs_promtool
@pytest.mark.parametrize("command", ["check rules rules.yml", "test rules rules_test.yml"])
def test_prometheus_agrees(command: str) -> None:
    run = subprocess.run([str(PROMTOOL), *command.split()], cwd=PROMETHEUS, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr


def test_the_scrape_configuration_reads_the_rules() -> None:
    configuration = yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text())
    assert [Path(PROMETHEUS, name).exists() for name in configuration["rule_files"]] == [True]
    assert all(job["job_name"].startswith("ocpp-") for job in configuration["scrape_configs"])
