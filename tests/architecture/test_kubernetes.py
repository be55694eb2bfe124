"""deploy/kubernetes: complete, in agreement with Procfile and settings, locked down, without secrets."""

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.messaging import celery_app
from app.messaging.tasks import SHARED_QUEUE, own_queue
from app.settings import Settings
from tests.architecture.manifests import (
    FOLDER,
    ROOT,
    container_of,
    documents,
    environment_of,
    of_kind,
    pod_of,
    settings_file,
    workloads,
)
from tests.architecture.markdown import rows, text_of

PROCFILE = dict(line.split(": ", 1) for line in (ROOT / "Procfile").read_text().splitlines())
DEVELOPMENT_ONLY = {"servers", "welcome"}
WORKLOADS = workloads()
DEPLOYMENTS = {name: one for name, one in WORKLOADS.items() if one["kind"] == "Deployment"}
ONE_ONLY = {"beat", "flower"}
STANDBY = {"commands", "events", "webhooks"}
SCALED = {"worker", "pool"}
IMAGE_OF = {"gateway": "gateway", "web": "api", "setup": "api"}
ENDS_WITHIN_S = 20  # docs/operations.md, Processes
every_workload = pytest.mark.parametrize("name", sorted(WORKLOADS))
every_deployment = pytest.mark.parametrize("name", sorted(DEPLOYMENTS))
needs_kubectl = pytest.mark.skipif(shutil.which("kubectl") is None, reason="needs kubectl")


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """The settings as a process of this name reads them, with the Secret's files under `tmp_path`."""
    secrets = {
        "JWT_SECRET_KEY": "x" * 32,
        "MONGODB_URI": "mongodb://ocpp:pw@mongodb.ocpp-stores/?replicaSet=rs0",
        "REDIS_URL": "redis://ocpp:pw@redis.ocpp-stores:6379/0",
        "MQTT_URL": "mqtt://ocpp:pw@mosquitto.ocpp-stores:1883",
        "FLOWER_BASIC_AUTH": "ops:pw",
    }
    for name, value in secrets.items():
        (tmp_path / name).write_text(f"{value}\n")

    def settings_of(name: str) -> Settings:
        for variable in list(os.environ):
            monkeypatch.delenv(variable)
        for variable, value in environment_of(WORKLOADS[name]).items():
            monkeypatch.setenv(variable, value.replace("/run/secrets/ocpp", str(tmp_path)))
        return Settings.from_env()

    return settings_of


# --- which, and how they are started ----------------------------------------------------------------


def test_there_is_one_deployment_per_process_type() -> None:
    """`pool` is what `pools` does elsewhere: there a process starts workers, here Kubernetes does."""
    assert set(DEPLOYMENTS) - {"pool"} == set(PROCFILE) - DEVELOPMENT_ONLY - {"pools"}
    assert set(WORKLOADS) - set(DEPLOYMENTS) == {"setup"}


@every_deployment
def test_each_runs_the_command_of_the_procfile(name: str) -> None:
    expected = PROCFILE["worker" if name == "pool" else name]
    variables = environment_of(DEPLOYMENTS[name])
    for variable, default in re.findall(r"\$\{(\w+):-([^}]*)\}", expected):
        expected = expected.replace(f"${{{variable}:-{default}}}", variables.get(variable, default))
    words = shlex.split(expected)
    if name == "pool":
        words[words.index("-Q") + 1] = own_queue("TENANT")
        words[words.index("-n") + 1] = "TENANT@%h"
    assert container_of(DEPLOYMENTS[name])["args"] == words


def test_setup_prepares_the_stores_and_ends() -> None:
    assert shlex.join(container_of(WORKLOADS["setup"])["args"]) == "python -m app.cli setup"
    assert pod_of(WORKLOADS["setup"])["restartPolicy"] == "OnFailure"


@every_workload
def test_each_takes_the_image_with_its_requirements(name: str) -> None:
    requirements = IMAGE_OF.get(name, "workers")
    assert (ROOT / f"requirements/{requirements}.txt").exists()
    assert container_of(WORKLOADS[name])["image"] == f"ocpp-server-{requirements}"


