"""The gateways that the lab has, each another implementation of the Gateway API."""

from __future__ import annotations

from dataclasses import dataclass, replace

from lab import contour, status
from tests.e2e.cluster import Cluster, eventually
from tests.e2e.pods import names, ready
from tests.unit.frame.skips import cannot


@dataclass(frozen=True)
class Gateway:
    """One of them, seen by the tests as the cluster's gateway."""

    cluster: Cluster
    deployments: tuple[str, ...]  # the last takes the requests

    @property
    def namespace(self) -> str:
        """Where its pods are."""
        return self.cluster.gateway.partition("/")[0]

    def pods(self) -> set[str]:
        """The pods that take requests, also those that leave."""
        return names(self._pods())

    def roll(self) -> None:
        """Replace every pod, as an update of it does; return when the old ones are gone."""
        before = self._every()
        self.cluster.kubectl("rollout", "restart", "deployment", "-n", self.namespace)
        self.settle()
        eventually("the old pods are gone", lambda: not before & self._every(), within=150)

    def kill(self) -> None:
        """Take each pod away without its end, one after another."""
        for pod in sorted(self.pods()):
            at_once = ["--force", "--grace-period=0"]
            self.cluster.kubectl("delete", "pod", pod, "-n", self.namespace, *at_once)
            self.settle()

    def forgets(self, host: str) -> None:
        """Wait until no address serves a host; Envoy refuses the handshake then."""

        def unserved(address: str) -> bool:
            try:
                return self.cluster.ask(host, "/healthz", address=address).status == 404
            except OSError:
                return True

        addresses = self.cluster.gateway_addresses
        eventually(f"nobody serves {host}", lambda: all(map(unserved, addresses)))

    def settle(self) -> None:
        """Wait until it is ready, as Deployments say it."""
        for name in self.deployments:
            where = ["-n", self.namespace, f"deployment/{name}"]
            self.cluster.kubectl("rollout", "status", *where, "--timeout=180s", within=200)
        eventually("its pods are ready", lambda: all(map(ready, self._pods())), within=150)

    def _every(self) -> set[str]:
        return names(self.cluster.get("pods", "-n", self.namespace)["items"])

    def _pods(self) -> list[object]:
        where = ["-n", self.namespace, "-l", self._labels()]
        found: list[object] = self.cluster.get("pods", *where)["items"]
        return found

    def _labels(self) -> str:
        taking = self.cluster.get("deployment", self.deployments[-1], "-n", self.namespace)
        return ",".join(f"{k}={v}" for k, v in taking["spec"]["selector"]["matchLabels"].items())


def second(cluster: Cluster) -> Cluster:
    """Return the cluster with Contour as its gateway; skip where it is not."""
    if "contour" not in status.read().added:
        cannot("Contour in the cluster", "`python -m lab add contour` brings it", "contour")
    return replace(
        cluster,
        gateway=f"{contour.SPACE}/{contour.GATEWAY}",
        gateway_addresses=tuple(contour.ADDRESSES),
    )


def gateway(name: str, cluster: Cluster) -> Gateway:
    """Return one by the name of its program."""
    if name == "contour":
        return Gateway(second(cluster), contour.DEPLOYMENTS)
    return Gateway(cluster, ("traefik",))
