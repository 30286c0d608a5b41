"""The whole lab: bring it up, take it down, stop and start its parts."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor

from lab import addons, cgroups, cleanup, images, network, packages, pki, timings
from lab.control_plane import GROUP, ControlPlane
from lab.errors import LabError
from lab.kubectl import kubectl_json, kubectl_succeeds
from lab.layout import CGROUP, NODES, ROOT, RUN, NodeAddress
from lab.node import Node
from lab.program import find, recorded, start, wait_until
from lab.registry import start_registry
from lab.timings import Clock
from tools.build import folder

TOOLS = ("kubernetes", "etcd", "registry", "coredns", "metrics-server", "traefik")


def up() -> None:
    """Bring the lab up from whatever state the machine is in."""
    packages.check()
    for tool in TOOLS:
        folder(tool)
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
    RUN.mkdir()
    pki.make_cluster()
    pki.make_gateway()
    cgroups.make(GROUP)
    cgroups.prefer(CGROUP)
    network.make_fabric()
    start_registry()
    clock.say("certificates, network, registry")
    _start_kubernetes(clock)
    addons.install(clock)
    clock.mark("add-ons ready")
    clock.keep()


def is_up() -> bool:
    """Say whether a whole cluster runs, all of its programs alive."""
    return (
        timings.finished()
        and all(program.alive for program in recorded())
        and kubectl_succeeds("get", "--raw", "/readyz")
    )


def _start_kubernetes(clock: Clock) -> None:
    """Start control plane and nodes side by side; return when all nodes are Ready."""
    plane, nodes = ControlPlane(), [Node(at) for at in NODES]
    with ThreadPoolExecutor() as pool:
        work = [pool.submit(plane.start), pool.submit(images.push_pause)]
        work += [pool.submit(node.prepare) for node in nodes]
        for part in work:
            part.result()
    clock.say("API server and containerds answer")
    for each in nodes:
        each.join()
    _wait_for_nodes({each.at.name for each in nodes})
    clock.mark("nodes Ready")
    start_policy_agent()


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
    wait_until(what, lambda: names <= ready_nodes(), programs=recorded(), every=0.2, within=90)


def ready_nodes() -> set[str]:
    """Return the names of the nodes that are Ready."""
    return {
        item["metadata"]["name"]
        for item in kubectl_json("get", "nodes")["items"]
        for condition in item["status"].get("conditions", [])
        if condition["type"] == "Ready" and condition["status"] == "True"
    }


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
    again.join()
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


def _known(name: str) -> NodeAddress:
    for at in NODES:
        if at.name == name:
            return at
    raise LabError(f"there is no node {name}; the lab has {', '.join(at.name for at in NODES)}")
