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

KUBECTL = """#!{python}
import json, pathlib, sys
file = pathlib.Path({file!r})
world, words = json.loads(file.read_text()), sys.argv[1:]
while words and words[0] in ("--context", "-n"):
    words = words[2:]
given = sys.stdin.read() if "-" in words else ""
with pathlib.Path({asked!r}).open("a") as told:
    print("kubectl", *words, file=told)
def end(text="", code=0):
    print(text, file=sys.stderr if code else sys.stdout)
    sys.exit(code)
def found(kind, name=None, label=""):
    kinds = [one.rstrip("s") for one in kind.lower().split(",")]
    wanted = dict(pair.split("=") for pair in label.split(",") if pair)
    return [one for one in world["objects"] if one["kind"].lower() in kinds
            and name in (None, one["metadata"]["name"])
            and wanted.items() <= one["metadata"].get("labels", {{}}).items()]
verb = words[0]
if verb == "version":
    end(json.dumps({{"clientVersion": {{"gitVersion": world["kubectl"]}}}}))
if words[:2] == ["get", "--raw"] and words[2] != "/version":
    kinds = world["served"].get(words[2], "NotFound")
    if isinstance(kinds, str):
        end(f"Error from server ({{kinds}}): as it says", 1)
    end(json.dumps({{"resources": [{{"kind": kind}} for kind in kinds]}}))
if words[:2] == ["get", "--raw"]:
    end(json.dumps(dict(zip(("major", "minor"), world["server"].split(".")))))
if verb == "api-resources":
    print(world["kinds"])
    sys.exit("ServiceUnavailable" in world["served"].values())
if verb == "create" and "SelfSubjectAccessReview" in given:
    for one in map(json.loads, given.split("\\n---\\n")):
        asked = one["spec"]["resourceAttributes"]
        name = "/".join(filter(None, (asked["resource"], asked.get("subresource"))))
        print(json.dumps({{**one, "status": {{"allowed": name not in world["denied"]}}}}))
    sys.exit()
if verb == "create":
    world["objects"].append(json.loads(given))
if verb == "delete":
    gone = found(words[1], words[2])
    world["objects"] = [one for one in world["objects"] if one not in gone]
if verb in ("create", "delete"):
    file.write_text(json.dumps(world))
    end()
if verb == "logs":
    end(world["logs"])
if verb == "get" and "-f" in words:
    end(json.dumps({{"kind": "List", "items": []}}))
if verb == "get":
    one = words[2] if len(words) > 2 and not words[2].startswith("-") else None
    items = found(words[1], one, words[words.index("-l") + 1] if "-l" in words else "")
    if one is None:
        end(json.dumps({{"items": items}}))
    end(json.dumps(items[0]) if items else "")
end(f"the stand-in does not know {{words}}", 1)
"""

HELM = """#!{python}
import json, pathlib, sys
world, words = json.loads(pathlib.Path({file!r}).read_text()), sys.argv[1:]
with pathlib.Path({asked!r}).open("a") as told:
    print("helm", *words, file=told)
if words[0] == "version":
    print(world["helm"])
if words[0] == "template":
    print(json.dumps(world["manifest"]))
if words[0] == "history":
    print(json.dumps(world["history"]))
"""


class StandIn:
    """The file that the programs answer from, and what they were asked."""

    def __init__(self, folder: Path) -> None:
        self.file, self.log = folder / "cluster.json", folder / "asked.txt"
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
        for name, text in (("kubectl", KUBECTL), ("helm", HELM)):
            program = folder / name
            words = {"python": BASE_PYTHON, "file": str(self.file), "asked": str(self.log)}
            program.write_text(text.format(**words))
            program.chmod(0o755)
            self.variables[f"MORROW_{name.upper()}"] = str(program)
        self.says()

    def says(self, **world: object) -> None:
        """Let the programs answer so from now on."""
        self.world |= world
        self.file.write_text(json.dumps(self.world))
        self.log.write_text("")

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


def revision(number: int, status: str) -> Json:
    """A line of `helm history`."""
    told = {"chart": "morrow-1", "description": "", "updated": "2026-01-01T00:00:00Z"}
    return {"revision": number, "status": status, **told}
