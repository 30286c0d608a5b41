"""One environment with its programs, and what is known of its cluster: each fact is read once.

How others use it: `site = Site(environment)`, then `site.kubectl`, `site.helm`, `site.place`, and
the facts `site.namespace`, `site.secret`, `site.records`, `site.history`, `site.rendered`. A fact
is read when it is first asked for; who changes one says so (`site.made_namespace`, …). For a
process nothing of a cluster is ever read.
"""

from __future__ import annotations

import json
from functools import cached_property
from typing import Any

from morrow.tool.base.errors import Failure
from morrow.tool.cluster.place import Place, place_of
from morrow.tool.environment.model import Environment
from morrow.tool.programs.helm import Helm, Revision, value_arguments
from morrow.tool.programs.helm_storage import Record, records, revision_of
from morrow.tool.programs.kubectl import Kubectl
from morrow.tool.programs.runner import Result

Object = dict[str, Any]


class Site:
    """Where an environment lives."""

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self.confirmed = False  # somebody has typed a protected environment's name

    @cached_property
    def kubectl(self) -> Kubectl:
        """Drive kubectl there."""
        return Kubectl.of(self.environment)

    @cached_property
    def helm(self) -> Helm:
        """Drive helm there."""
        return Helm.of(self.environment)

    @cached_property
    def place(self) -> Place:
        """Name it in messages."""
        return place_of(self.environment)

    @cached_property
    def rendered(self) -> Result:
        """What the chart renders for the environment; no cluster is asked."""
        environment = self.environment
        files = value_arguments(environment.files)
        words = ("template", environment.name, str(environment.project.chart), *files)
        return Helm("", environment.namespace).run(*words)

    @cached_property
    def namespace(self) -> Object | None:
        """The namespace; {} for one that we may not look at, but may well use."""
        return self._standing[0]

    @cached_property
    def secret(self) -> Object | None:
        """The Secret that the environment names, as it was before this command made one."""
        return self._standing[1]

    @cached_property
    def _standing(self) -> tuple[Object | None, Object | None]:
        """Namespace and Secret in one question, or in two where the first is not ours to see."""
        wanted = self.environment.secrets
        names = [f"namespace/{self.environment.namespace}"]
        names += [f"secret/{wanted.object_name}"] if wanted.keys else []
        done = self.kubectl.run("get", *names, "-o", "json", "--ignore-not-found")
        if done.code:
            secret = self.kubectl.get("secret", wanted.object_name) if wanted.keys else None
            return self._namespace_alone(), secret
        told = json.loads(done.out) if done.out.strip() else {"items": []}
        found = {item["kind"]: item for item in told.get("items", [told])}
        return found.get("Namespace"), found.get("Secret")

    def _namespace_alone(self) -> Object | None:
        try:
            return self.kubectl.get("namespace", self.environment.namespace)
        except Failure as failure:
            if failure.problems[0].code != "access-denied":
                raise
            return {}

    @cached_property
    def records(self) -> dict[int, Record]:
        """What Helm stores of each revision of the release."""
        return records(self.kubectl, self.environment.name)

    @property
    def history(self) -> list[Revision]:
        """The release's revisions, oldest first; none when there is no release."""
        return [revision_of(record) for _, record in sorted(self.records.items())]

    @property
    def deployed(self) -> int | None:
        """The number of the revision that is deployed."""
        numbers = (r.number for r in reversed(self.history) if r.status == "deployed")
        return next(numbers, None)

    def forget_release(self) -> None:
        """Read Helm's storage again: the release was changed."""
        self.__dict__.pop("records", None)

    def add_revision(self, record: Record, keep: int) -> None:
        """Know what helm has just deployed, and what it drops from its storage for it."""
        new = int(record["version"])
        for number in sorted(self.records)[: max(0, len(self.records) + 1 - keep)]:
            del self.records[number]
        for old in self.records.values():
            if old["info"]["status"] == "deployed":
                old["info"]["status"] = "superseded"
        self.records[new] = record
