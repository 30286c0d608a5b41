"""One question to the service after a change: the whole path inside the container works."""

from __future__ import annotations

from morrow.tool.base.errors import Failure
from morrow.tool.base.terminal import terminal
from morrow.tool.cluster.site import Site
from morrow.tool.programs.port_forward import ask


def smoke(site: Site) -> None:
    """Ask one pod of the Service for its health."""
    environment = site.environment
    path = "/healthz" if environment.value("ports", "admin") else "/"
    port = int(environment.value("service", "port") or 80)
    answer = ask(site.kubectl, f"service/{environment.name}", port, path)
    if answer.status == 0 and "forbidden" in answer.body:
        terminal.warn("not allowed to forward a port, so the service was not asked")
        return
    if answer.status == 0 or answer.status >= 500:
        cause = f"GET {path} on the service's own port got {answer}"
        raise Failure(site.place.problem("smoke-failed", f"Service {environment.name}", cause))
    terminal.say(f"  GET {path} answers {answer.status}")
