"""Where the lab's parts are: folders, addresses, ports. Nothing here does anything."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from tools.build import cache_folder

ROOT = Path(__file__).resolve().parent.parent  # the repository
RUN = Path("/run/morrow-lab")  # gone after `down`
CACHE = cache_folder() / "lab"  # images and base systems, kept between runs
LOCK = Path("/run/lock/morrow-lab")
LOGS = RUN / "log"
PKI = RUN / "pki"
KUBECONFIG = RUN / "kubeconfig"
MANIFESTS = Path(__file__).parent / "manifests"

HOST = "10.89.0.1"
API_PORT = 6443
API = f"https://{HOST}:{API_PORT}"
LAB_REGISTRY = f"{HOST}:5000"
LAB_RANGE = "10.89.0.0/24"
POD_RANGE = "10.244.0.0/16"
SERVICE_RANGE = "10.96.0.0/16"
CLUSTER_DNS = "10.96.0.10"
ADDED = RUN / "added"  # a file for each part that `add` brought
COLLECTED = RUN / "collected"  # what OpenTelemetry's collector took
OBJECT_METRICS, OBJECT_METRICS_PORT = "object-metrics", 8090  # stands in for kube-state-metrics
ARGOCD_REDIS = "argocd-redis"  # kept in memory by a library
GATEWAY_DOMAIN = "lab.example.com"

# A cluster that someone else runs: `lab addons` and the tests take it instead of the lab's.
FOREIGN = os.environ.get("MORROW_E2E_KUBECONFIG", "")
FOREIGN_CONTEXT = os.environ.get("MORROW_E2E_CONTEXT", "")  # its kubeconfig's own when empty
# Where images are pushed to, over plain HTTP, and where the cluster's nodes pull them from.
REGISTRY = (os.environ.get("MORROW_E2E_REGISTRY") or LAB_REGISTRY) if FOREIGN else LAB_REGISTRY

# One root in every cgroup hierarchy; whoever runs below it belongs to the lab.
CGROUP = "morrow-lab"
# The bridge lives in a namespace of its own, so that the host's firewall does not see it.
FABRIC = "morrow-fabric"
HOST_LINK = "morrow-lab"


@dataclass(frozen=True)
class NodeAddress:
    """What is fixed about one node."""

    name: str
    number: int
    zone: str

    @property
    def address(self) -> str:
        """Return the node's address on the bridge."""
        return f"10.89.0.1{self.number}"

    @property
    def second_gateway(self) -> str:
        """Return where a gateway beside the usual one is reached through it."""
        return f"10.89.0.2{self.number}"

    @property
    def pods(self) -> str:
        """Return the range that its pods' addresses come from."""
        return f"10.244.{self.number}.0/24"

    @property
    def namespace(self) -> str:
        """Return the network namespace that is this node."""
        return f"morrow-{self.name}"

    @property
    def folder(self) -> Path:
        """Return where the node keeps what ends with it."""
        return RUN / self.name

    @property
    def kept(self) -> Path:
        """Return where its containerd keeps images between runs."""
        return CACHE / "nodes" / self.name / "containerd"

    @property
    def socket(self) -> Path:
        """Return its containerd's socket."""
        return self.folder / "containerd.sock"

    @property
    def cgroup(self) -> str:
        """Return the cgroup that holds the node's programs and pods."""
        return f"{CGROUP}/{self.name}"


# A machine beside the nodes, which Argo CD runs on: one of its ports is open on every address.
ARGOCD = NodeAddress("argocd", 9, "")
NODES = tuple(NodeAddress(f"n{number}", number, zone) for number, zone in enumerate("abc", start=1))
