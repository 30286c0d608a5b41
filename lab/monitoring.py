"""Prometheus with its operator, Alertmanager and the collector: an add-on for some tests."""

from __future__ import annotations

import sys
from pathlib import Path
from string import Template

from lab import collector, images, status
from lab.control_plane import GROUP
from lab.kubectl import kubectl, kubectl_succeeds
from lab.layout import HOST, MANIFESTS, OBJECT_METRICS, OBJECT_METRICS_PORT, REGISTRY, ROOT
from lab.program import running, start, wait_until
from lab.timings import Clock
from lab.versions import ALERTMANAGER, PROMETHEUS, PROMETHEUS_OPERATOR
from tools.build import program
from tools.sources import sources

OPERATOR = "github.com/prometheus-operator/prometheus-operator"
PROGRAMS = {
    "operator": ("monitoring", PROMETHEUS_OPERATOR),
    "prometheus-config-reloader": ("monitoring", PROMETHEUS_OPERATOR),
    "prometheus": ("prometheus", PROMETHEUS),
    "alertmanager": ("monitoring", ALERTMANAGER),
}


def add() -> None:
    """Bring the cluster its monitoring; return when all of it is ready."""
    binaries = {name: program(tool, name) for name, (tool, _) in PROGRAMS.items()}
    collecting = program("otelcol")
    clock = Clock()
    marks = {name.rpartition("-")[2]: _pushed(binary) for name, binary in binaries.items()}
    clock.say("images in the registry")
    module = sources("monitoring", OPERATOR)  # the definitions of its kinds are in it
    kinds = str(module / "example" / "prometheus-operator-crd")
    kubectl("apply", "--server-side", "-f", kinds)
    kubectl("wait", "--for=condition=Established", "-f", kinds, "--timeout=30s")
    rights = module / "example" / "rbac" / "prometheus-operator"
    kubectl("apply", "-f", str(rights / "prometheus-operator-cluster-role.yaml"))
    _start_stand_in()
    marks |= {"host": HOST, "port": str(OBJECT_METRICS_PORT)}
    marks |= {"prometheus_version": PROMETHEUS, "alertmanager_version": ALERTMANAGER}
    manifest = Template((MANIFESTS / "monitoring.yaml").read_text()).substitute(marks)
    kubectl("apply", "-f", "-", stdin=manifest)
    collector.add(collecting)
    clock.say("objects applied")
    wait_until("readiness of Prometheus and Alertmanager", _ready, within=120, every=0.3)
    collector.wait()
    memory = status.memory((*PROGRAMS, collecting.name))
    clock.say(f"ready; its programs occupy {memory // 2**20} MiB")
    clock.say("stand-in: kube-state-metrics (lab/object_metrics.py)")


def _pushed(binary: Path) -> str:
    _, version = PROGRAMS[binary.name]
    image = f"{REGISTRY}/lab/{binary.name}:{version}"
    images.push_program(image, binary)
    return image


def _start_stand_in() -> None:
    if running(OBJECT_METRICS):
        return
    start(
        OBJECT_METRICS,
        [sys.executable, "-m", "lab.object_metrics"],
        cgroup=GROUP,
        environment={"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
    )


def _ready() -> bool:
    both = ("prometheus/lab", "alertmanager/lab")
    return kubectl_succeeds(
        "wait", "-n", "monitoring", *both, "--for=condition=Available", "--timeout=1s"
    )
