"""Contour and Envoy, a second implementation of the Gateway API: an add-on for some tests.

Contour is built from its own module, which holds its kinds and rights; Envoy comes as a wheel.
"""

from __future__ import annotations

from string import Template

from lab import addons, images, network
from lab.kubectl import kubectl
from lab.layout import MANIFESTS, NODES, REGISTRY
from lab.program import wait_until
from lab.timings import Clock
from tools.build import program, version
from tools.sources import sources
from tools.wheels import unpacked

MODULE = "github.com/projectcontour/contour"
SPACE, GATEWAY = "projectcontour", "contour"
DEPLOYMENTS = ("contour", "envoy")
ADDRESSES = [node.second_gateway for node in NODES]


def add() -> None:
    """Bring the cluster its second gateway; return when it answers over HTTPS."""
    contour, envoy = program("contour"), unpacked("envoy") / "envoy" / "_bin" / "envoy"
    clock = Clock()
    marks = {
        "contour": f"{REGISTRY}/lab/contour:{version('contour', MODULE)}",
        "envoy": f"{REGISTRY}/lab/envoy:{unpacked('envoy').name}",
    }
    images.push_program(marks["contour"], contour)
    images.push_program(marks["envoy"], envoy, *images.libraries(envoy))
    clock.say("images in the registry")
    own = sources("contour", MODULE) / "examples" / "contour"
    for name in ("00-common", "01-crds", "02-rbac", "02-role-contour"):
        kubectl("apply", "--server-side", "-f", str(own / f"{name}.yaml"))
    level = "pod-security.kubernetes.io/enforce=restricted"
    kubectl("label", "--overwrite", "namespace", SPACE, level)
    kinds = str(own / "01-crds.yaml")
    kubectl("wait", "--for=condition=Established", "-f", kinds, "--timeout=30s")
    addons.give_certificate(SPACE)
    manifest = Template((MANIFESTS / "contour.yaml").read_text()).substitute(marks)
    kubectl("apply", "-f", "-", stdin=manifest)
    for node in NODES:
        network.lead(node.second_gateway, node)
    addons.give_addresses(SPACE, "envoy", ADDRESSES)
    clock.say("objects applied")
    for name in DEPLOYMENTS:
        kubectl("rollout", "status", "-n", SPACE, f"deployment/{name}", "--timeout=120s")
    wait_until(
        "the second gateway's answer",
        lambda: addons.gateway_answers(ADDRESSES, "ready", 302),
        within=60,
        every=0.2,
    )
    clock.say(f"the second gateway answers at {', '.join(ADDRESSES)}")
