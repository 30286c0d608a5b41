"""How requests reach a release in a cluster: as given, by its route, or by a tunnel."""

from __future__ import annotations

from morrow.tool.base.errors import Failure, problem
from morrow.tool.deliver.outside import listens
from morrow.tool.environment.model import Environment
from morrow.tool.programs.kubectl import Kubectl
from morrow.tool.programs.port_forward import Tunnel
from morrow.tool.verify.contract import Reach


class Way:
    """The way to the service, found once."""

    def __init__(
        self, environment: Environment, url: str | None, connect: tuple[str, ...], ca: str | None
    ) -> None:
        self.environment = environment
        self.kubectl = Kubectl.of(environment)
        self._given = (url, connect, ca)
        self._reach: Reach | None = None
        self._tunnel: Tunnel | None = None

    def reach(self) -> Reach:
        """Take what the command line gave, else the route, else a tunnel."""
        if self._reach is None:
            url, connect, ca = self._given
            if url:
                self._reach = Reach(url, "as given by --url", connect, ca)
            else:
                self._reach = self._route(connect, ca) or self._open_tunnel()
        return self._reach

    def _route(self, connect: tuple[str, ...], ca: str | None) -> Reach | None:
        route = self.environment.values.get("route") or {}
        mode, hosts = route.get("mode"), route.get("hosts") or []
        if mode not in ("ingress", "gateway") or not hosts:
            return None
        tls, addresses = self._ingress() if mode == "ingress" else self._gateway()
        scheme, port = ("https", 443) if tls else ("http", 80)
        path = str(route.get("path") or "/")
        dial = connect or tuple(f"{a}:{port}" for a in addresses if listens(a, port))
        where = f"through the {mode} at {', '.join(dial) or 'the address of its name'}"
        return Reach(f"{scheme}://{hosts[0]}{path}", where, dial, ca)

    def _ingress(self) -> tuple[bool, list[str]]:
        found = self.kubectl.get("ingress", self.environment.name) or {}
        balancer = ((found.get("status") or {}).get("loadBalancer") or {}).get("ingress") or []
        addresses = [str(entry.get("ip") or entry.get("hostname")) for entry in balancer]
        return bool((found.get("spec") or {}).get("tls")), addresses

    def _gateway(self) -> tuple[bool, list[str]]:
        wanted = (self.environment.values["route"].get("gateway")) or {}
        where = Kubectl(self.environment.context, wanted.get("namespace") or self.kubectl.namespace)
        found = where.get("gateway", str(wanted.get("name"))) or {}
        section = wanted.get("section")
        listeners = [
            entry
            for entry in (found.get("spec") or {}).get("listeners") or []
            if not section or entry["name"] == section
        ]
        addresses = [str(a["value"]) for a in (found.get("status") or {}).get("addresses") or []]
        return any(entry["protocol"] == "HTTPS" for entry in listeners), addresses

    def _open_tunnel(self) -> Reach:
        port = int((self.environment.values.get("service") or {}).get("port") or 80)
        self._tunnel = Tunnel(self.kubectl, f"service/{self.environment.name}", port)
        if not self._tunnel.port:
            command = self._tunnel.command
            raise Failure(problem("program-failed", "kubectl", self._tunnel.said, command=command))
        how = "through kubectl port-forward to one pod"
        return Reach(f"http://127.0.0.1:{self._tunnel.port}/", how, steady=False)

    def close(self) -> None:
        """End the tunnel."""
        if self._tunnel is not None:
            self._tunnel.close()
