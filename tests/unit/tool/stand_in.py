"""A stand-in for a cluster: programs named kubectl and helm that answer from one JSON file.

It knows no rule of Kubernetes: it shows what the tool asks, and what it makes of an answer.
What a cluster does is tested on one, in tests/e2e.
"""

from __future__ import annotations

import base64
import gzip
import json
from pathlib import Path
from typing import Any

from tools.environments import BASE_PYTHON

Json = dict[str, Any]

LEVEL = "pod-security.kubernetes.io/enforce"
KINDS = """\
configmaps cm v1 true ConfigMap
services svc v1 true Service
deployments deploy apps/v1 true Deployment
"""

PROGRAM = Path(__file__).with_name("stand_in_program.py")


class StandIn:
    """The file that the programs answer from, and what they were asked."""

    def __init__(self, folder: Path) -> None:
        self.file, self.log = folder / "cluster.json", folder / "asked.txt"
        self.given = folder / "given.txt"
        self.world: Json = {
            "kubectl": "v1.33.0",
            "helm": "v3.18.4",
            "server": "1.33",
            "kinds": KINDS,
            "served": {},
            "denied": [],
            "objects": [],
            "history": [],
            "logs": "",
            "manifest": thing("Service", "shop"),
        }
        self.variables = {}
        for name in ("kubectl", "helm"):
            program = folder / name
            program.write_text(f"#!{BASE_PYTHON}\n{PROGRAM.read_text()}")
            program.chmod(0o755)
            self.variables[f"MORROW_{name.upper()}"] = str(program)
        self.says()

    def says(self, **world: object) -> None:
        """Let the programs answer so from now on."""
        self.world |= world
        self.file.write_text(json.dumps(self.world))
        self.log.write_text("")
        self.given.write_text("")

    @property
    def starts(self) -> list[str]:
        """What the programs were asked since, with a word that stands for standard input."""
        given = self.given.read_text().splitlines()
        return [" ".join(both) for both in zip(self.asked, given, strict=True)]

    @property
    def asked(self) -> list[str]:
        """What the programs were asked since, one line each."""
        return self.log.read_text().splitlines()

    @property
    def names(self) -> set[str]:
        """The objects that are there now: kind/name."""
        objects = json.loads(self.file.read_text())["objects"]
        return {f"{one['kind']}/{one['metadata']['name']}" for one in objects}


def thing(kind: str, name: str, version: str = "v1", **more: Any) -> Json:
    """An object."""
    metadata = {"name": name, **more.pop("metadata", {})}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **more}


def secret(name: str, **values: str) -> Json:
    """A Secret as the tool makes it."""
    labels = {"app.kubernetes.io/name": "shop", "app.kubernetes.io/managed-by": "morrow"}
    data = {key: base64.b64encode(value.encode()).decode() for key, value in values.items()}
    return thing("Secret", name, metadata={"labels": labels}, immutable=True, data=data)


def deployment(image: str, holds: str, config: str = "shop-a") -> Json:
    """A Deployment whose pods read a Secret and a ConfigMap."""
    container = {"name": "shop", "image": image, "envFrom": [{"configMapRef": {"name": config}}]}
    volumes = [{"name": "secrets", "secret": {"secretName": holds}}]
    spec = {"template": {"spec": {"containers": [container], "volumes": volumes}}}
    return thing("Deployment", "shop", "apps/v1", spec=spec)


def release(number: int, status: str, *manifest: Json) -> Json:
    """A revision in Helm's storage."""
    record = {
        "version": number,
        "info": {"status": status},
        "manifest": "\n---\n".join(map(json.dumps, manifest)),
        "config": {},
    }
    packed = base64.b64encode(gzip.compress(json.dumps(record).encode()))
    data = {"release": base64.b64encode(packed).decode()}
    labels = {"owner": "helm", "name": "shop"}
    name = f"sh.helm.release.v1.shop.v{number}"
    return thing("Secret", name, data=data, metadata={"labels": labels})


def revision(number: int, status: str, description: str = "") -> Json:
    """A line of `helm history`."""
    told = {"chart": "morrow-1", "description": description, "updated": "2026-01-01T00:00:00Z"}
    return {"revision": number, "status": status, **told}
