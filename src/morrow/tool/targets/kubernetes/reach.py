"""How requests reach a release in a cluster: as given, by its route, or by a tunnel."""

from __future__ import annotations

from morrow.tool.base.errors import Failure, problem
from morrow.tool.cluster.site import Site
from morrow.tool.deliver.outside import listens
from morrow.tool.programs.kubectl import Kubectl
from morrow.tool.programs.port_forward import Tunnel
from morrow.tool.targets.target import VerifyOptions
from morrow.tool.verify.contract import Reach


class Way:
    """The way to the service, found once."""

    def __init__(self, site: Site, options: VerifyOptions) -> None:
        self.environment, self.kubectl, self.options = site.environment, site.kubectl, options
        self._reach: Reach | None = None
        self._tunnel: Tunnel | None = None

    def reach(self) -> Reach:
        """Take what the command line gave, else the route, else a tunnel."""
        if self._reach is None:
            if url := self.options.url:
                how = "as given by --url"
                self._reach = Reach(url, how, self.options.connect, self.options.ca_file)
            else:
                self._reach = self._route() or self._open_tunnel()
        return self._reach

    def _route(self) -> Reach | None:
        route = self.environment.values.get("route") or {}
        mode, hosts = route.get("mode"), route.get("hosts") or []
        if mode not in ("ingress", "gateway") or not hosts:
            return None
        tls, addresses = self._ingress() if mode == "ingress" else self._gateway()
        scheme, port = ("https", 443) if tls else ("http", 80)
        path = str(route.get("path") or "/")
        dial = self.options.connect or tuple(f"{a}:{port}" for a in addresses if listens(a, port))
        where = f"through the {mode} at {', '.join(dial) or 'the address of its name'}"
        return Reach(f"{scheme}://{hosts[0]}{path}", where, dial, self.options.ca_file)

    def _ingress(self) -> tuple[bool, list[str]]:
        ingress = self.kubectl.get("ingress", self.environment.name) or {}
        balancer = ((ingress.get("status") or {}).get("loadBalancer") or {}).get("ingress") or []
        addresses = [str(entry.get("ip") or entry.get("hostname")) for entry in balancer]
        return bool((ingress.get("spec") or {}).get("tls")), addresses

    def _gateway(self) -> tuple[bool, list[str]]:
        named = (self.environment.values["route"].get("gateway")) or {}
        where = Kubectl(self.environment.context, named.get("namespace") or self.kubectl.namespace)
        gateway = where.get("gateway", str(named.get("name"))) or {}
        section = named.get("section")
        listeners = [
            entry
            for entry in (gateway.get("spec") or {}).get("listeners") or []
            if not section or entry["name"] == section
        ]
        addresses = [str(a["value"]) for a in (gateway.get("status") or {}).get("addresses") or []]
        return any(entry["protocol"] == "HTTPS" for entry in listeners), addresses

    def _open_tunnel(self) -> Reach:
        port = int(self.environment.value("service", "port") or 80)
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