@every_deployment
def test_there_are_as_many_as_there_may_be(name: str) -> None:
    spec = DEPLOYMENTS[name]["spec"]
    if name == "beat":
        assert spec["strategy"] == {"type": "Recreate"}
    if name == "pool":
        assert "replicas" not in spec  # KEDA says how many
    else:
        assert spec["replicas"] == (1 if name in ONE_ONLY else 2)


# --- settings ---------------------------------------------------------------------------------------


def test_every_variable_is_one_of_the_settings() -> None:
    known = {row[0].strip("`") for row in rows("README.md", "settings")}
    for name, workload in WORKLOADS.items():
        used = {variable.removesuffix("_FILE") for variable in environment_of(workload)}
        assert used <= known, name
    example = yaml.safe_load((FOLDER / "example/kustomization.yaml").read_text())["configMapGenerator"]
    assert {entry.partition("=")[0] for one in example for entry in one["literals"]} <= known


@every_workload
def test_the_settings_are_right_for_production(name: str, cluster: Any) -> None:
    settings: Settings = cluster(name)
    assert settings.is_production
    assert not settings.gateway.plain
    assert settings.mqtt.access == "mosquitto"


@every_deployment
def test_the_ports_are_those_of_the_settings(name: str, cluster: Any) -> None:
    settings: Settings = cluster(name)
    tls = settings.gateway.tls
    assert tls is not None
    expected = {
        "web": {"http": settings.web.port},
        "gateway": {"ocpps": tls.port, "metrics": settings.gateway.metrics_port},
        "flower": {"flower": settings.flower.port},
    }.get(name, {"health": settings.health.port})
    ports = container_of(DEPLOYMENTS[name])["ports"]
    assert {port["name"]: port["containerPort"] for port in ports} == expected
    assert {settings.web.host, settings.gateway.host, settings.health.host, settings.flower.host} == {
        "0.0.0.0"
    }


def test_what_has_a_default_port_keeps_it() -> None:
    assert not {"WEB_PORT", "GATEWAY_PORT", "FLOWER_PORT"} & set(settings_file())


def test_services_lead_to_ports_that_exist() -> None:
    for service in of_kind("Service"):
        target = DEPLOYMENTS[service["spec"]["selector"]["app.kubernetes.io/name"]]
        names = {port["name"] for port in container_of(target)["ports"]}
        assert {port["targetPort"] for port in service["spec"]["ports"]} <= names


def test_kubernetes_sets_no_variables_of_its_own() -> None:
    """A Service `gateway` would set GATEWAY_PORT to an address."""
    for workload in WORKLOADS.values():
        assert pod_of(workload)["enableServiceLinks"] is False


# --- probes, ends, budgets --------------------------------------------------------------------------


@every_deployment
def test_probes_ask_for_health(name: str) -> None:
    container = container_of(DEPLOYMENTS[name])
    live, ready = ("/healthcheck",) * 2 if name == "flower" else ("/health/live", "/health/ready")
    port = {"web": "http", "gateway": "metrics", "flower": "flower"}.get(name, "health")
    for probe, path in (("startupProbe", live), ("livenessProbe", live), ("readinessProbe", ready)):
        assert container[probe]["httpGet"] == {"path": path, "port": port}
    start = container["startupProbe"]
    assert start["periodSeconds"] * start["failureThreshold"] >= 90  # each waits a minute for its servers


@every_deployment
def test_everybody_has_the_time_to_end(name: str, cluster: Any) -> None:
    needed = ENDS_WITHIN_S
    if name == "gateway":
        needed = cluster(name).gateway.drain_s + 10
    container = container_of(DEPLOYMENTS[name])
    sleep = int(container.get("lifecycle", {}).get("preStop", {}).get("exec", {}).get("command", [0, 0])[1])
    assert pod_of(DEPLOYMENTS[name])["terminationGracePeriodSeconds"] >= needed + sleep


def test_web_goes_on_answering_until_nobody_is_sent_to_it() -> None:
    """gunicorn closes its port on SIGTERM; a gateway says 503 and when to come back, and needs no pause."""
    assert container_of(WORKLOADS["web"])["lifecycle"]["preStop"]["exec"]["command"] == ["sleep", "5"]
    assert "lifecycle" not in container_of(WORKLOADS["gateway"])


