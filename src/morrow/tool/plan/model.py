"""A plan: what happens to each object, what drifted, and what deserves attention."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from morrow.tool.base.errors import Problem
from morrow.tool.base.outcome import Json
from morrow.tool.environment.model import Environment
from morrow.tool.plan.diff import Change
from morrow.tool.plan.objects import Key


@dataclass(frozen=True)
class ObjectChange:
    """What happens to one object."""

    key: Key
    action: str  # create | update | delete | keep (left behind by its policy)
    fields: tuple[Change, ...] = ()
    rejected: str = ""  # why the API server would refuse it

    @property
    def restarts(self) -> bool:
        """Whether the pods are replaced."""
        template = any(one.path[:2] == ("spec", "template") for one in self.fields)
        return self.action == "update" and template

    def as_json(self) -> dict[str, Any]:
        """Return what --json prints."""
        return {
            "kind": self.key.kind,
            "name": self.key.name,
            "namespace": self.key.namespace,
            "action": self.action,
            "fields": [change.as_json() for change in self.fields],
            **({"rejected": self.rejected} if self.rejected else {}),
        }


@dataclass(frozen=True)
class Drift:
    """Fields of one live object that differ from the last release."""

    key: Key
    fields: tuple[Change, ...]  # before: what the release said; after: what is there
    overwritten: tuple[str, ...] = ()  # of these, what `up` sets back
    missing: bool = False


@dataclass(frozen=True)
class Plan:
    """Everything that `up` would do."""

    environment: Environment
    revision: int  # of the release that is deployed; 0 when there is none
    status: str  # of the release's last revision
    changes: tuple[ObjectChange, ...]
    drift: tuple[Drift, ...]
    hooks: tuple[str, ...]
    restarts: tuple[str, ...]
    warnings: tuple[str, ...]
    config: tuple[Change, ...]  # settings that change, by variable
    secrets: str  # one line, when the secrets' revision changes
    secret: str  # identifies the Secret that the pods will read
    problems: tuple[Problem, ...]
    watched: tuple[Json, ...]  # names of all objects that the plan looked for
    live: dict[Key, Json]  # those of them that exist
    manifest: str
    cluster: str  # the namespace's uid; empty when there is none yet
    terraform: Any  # terraform.Plan, with delivery: terraform

    @property
    def empty(self) -> bool:
        """Whether `up` has nothing to change and nobody else changed anything."""
        acts = [change for change in self.changes if change.action != "keep"]
        terraform_idle = self.terraform is None or self.terraform.empty
        return not acts and not self.drift and terraform_idle

    def counts(self) -> dict[str, int]:
        """Count what happens."""
        actions = [change.action for change in self.changes]
        return {
            **{action: actions.count(action) for action in ("create", "update", "delete", "keep")},
            "drift": len(self.drift),
        }
