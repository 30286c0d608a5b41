"""What `up` would change for a process on this machine: settings, secrets' revision, code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from morrow.tool.base.errors import Problem
from morrow.tool.environment.model import Environment
from morrow.tool.plan.diff import Change, differences, shown
from morrow.tool.rules.settings import refused_app
from morrow.tool.targets.process.replace import port_taken, ports_wanted, wanted_by
from morrow.tool.targets.process.servers import Servers
from morrow.tool.targets.process.state import Runs, taken


@dataclass(frozen=True)
class ProcessPlan:
    """Everything that `up` would do."""

    label: str
    name: str
    action: str  # start | replace | nothing
    settings: tuple[Change, ...]
    secrets: str
    servers: Mapping[str, str] = field(default_factory=dict)  # of `target.servers`: what it does

    @property
    def empty(self) -> bool:
        """Whether `up` has nothing to change."""
        return self.action == "nothing" and not self.servers

    def as_json(self) -> dict[str, Any]:
        """Return what --json prints."""
        return {
            "environment": self.label,
            "target": {"kind": "process"},
            "empty": self.empty,
            "action": self.action,
            "settings": [change.as_json() for change in self.settings],
            "secrets": self.secrets,
            "servers": list(self.servers),
        }

    def as_text(self) -> str:
        """Return it for people."""
        if self.empty:
            return f"nothing to do: {self.name} runs as the files say"
        does = {"start": "+ starts", "replace": "~ a new process takes over from the old one",
                "nothing": "runs as the files say"}  # fmt: skip
        return "\n".join(
            [
                *(f"server/{kind}  {done}" for kind, done in self.servers.items()),
                f"process/{self.name}  {does[self.action]}",
                *(
                    f"    {one.field}: {shown(one.before)} -> {shown(one.after)}"
                    for one in self.settings
                ),
                *([f"secrets: {self.secrets}"] if self.secrets else []),
            ]
        )


def compute_process(environment: Environment) -> ProcessPlan:
    """Compare the process that serves with the files; change nothing."""
    label, name = environment.label, environment.name
    run = Runs(environment).serving()
    revision = environment.secrets.revision
    servers = Servers(environment).changes()
    if run is None:
        keys = bool(environment.secrets.keys)
        return ProcessPlan(
            label, name, "start", (), f"revision {revision}" if keys else "", servers
        )
    http, admin = ports_wanted(environment, run)
    was = {"settings": run.settings, "ports": {"http": run.port, "admin": run.admin_port}}
    will = {"settings": environment.settings, "ports": {"http": http, "admin": admin}}
    settings = differences(was, will)
    if run.code == wanted_by(environment).release and not settings:
        return ProcessPlan(label, name, "nothing", (), "", servers)
    changed = run.secrets_revision != revision
    secrets = f"revision {run.secrets_revision} -> {revision}" if changed else ""
    return ProcessPlan(label, name, "replace", tuple(settings), secrets, servers)


def in_the_way(environment: Environment) -> list[Problem]:
    """Return what would stop `up`: an application that does not load, a port that is taken."""
    run = Runs(environment).serving()
    port, _ = ports_wanted(environment, run)
    wrong = refused_app(environment.project)
    if not (run and run.port == port) and taken(port):
        wrong.append(port_taken(environment, port))
    return wrong
