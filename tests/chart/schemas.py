"""Strict JSON schemas of Kubernetes' objects and of the custom ones, made without the internet.

Kubernetes' come from the OpenAPI description inside its Go module, custom ones from the CRDs
inside theirs. Both are closed (no unknown field) and kept under the user's cache folder.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from tools import go
from tools.cache import UnavailableError, cache_folder, only_one

PINS = Path(__file__).with_name("schemas.txt")
MONITORING = "example/prometheus-operator-crd/monitoring.coreos.com_"
CRDS = {
    "sigs.k8s.io/gateway-api": [
        f"config/crd/standard/gateway.networking.k8s.io_{kind}.yaml"
        for kind in ("grpcroutes", "httproutes")
    ],
    "github.com/kedacore/keda/v2": ["config/crd/bases/keda.sh_scaledobjects.yaml"],
    "k8s.io/autoscaler/vertical-pod-autoscaler": ["deploy/vpa-v1-crd-gen.yaml"],
    "sigs.k8s.io/secrets-store-csi-driver": [
        "config/crd/bases/secrets-store.csi.x-k8s.io_secretproviderclasses.yaml"
    ],
    "github.com/prometheus-operator/prometheus-operator": [
        f"{MONITORING}{kind}.yaml" for kind in ("podmonitors", "prometheusrules", "servicemonitors")
    ],
    "github.com/external-secrets/external-secrets": [
        "config/crds/bases/external-secrets.io_externalsecrets.yaml"
    ],
}
Schema = dict[str, Any]


def pins() -> list[tuple[str, str, str]]:
    """Return module, version and hash of every source."""
    lines = PINS.read_text().splitlines()
    found = [tuple(line.split()) for line in lines if line and not line.startswith("#")]
    return [(module, version, digest) for module, version, digest in found]


def minors() -> list[str]:
    """Return the versions of Kubernetes whose schemas there are, oldest first."""
    return sorted(version.lstrip("v") for module, version, _ in pins() if module == KUBERNETES)


KUBERNETES = "k8s.io/kubernetes"


def download(module: str, version: str, digest: str) -> Path:
    """Return the folder of a Go module; its content must be what the pin says."""
    compiler = go.find()
    done = subprocess.run(
        [compiler.program, "mod", "download", "-json", f"{module}@{version}"],
        cwd="/",
        env=os.environ | compiler.environment | {"GOWORK": "off", "GOFLAGS": "-mod=mod"},
        capture_output=True,
        text=True,
        check=False,
    )
    answer = json.loads(done.stdout or "{}")
    if done.returncode or "Error" in answer:
        raise UnavailableError(f"{module}@{version}: {answer.get('Error') or done.stderr.strip()}")
    if answer["Sum"] != digest:
        raise AssertionError(f"{module}@{version} is {answer['Sum']}, pinned is {digest}")
    return Path(answer["Dir"])


def closed(schema: Any) -> Any:
    """Return a schema that refuses fields it does not name."""
    if isinstance(schema, list):
        return [closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: closed(value) for key, value in schema.items()}
    if found.get("format") == "int-or-string" or found.get("x-kubernetes-int-or-string"):
        return {"oneOf": [{"type": "string"}, {"type": "integer"}]}
    open_ = found.get("x-kubernetes-preserve-unknown-fields")
    if isinstance(found.get("properties"), dict) and not open_:
        found.setdefault("additionalProperties", False)
    return found


def _native(description: Schema) -> Iterator[tuple[str, Schema]]:
    """Yield the file name and schema of each kind of Kubernetes' own, each complete in itself."""
    definitions = closed(description["definitions"])
    quantity = "io.k8s.apimachinery.pkg.api.resource.Quantity"
    definitions[quantity] = {"oneOf": [{"type": "string"}, {"type": "number"}]}
    for name, definition in description["definitions"].items():
        kinds = definition.get("x-kubernetes-group-version-kind", [])
        if len(kinds) == 1 and "metadata" in definition.get("properties", {}):
            own = kinds[0]
            file = file_name(own["group"], own["version"], own["kind"])
            needed = {one: definitions[one] for one in _reachable(name, definitions)}
            yield file, {"$ref": f"#/definitions/{name}", "definitions": needed}


def _reachable(name: str, definitions: Schema) -> set[str]:
    """Return the definitions that one needs, itself too."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += re.findall(r'"#/definitions/([^"]+)"', json.dumps(definitions[one]))
    return found


def _custom(crd: Schema) -> Iterator[tuple[str, Schema]]:
    """Yield the file name and schema of each version of a custom kind."""
    spec = crd["spec"]
    for version in spec["versions"]:
        schema = closed(version["schema"]["openAPIV3Schema"])
        schema["properties"]["metadata"] = {"type": "object"}
        yield file_name(spec["group"], version["name"], spec["names"]["kind"]), schema


def file_name(group: str, version: str, kind: str) -> str:
    """Return a schema's file name as kubeconform's template spells it."""
    suffix = f"{group.split('.')[0]}-{version}" if group else version
    return f"{kind.lower()}-{suffix}.json"


def location(folder: Path, version: str) -> str:
    """Return kubeconform's template for the schemas of one version."""
    return f"{folder}/v{version}/{{{{ .ResourceKind }}}}{{{{ .KindSuffix }}}}.json"


def folder() -> Path:
    """Return the folder of schemas, one folder in it for each Kubernetes; make it when missing."""
    key = hashlib.sha256(PINS.read_bytes() + Path(__file__).read_bytes()).hexdigest()[:12]
    home = cache_folder() / "schemas" / key
    if not home.is_dir():
        with only_one(home.with_suffix(".lock")):
            if not home.is_dir():
                _make(home)
    return home


def _make(home: Path) -> None:
    """Write the schemas beside `home`, then rename: what was interrupted is begun anew."""
    unfinished = home.with_suffix(".part")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir()
    custom = [
        written
        for module, version, digest in pins()
        if module != KUBERNETES
        for source in [download(module, version, digest)]
        for file in CRDS[module]
        for crd in yaml.load_all((source / file).read_text(), yaml.CSafeLoader)
        for written in _custom(crd)
    ]
    for module, version, digest in pins():
        if module == KUBERNETES:
            source = download(module, version, digest) / "api/openapi-spec/swagger.json"
            target = unfinished / version
            target.mkdir()
            for name, schema in [*_native(json.loads(source.read_text())), *custom]:
                (target / name).write_text(json.dumps(schema))
    unfinished.rename(home)
