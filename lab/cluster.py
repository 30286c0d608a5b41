"""The whole lab: bring it up, take it down, stop and start its parts."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor

from lab import (
    addons,
    api,
    argocd,
    cgroups,
    cleanup,
    contour,
    flux,
    images,
    kernel,
    monitoring,
    network,
    packages,
    pki,
    timings,
    tracing,
)
from lab.control_plane import GROUP, ControlPlane
from lab.errors import LabError
from lab.layout import ADDED, CGROUP, NODES, ROOT, RUN, NodeAddress
from lab.node import Node
from lab.program import find, recorded, start, wait_until
from lab.registry import start_registry
from lab.timings import Clock
from tools.build import folders

TOOLS = ("kubernetes", "etcd", "registry", "coredns", "metrics-server", "traefik")


def up() -> None:
    """Bring the lab up from whatever state the machine is in."""
    packages.check()
    folders(TOOLS)
    clock = Clock()
    if is_up():
        clock.say("the lab is up already")
        for at in NODES:
            if not at.folder.exists():
                start_node(at.name)
                clock.say(f"{at.name}, which was stopped, is Ready")
        return
    if cleanup.remains():
        cleanup.remove_everything()
        clock.say("removed what an earlier lab left")
        clock = Clock()
    start_kubernetes(clock)
    addons.install(clock)
    clock.mark("add-ons ready")
    clock.keep()


def is_up() -> bool:
    """Say whether a whole cluster runs, all of its programs alive."""
    return timings.finished() and all(program.alive for program in recorded()) and api.is_ready()


def start_kubernetes(clock: Clock) -> None:
    """Start a cluster without add-ons; return when all of its nodes are Ready."""
    RUN.mkdir()
    kernel.keep()
    cgroups.make(GROUP)
    cgroups.prefer(CGROUP)
    plane, nodes = ControlPlane(), [Node(at) for at in NODES]
    with ThreadPoolExecutor() as pool:
        for made in [pool.submit(pki.make_cluster), pool.submit(network.make_fabric)]:
            made.result()
        clock.say("certificates and network")
        # All wait for the API server; what can be done without it is done beside its start.
        beside = [pool.submit(node.prepare) for node in nodes]
        beside.append(pool.submit(_start_registry))
        plane.start()
        plane.wait_for_port()
        for part in beside:
            part.result()
    clock.say("registry and containerds answer, the API server listens")
    for each in nodes:
        each.start_kubelet()
    plane.wait_for_api()
    clock.say("the API server is ready")
    plane.start_controllers()
    for each in nodes:
        each.start_proxy()
    _wait_for_nodes({each.at.name for each in nodes})
    clock.mark("nodes Ready")
    start_policy_agent()


def _start_registry() -> None:
    """Start the registry, with the image in it that every pod needs."""
    start_registry()
    images.push_pause()


def start_policy_agent() -> None:
    """Start what enforces NetworkPolicies here; the output says that it is a stand-in."""
    start(
        "network-policy",
        [sys.executable, "-m", "lab.policy_agent"],
        cgroup=GROUP,
        environment={"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
    )


def _wait_for_nodes(names: set[str]) -> None:
    what = f"readiness of {', '.join(sorted(names))}"
    wait_until(what, lambda: names <= api.ready_nodes(), programs=recorded(), within=90)


def down() -> None:
    """Take the lab away."""
    clock = Clock()
    cleanup.remove_everything()
    clock.say("the lab is gone")


def stop_node(name: str) -> None:
    """Stop a node as a power cut does."""
    at = _known(name)
    if not at.folder.exists():
        raise LabError(f"{name} does not run; `python -m lab node start {name}` starts it")
    Node(at).stop()


def start_node(name: str) -> None:
    """Start a stopped node; return when it is Ready."""
    at = _known(name)
    if not timings.finished():
        raise LabError("the lab is not up; `python -m lab up` starts it")
    again = Node(at)
    again.prepare()
    network.forget_connections(at)
    again.start_kubelet()
    again.start_proxy()
    _wait_for_nodes({name})


def stop_api() -> None:
    """Stop the API server; everything else goes on."""
    find("kube-apiserver").kill()


def start_api() -> None:
    """Start the API server again; return when it is ready."""
    if any(program.name == "kube-apiserver" and program.alive for program in recorded()):
        raise LabError("the API server runs already; `python -m lab api stop` stops it")
    find("etcd")
    plane = ControlPlane()
    plane.start_api()
    plane.wait_for_api()


def add(what: str) -> None:
    """Bring a running lab what only some tests ask for."""
    if not is_up():
        raise LabError("the lab is not up; `python -m lab up` starts it")
    parts = {
        "argocd": argocd,
        "contour": contour,
        "flux": flux,
        "monitoring": monitoring,
        "tracing": tracing,
    }
    parts[what].add()
    ADDED.mkdir(exist_ok=True)
    (ADDED / what).touch()


def _known(name: str) -> NodeAddress:
    for at in NODES:
        if at.name == name:
            return at
    raise LabError(f"there is no node {name}; the lab has {', '.join(at.name for at in NODES)}")
