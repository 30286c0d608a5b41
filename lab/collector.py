"""OpenTelemetry's collector, which writes the spans and log lines of pods to our disk."""

from __future__ import annotations

import json
import re
from pathlib import Path
from string import Template
from typing import Any

import yaml

from lab import images
from lab.kubectl import kubectl
from lab.layout import MANIFESTS, REGISTRY, ROOT, RUN
from tools.build import version

SPACE = "tracing"


def add(binary: Path) -> None:
    """Give the cluster its collector; `wait` returns when it is ready."""
    image = f"{REGISTRY}/lab/otelcol:{version('otelcol', 'go.opentelemetry.io/collector/otelcol')}"
    images.push_program(image, binary)
    marks = {"run": str(RUN), "operators": json.dumps(operators()), "otelcol": image}
    manifest = Template((MANIFESTS / "collector.yaml").read_text()).substitute(marks)
    kubectl("apply", "-f", "-", stdin=manifest)


def wait() -> None:
    """Return when it is ready."""
    kubectl("rollout", "status", "-n", SPACE, "deployment/collector", "--timeout=120s")


def operators() -> list[Any]:
    """Return what the page tells a collector to do with a log line: here it does that."""
    page = (ROOT / "docs" / "observability.md").read_text()
    (block,) = re.findall(r"```yaml\n(receivers:\n.*?)```", page, re.DOTALL)
    found: list[Any] = yaml.safe_load(block)["receivers"]["filelog"]["operators"]
    return found
