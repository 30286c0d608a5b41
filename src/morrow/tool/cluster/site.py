"""One environment with its programs, and what is known of its cluster: each fact is read once.

How others use it: `site = Site(environment)`, then `site.kubectl`, `site.helm`, `site.place`, and
the facts `site.namespace`, `site.secret`, `site.records`, `site.history`, `site.rendered`,
`site.objects`. A fact is read when it is first used; who changes the release says so
(`site.forget_release()`). For a process nothing of a cluster is ever read.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cached_property

from morrow.tool.base.errors import Failure, Problem
from morrow.tool.base.outcome import Json
from morrow.tool.base.terminal import terminal
from morrow.tool.cluster.branch import releases
from morrow.tool.cluster.objects import MADE_BY, parse
from morrow.tool.cluster.place import Place, place_of
from morrow.tool.environment.model import Environment
from morrow.tool.programs.helm import Helm, Record, Revision, records, revision_of, template
from morrow.tool.programs.kubectl import Kubectl
from morrow.tool.programs.runner import Result

LEVEL = "pod-security.kubernetes.io/enforce"


class Site:
    """Where an environment lives."""

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self.patience = 60.0  # seconds for the service's own import
        self.unknown: set[str] = set()  # kinds of which the cluster said that it has none
        self.confirmed = False  # somebody has typed a protected environment's name
        self.unwatch: Callable[[], None] = lambda: None  # ends who watches it
        self.fault: Callable[[], Problem | None] = lambda: None  # what a watcher of it has seen

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
        return template(self.environment)

    @cached_property
    def objects(self) -> list[Json]:
        """The objects of it; none where the chart refuses the values."""
        return [] if self.rendered.code else parse(self.rendered.out)

    @cached_property
    def namespace(self) -> Json | None:
        """The namespace; {} where we may not read it, though we may use it."""
        return self._standing[0]

    @cached_property
    def secret(self) -> Json | None:
        """The Secret that the environment names, as it was before this command made one."""
        return self._standing[1]

    @cached_property
    def _standing(self) -> tuple[Json | None, Json | None]:
        """Read namespace and Secret at once, or one by one where the namespace may not be read."""
        secrets = self.environment.secrets
        names = [f"namespace/{self.environment.namespace}"]
        names += [f"secret/{secrets.object_name}"] if secrets.keys else []
        done = self.kubectl.run("get", *names, "-o", "json", "--ignore-not-found")
        if done.code:
            secret = self.kubectl.get("secret", secrets.object_name) if secrets.keys else None
            return self._namespace_alone(), secret
        answer = json.loads(done.out) if done.out.strip() else {"items": []}
        objects = {item["kind"]: item for item in answer.get("items", [answer])}
        return objects.get("Namespace"), objects.get("Secret")

    def _namespace_alone(self) -> Json | None:
        try:
            return self.kubectl.get("namespace", self.environment.namespace)
        except Failure as failure:
            if failure.problems[0].code != "access-denied":
                raise
            return {}

    @cached_property
    def records(self) -> dict[int, Record]:
        """What is stored of each revision of the release: by Helm, or in Git."""
        if self.environment.in_git:
            return releases(self.environment, self.kubectl)
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
        """Read again what is stored: the release was changed."""
        self.__dict__.pop("records", None)

    def add_revision(self, record: Record, keep: int) -> None:
        """Add what helm has just deployed, and drop what it then removes from its storage."""
        new = int(record["version"])
        for number in sorted(self.records)[: max(0, len(self.records) + 1 - keep)]:
            del self.records[number]
        for old in self.records.values():
            if old["info"]["status"] == "deployed":
                old["info"]["status"] = "superseded"
        self.records[new] = record


def ensure_namespace(site: Site) -> bool:
    """Make the namespace when it is missing, as `restricted`; return whether it was made."""
    name = site.environment.namespace
    if site.namespace is not None:
        return False
    labels = {LEVEL: "restricted", "pod-security.kubernetes.io/warn": "restricted"}
    labels[MADE_BY] = "morrow"
    metadata = {"name": name, "labels": labels}
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}
    done = site.kubectl.create(namespace)
    if done.code and "already exists" in done.err:
        return False
    if done.code:
        raise site.kubectl.failure(done)
    terminal.say(f"  namespace {name} made, Pod Security restricted")
    return True
