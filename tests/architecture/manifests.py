"""Reading deploy/kubernetes without kubectl: documents, and workloads with what `process` adds to each."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "kubernetes"
WORKLOADS = ("Deployment", "Job")
_LISTS_BY = {"containers": "name", "volumes": "name", "volumeMounts": "mountPath", "env": "name"}
Document = dict[str, Any]


def documents(folder: Path = FOLDER) -> Iterator[tuple[Path, Document]]:
    """Every YAML document below `folder`, with its file."""
    for path in sorted(folder.rglob("*.yaml")):
        for document in yaml.safe_load_all(path.read_text()):
            yield path, document


def of_kind(*kinds: str, folder: str = "") -> list[Document]:
    """All objects of these kinds, but for the patches of `process`."""
    return [
        document
        for path, document in documents(FOLDER / folder)
        if document["kind"] in kinds and path.parent.name != "process"
    ]


def merged(base: Any, patch: Any, key: str = "") -> Any:
    """What a strategic merge makes of them; lists are joined by the name of their items, if they have any."""
    if isinstance(base, dict) and isinstance(patch, dict):
        return base | {name: merged(base.get(name), value, name) for name, value in patch.items()}
    if isinstance(base, list) and key in _LISTS_BY:
        by = _LISTS_BY[key]
        patches = {item[by]: item for item in patch}
        kept = [merged(item, patches.pop(item[by], {})) for item in base]
        return kept + list(patches.values())
    return patch


def workloads() -> dict[str, Document]:
    """Name to Deployment or Job, as they are applied."""
    common = yaml.safe_load((FOLDER / "process/pod.yaml").read_text())["spec"]
    spread = yaml.safe_load((FOLDER / "process/spread.yaml").read_text())["spec"]
    found = {}
    for document in of_kind(*WORKLOADS):
        patches = [common, spread] if document["kind"] == "Deployment" else [common]
        for patch in patches:
            document["spec"] = merged(document["spec"], patch)
        found[document["metadata"]["name"]] = document
    return found


def pod_of(workload: Document) -> Document:
    """What is said of its pods."""
    spec: Document = workload["spec"]["template"]["spec"]
    return spec


def container_of(workload: Document) -> Document:
    """The only one."""
    (container,) = pod_of(workload)["containers"]
    return dict(container)


def settings_file() -> dict[str, str]:
    """The ConfigMap of `base`."""
    lines = (FOLDER / "base/settings.env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines)


def environment_of(workload: Document) -> dict[str, str]:
    """What its process finds."""
    own = {variable["name"]: variable["value"] for variable in container_of(workload).get("env", [])}
    return settings_file() | own
