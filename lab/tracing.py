"""OpenTelemetry's collector and Jaeger: an add-on that only the proof of traces asks for.

Jaeger's own pages are not in its module: its API answers, its UI says so.
"""

from __future__ import annotations

import json
import re
from string import Template
from typing import Any

import yaml

from lab import images, oci, status
from lab.kubectl import kubectl
from lab.layout import MANIFESTS, REGISTRY, ROOT, RUN
from lab.timings import Clock
from tools.build import program, version

SPACE = "tracing"
MODULES = {
    "otelcol": "go.opentelemetry.io/collector/otelcol",
    "jaeger": "github.com/jaegertracing/jaeger",
}


def add() -> None:
    """Bring the cluster its collector and Jaeger; return when both are ready."""
    binaries = {name: program(name) for name in MODULES}
    clock = Clock()
    marks = {"run": str(RUN), "operators": json.dumps(operators())}
    for name, binary in binaries.items():
        marks[name] = f"{REGISTRY}/lab/{name}:{version(name, MODULES[name])}"
        if not oci.digest_of(marks[name]):
            images.push_program(marks[name], binary)
    clock.say("images in the registry")
    manifest = Template((MANIFESTS / "tracing.yaml").read_text()).substitute(marks)
    kubectl("apply", "-f", "-", stdin=manifest)
    for name in ("jaeger", "collector"):
        kubectl("rollout", "status", "-n", SPACE, f"deployment/{name}", "--timeout=120s")
    clock.say(f"ready; its programs occupy {status.memory(tuple(MODULES)) // 2**20} MiB")


def operators() -> list[Any]:
    """Return what the page tells a collector to do with a log line: here it does that."""
    page = (ROOT / "docs" / "observability.md").read_text()
    (block,) = re.findall(r"```yaml\n(receivers:\n.*?)```", page, re.DOTALL)
    found: list[Any] = yaml.safe_load(block)["receivers"]["filelog"]["operators"]
    return found