def test_a_drained_node_takes_one_of_each_at_a_time() -> None:
    budgets = {one["metadata"]["name"]: one["spec"] for one in of_kind("PodDisruptionBudget")}
    assert set(budgets) == set(DEPLOYMENTS) - ONE_ONLY
    for name, spec in budgets.items():
        assert spec["maxUnavailable"] == 1
        assert spec["selector"] == DEPLOYMENTS[name]["spec"]["selector"]


@every_deployment
def test_an_update_takes_nobody_away_before_another_one_is_there(name: str) -> None:
    if name not in ONE_ONLY:
        rolling = DEPLOYMENTS[name]["spec"]["strategy"]["rollingUpdate"]
        assert rolling == {"maxSurge": 1, "maxUnavailable": 0}


@every_deployment
def test_each_spreads_over_machines_and_zones(name: str) -> None:
    spread = pod_of(DEPLOYMENTS[name])["topologySpreadConstraints"]
    assert {one["topologyKey"] for one in spread} == {"kubernetes.io/hostname", "topology.kubernetes.io/zone"}
    assert all(one["matchLabelKeys"] == ["app.kubernetes.io/name"] for one in spread)


@every_workload
def test_each_has_limits(name: str) -> None:
    resources = container_of(WORKLOADS[name])["resources"]
    for kind in ("requests", "limits"):
        assert set(resources[kind]) == {"cpu", "memory"}


# --- locked down ------------------------------------------------------------------------------------


@every_workload
def test_nobody_is_root_or_may_become_it_or_write_where_programs_are(name: str) -> None:
    pod, container = pod_of(WORKLOADS[name]), container_of(WORKLOADS[name])
    (user,) = re.findall(r"useradd .*--uid (\d+)", text_of("Dockerfile"))
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["runAsUser"] == int(user)
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is False
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert not {"hostNetwork", "hostPID", "hostIPC"} & pod.keys()
    volumes = {volume["name"] for volume in pod["volumes"]}
    mounts = {mount["mountPath"]: mount for mount in container["volumeMounts"]}
    assert {mount["name"] for mount in mounts.values()} == volumes
    writable = {path for path, mount in mounts.items() if not mount.get("readOnly")}
    assert writable == {"/tmp", "/var/lib/ocpp"} | ({"/var/lib/ocpp/files"} if name == "web" else set())


def test_secrets_are_named_and_never_written_down() -> None:
    for path, document in documents():
        assert document["kind"] != "Secret", path
        text = yaml.safe_dump(document)
        assert not re.search(r"://[^/\s]*:[^/\s]*@", text), path
    for variable, value in settings_file().items():
        if re.search(r"PASSWORD|SECRET|KEY|AUTH|_URI|(?:REDIS|MQTT)_URL", variable):
            name = variable.removesuffix("_FILE")
            assert (variable, value) == (f"{name}_FILE", f"/run/secrets/ocpp/{name}")


