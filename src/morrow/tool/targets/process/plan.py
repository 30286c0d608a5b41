"""What `up` would change for a process on this machine: settings, secrets' revision, code."""

from __future__ import annotations

from morrow.tool.base.errors import Problem
from morrow.tool.base.outcome import Outcome
from morrow.tool.environment.model import Environment
from morrow.tool.plan.diff import Change, differences, shown
from morrow.tool.rules.settings import refused_app
from morrow.tool.targets.process.replace import port_taken, ports_wanted, wanted_by
from morrow.tool.targets.process.servers import Servers
from morrow.tool.targets.process.state import Runs, taken


def plan(environment: Environment) -> Outcome:
    """Compare the process that serves with the files; change nothing."""
    run, revision = Runs(environment).serving(), environment.secrets.revision
    servers, settings, secrets = Servers(environment).changes(), list[Change](), ""
    if run is None:
        action, secrets = "start", f"revision {revision}" if environment.secrets.keys else ""
    else:
        http, admin = ports_wanted(environment, run)
        was = {"settings": run.settings, "ports": {"http": run.port, "admin": run.admin_port}}
        will = {"settings": environment.settings, "ports": {"http": http, "admin": admin}}
        settings = differences(was, will)
        same = run.code == wanted_by(environment).release and not settings
        action = "nothing" if same else "replace"
        if action == "replace" and run.secrets_revision != revision:
            secrets = f"revision {run.secrets_revision} -> {revision}"
    empty = action == "nothing" and not servers
    data = {
        "environment": environment.label,
        "target": {"kind": "process"},
        "empty": empty,
        "action": action,
        "settings": [change.as_json() for change in settings],
        "secrets": secrets,
        "servers": list(servers),
    }
    does = {"start": "+ starts", "replace": "~ a new process takes over from the old one",
            "nothing": "runs as the files say"}  # fmt: skip
    lines = [f"server/{kind}  {done}" for kind, done in servers.items()]
    lines.append(f"process/{environment.name}  {does[action]}")
    for one in settings:
        lines.append(f"    {one.field}: {shown(one.before)} -> {shown(one.after)}")
    if secrets:
        lines.append(f"secrets: {secrets}")
    if empty:
        lines = [f"nothing to do: {environment.name} runs as the files say"]
    return Outcome("\n".join(lines), data, ok=empty)


def in_the_way(environment: Environment) -> list[Problem]:
    """Return what would stop `up`: an application that does not load, a port that is taken."""
    run = Runs(environment).serving()
    port, _ = ports_wanted(environment, run)
    wrong = refused_app(environment.project)
    if not (run and run.port == port) and taken(port):
        wrong.append(port_taken(environment, port))
    return wrong
