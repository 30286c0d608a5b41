"""One question to the service after a change: the whole path inside the container works."""

from __future__ import annotations

from morrow.tool.base.errors import Failure
from morrow.tool.base.terminal import terminal
from morrow.tool.cluster.place import place_of
from morrow.tool.environment.model import Environment
from morrow.tool.programs.kubectl import Kubectl
from morrow.tool.programs.port_forward import ask


def smoke(environment: Environment, kubectl: Kubectl) -> None:
    """Ask one pod of the Service for its health: the whole path inside the container works."""
    ports = environment.values.get("ports") or {}
    path = "/healthz" if ports.get("admin") else "/"
    answer = ask(kubectl, f"service/{environment.name}", _service_port(environment), path)
    if answer.status == 0 and "forbidden" in answer.body:
        terminal.warn("not allowed to forward a port, so the service was not asked")
        return
    if answer.status == 0 or answer.status >= 500:
        place = place_of(environment)
        cause = f"GET {path} on the service's own port got {answer}"
        raise Failure(place.problem("smoke-failed", f"Service {environment.name}", cause))
    terminal.say(f"  GET {path} answers {answer.status}")


def _service_port(environment: Environment) -> int:
    return int((environment.values.get("service") or {}).get("port") or 80)