def test_the_network_lets_in_what_it_must_and_no_more() -> None:
    policies = {one["metadata"]["name"]: one["spec"] for one in of_kind("NetworkPolicy", folder="base")}
    assert policies["nothing"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    open_to_all = {
        (name, port["port"])
        for name, spec in policies.items()
        for rule in spec.get("ingress", [])
        if "from" not in rule
        for port in rule["ports"]
    }
    assert open_to_all == {("from-charge-points", "ocpps")}
    metrics = {
        name
        for name, spec in policies.items()
        for rule in spec.get("ingress", [])
        if {"metrics", "health"} & {port["port"] for port in rule["ports"]}
    }
    assert metrics == {"from-prometheus"}
    assert policies["to-internet"]["podSelector"]["matchExpressions"][0]["values"] == ["web", "webhooks"]


def test_stores_are_reached_from_inside_only() -> None:
    policies = {one["metadata"]["name"]: one["spec"] for one in of_kind("NetworkPolicy", folder="stores")}
    assert policies["inside"]["podSelector"] == {}
    assert all(rule["from"] for rule in policies["inside"]["ingress"])
    (tenants,) = policies["mqtt"]["ingress"]
    assert tenants == {"ports": [{"port": 8883}]}


def test_the_ingress_leads_to_the_api_and_to_files_and_not_to_metrics() -> None:
    (ingress,) = of_kind("Ingress")
    (rule,) = ingress["spec"]["rules"]
    assert [path["path"] for path in rule["http"]["paths"]] == ["/api/", "/files/"]
    assert ingress["spec"]["tls"][0]["hosts"] == [rule["host"]]


def test_the_example_lets_nobody_be_privileged() -> None:
    (namespace,) = of_kind("Namespace", folder="example")
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


# --- scaling ----------------------------------------------------------------------------------------


def test_the_length_of_the_queue_is_looked_up_where_it_is() -> None:
    scaled = {one["spec"]["scaleTargetRef"]["name"]: one["spec"] for one in of_kind("ScaledObject")}
    assert set(scaled) == SCALED
    queues = {"worker": SHARED_QUEUE, "pool": own_queue("TENANT")}
    for name, spec in scaled.items():
        redis, cpu = spec["triggers"]
        assert (redis["type"], cpu["type"]) == ("redis", "cpu")
        assert redis["metadata"]["listName"] == f"{celery_app._KEY_PREFIX}{queues[name]}"
        assert spec["minReplicaCount"] >= 1  # with none, nobody would find a queue that is not asked for


def test_an_accounts_password_comes_from_a_secret() -> None:
    (authentication,) = of_kind("TriggerAuthentication")
    for reference in authentication["spec"]["secretTargetRef"]:
        assert reference["name"] == "ocpp-redis"


# --- as kustomize makes it --------------------------------------------------------------------------


def built(folder: str) -> dict[tuple[str, str], dict[str, Any]]:
    """Kind and name to object."""
    command = ["kubectl", "kustomize", str(FOLDER / folder)]
    text = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    return {(one["kind"], one["metadata"]["name"]): one for one in yaml.safe_load_all(text)}


@needs_kubectl
@pytest.mark.parametrize("folder", ["base", "pool", "stores", "example"])
def test_kustomize_takes_it(folder: str) -> None:
    assert built(folder)


@needs_kubectl
def test_kustomize_agrees_about_what_is_common_to_all() -> None:
    made = built("base") | built("pool")
    for name, expected in WORKLOADS.items():
        pod, shown = pod_of(expected), pod_of(made[expected["kind"], name])
        for key in ("securityContext", "enableServiceLinks", "automountServiceAccountToken"):
            assert shown[key] == pod[key]
        (container,), wanted = shown["containers"], container_of(expected)
        for key in ("args", "securityContext", "image"):
            assert container[key] == wanted[key]
        assert {one["mountPath"] for one in container["volumeMounts"]} == {
            one["mountPath"] for one in wanted["volumeMounts"]
        }


@needs_kubectl
def test_the_example_is_whole() -> None:
    made = built("example")
    names = {name for kind, name in made if kind == "Deployment"}
    assert names == set(DEPLOYMENTS) - {"pool"} | {"pool-acme"}
    (settings,) = [name for kind, name in made if kind == "ConfigMap"]
    for (kind, name), document in made.items():
        if kind in ("Deployment", "Job"):
            container = container_of(document)
            assert container["envFrom"] == [{"configMapRef": {"name": settings}}], name
            assert not container["image"].endswith(("latest", "workers", "api", "gateway")), name
            assert document["metadata"]["namespace"] == "ocpp"
    assert "replicas" not in made["Deployment", "worker"]["spec"]
    assert made["Service", "gateway"]["spec"]["type"] == "LoadBalancer"


@needs_kubectl
def test_a_pool_is_its_tenants() -> None:
    made = built("example")
    pool, scaled = made["Deployment", "pool-acme"], made["ScaledObject", "pool-acme"]
    args = container_of(pool)["args"]
    assert args[args.index("-Q") + 1] == own_queue("acme")
    assert args[args.index("-n") + 1] == "acme@%h"
    assert scaled["spec"]["scaleTargetRef"] == {"name": "pool-acme"}
    assert scaled["spec"]["triggers"][0]["metadata"]["listName"] == "cel:ocpp.acme"
    assert pool["spec"]["selector"] == made["PodDisruptionBudget", "pool-acme"]["spec"]["selector"]
