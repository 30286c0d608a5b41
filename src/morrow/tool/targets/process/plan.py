"""What `up` would change for a process on this machine: settings, secrets' revision, code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from morrow.tool.environment.model import Environment
from morrow.tool.plan.diff import Change, differences, shown
from morrow.tool.targets.process.replace import fingerprint
from morrow.tool.targets.process.state import Runs


@dataclass(frozen=True)
class ProcessPlan:
    """Everything that `up` would do."""

    label: str
    name: str
    action: str  # start | replace | nothing
    settings: tuple[Change, ...]
    secrets: str

    @property
    def empty(self) -> bool:
        """Whether `up` has nothing to change."""
        return self.action == "nothing"

    def as_json(self) -> dict[str, Any]:
        """Return what --json prints."""
        return {
            "environment": self.label,
            "target": {"kind": "process"},
            "empty": self.empty,
            "action": self.action,
            "settings": [change.as_json() for change in self.settings],
            "secrets": self.secrets,
        }

    def as_text(self) -> str:
        """Return it for people."""
        if self.empty:
            return f"nothing to do: {self.name} runs as the files say"
        does = {"start": "+ starts", "replace": "~ a new process takes over from the old one"}
        return "\n".join(
            [
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
    run = Runs(environment.project.state / label).serving()
    revision = environment.secrets.revision
    if run is None:
        keys = bool(environment.secrets.keys)
        return ProcessPlan(label, name, "start", (), f"revision {revision}" if keys else "")
    if run.code == fingerprint(environment, environment.settings, revision):
        return ProcessPlan(label, name, "nothing", (), "")
    settings = differences({"settings": run.settings}, {"settings": environment.settings})
    changed = run.secrets_revision != revision
    secrets = f"revision {run.secrets_revision} -> {revision}" if changed else ""
    return ProcessPlan(label, name, "replace", tuple(settings), secrets)
