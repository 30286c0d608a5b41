"""Flux's source-controller and kustomize-controller in the cluster: an add-on for some tests.

Its helm-controller cannot be had as a Go module: charts come rendered, as OCI artifacts.
"""

from __future__ import annotations

from string import Template

from lab import images
from lab.kubectl import kubectl
from lab.layout import MANIFESTS, REGISTRY
from lab.timings import Clock
from tools.build import program, version
from tools.sources import sources

SPACE = "flux-system"
CONTROLLERS = ("source-controller", "kustomize-controller")


def add() -> None:
    """Bring the cluster its Flux; return when both controllers are ready."""
    binaries = [program("flux", name) for name in CONTROLLERS]
    clock = Clock()
    marks = {}
    for binary in binaries:
        module = f"github.com/fluxcd/{binary.name}"
        image = f"{REGISTRY}/lab/{binary.name}:{version('flux', module)}"
        images.push_program(image, binary)
        marks[binary.name.replace("-", "_")] = image
        kinds = str(sources("flux", module) / "config" / "crd" / "bases")
        kubectl("apply", "--server-side", "-f", kinds)
        kubectl("wait", "--for=condition=Established", "-f", kinds, "--timeout=30s")
    clock.say("images in the registry, kinds defined")
    manifest = Template((MANIFESTS / "flux.yaml").read_text()).substitute(marks)
    kubectl("apply", "-f", "-", stdin=manifest)
    for name in CONTROLLERS:
        kubectl("rollout", "status", "-n", SPACE, f"deployment/{name}", "--timeout=120s")
    clock.say("Flux's controllers are ready")
