"""Say how the lab is, for people and for programs."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from lab import api, cgroups, pki, timings
from lab.layout import (
    ADDED,
    ARGOCD_REDIS,
    GATEWAY_DOMAIN,
    KUBECONFIG,
    NODES,
    OBJECT_METRICS,
    REGISTRY,
)
from lab.program import recorded


@dataclass(frozen=True)
class Status:
    """Where the cluster is, and how it does."""

    up: bool
    kubeconfig: str
    context: str
    registry: str
    gateway_addresses: list[str]
    gateway_domain: str
    gateway_class: str
    gateway: str  # namespace/name of the Gateway that routes attach to
    ca_file: str
    nodes: dict[str, bool]  # Ready or not
    added: list[str]  # what `add` brought
    dead: list[str]
    memory_mib: int
    seconds: dict[str, float]  # what the last start took, from its beginning


def read() -> Status:
    """Look at everything."""
    programs = recorded()
    answers = bool(programs) and api.is_ready()
    ready = api.ready_nodes() if answers else set()
    return Status(
        up=answers and timings.finished() and all(program.alive for program in programs),
        kubeconfig=str(KUBECONFIG),
        context="lab",
        registry=REGISTRY,
        gateway_addresses=[node.address for node in NODES],
        gateway_domain=GATEWAY_DOMAIN,
        gateway_class="traefik",
        gateway="gateway/lab",
        ca_file=str(pki.GATEWAY / "ca.crt"),
        nodes={node.name: node.name in ready for node in NODES},
        added=sorted(file.name for file in ADDED.glob("*")),
        dead=[program.name for program in programs if not program.alive],
        memory_mib=memory() // 2**20,
        seconds=timings.read(),
    )


def show(*, as_json: bool) -> int:
    """Print the status; 0 when the lab is up, 1 when not."""
    found = read()
    if as_json:
        print(json.dumps(asdict(found), indent=1))
        return 0 if found.up else 1
    nodes = ", ".join(
        f"{n} {'Ready' if ready else 'not ready'}" for n, ready in found.nodes.items()
    )
    print(f"lab is {'up' if found.up else 'not up; `python -m lab up` starts it'}")
    if found.up or found.dead:
        print(f"  nodes       {nodes}")
        print(f"  memory      {found.memory_mib} MiB")
        print(f"  started in  {', '.join(f'{k} {v:.1f} s' for k, v in found.seconds.items())}")
        print(f"  registry    {found.registry}")
        print(f"  gateway     https://*.{found.gateway_domain} at {found.gateway_addresses[0]}")
        if found.added:
            print(f"  added       {', '.join(found.added)}")
        print(f"  CA file     {found.ca_file}")
        print(f"  stand-ins   {', '.join(stand_ins())}")
        print(f"  use it      export KUBECONFIG={found.kubeconfig}")
    for program in recorded():
        if not program.alive:
            print(f"{program.name} died; the end of {program.log}:\n{program.log_end()}")
    return 0 if found.up else 1


def stand_ins() -> list[str]:
    """Return what is not the real part here."""
    named = {program.name for program in recorded()}
    more = {OBJECT_METRICS: "kube-state-metrics", ARGOCD_REDIS: "Argo CD's Redis"}
    found = [what for name, what in more.items() if name in named]
    return ["the enforcer of NetworkPolicies", "the base images of hello", *found]


def memory(names: tuple[str, ...] = ()) -> int:
    """Return the bytes that the lab's processes occupy, shared pages counted once.

    With names, only those of the programs that are called so.
    """
    total = 0
    for pid in cgroups.processes():
        try:
            if names and Path(f"/proc/{pid}/exe").readlink().name not in names:
                continue
            text = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue  # ended since it was listed
        total += sum(int(line.split()[1]) for line in text.splitlines() if line[:4] == "Pss:")
    return total * 1024
