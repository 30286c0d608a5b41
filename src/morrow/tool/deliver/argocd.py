"""What Argo CD says of an environment, where it is in the same cluster and we may look."""

from __future__ import annotations

import json
from dataclasses import dataclass

from morrow.tool.base.outcome import Json
from morrow.tool.base.terminal import terminal
from morrow.tool.cluster.objects import last_part, spec_of, status_of
from morrow.tool.cluster.site import Site

KIND = "applications.argoproj.io"
TRACKING = "argocd.argoproj.io/tracking-id"  # "application:group/kind:namespace/name"
REFRESH = "argocd.argoproj.io/refresh=normal"  # look at Git now, not at the next turn


@dataclass(frozen=True)
class Application:
    """An Application, as one look found it."""

    item: Json
    word = "Application"
    # Why it may not apply, where it says nothing. Whether one that is paused looks at nothing new,
    # and one that applies cannot be told to stop.
    window, stands = "; it is not synced: a sync window may be closed", False

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.item["metadata"]["name"])

    @property
    def namespace(self) -> str:
        """Argo CD's own namespace, mostly."""
        return str(self.item["metadata"]["namespace"])

    @property
    def title(self) -> str:
        """How messages name it."""
        return f"{self.word} {self.namespace}/{self.name}"

    @property
    def described(self) -> str:
        """The command that shows what it says."""
        return f"kubectl -n {self.namespace} describe application {self.name}"

    @property
    def started(self) -> str:
        """How one that is paused is told to apply."""
        return f"argocd app sync {self.name}, or give its syncPolicy `automated`"

    @property
    def asks(self) -> tuple[str, ...]:
        """What is noted where, so that it looks at Git now."""
        return (self.namespace, KIND, self.name, REFRESH)

    @property
    def tells(self) -> bool:
        """Whether it says at which commit it is."""
        return True

    @property
    def says(self) -> str:
        """What keeps it at an earlier commit, and may not keep the next one."""
        return ""

    @property
    def synced(self) -> bool:
        """Whether the cluster is as the revision says that it looked at."""
        return self._sync.get("status") == "Synced"

    @property
    def revisions(self) -> tuple[str, ...]:
        """The commits that it looked at, one for each source."""
        return _revisions(self._sync)

    @property
    def applied(self) -> tuple[str, ...]:
        """The commits that it has applied to the end."""
        done = self._operation.get("phase") == "Succeeded"
        return _revisions(self._operation.get("syncResult") or {}) if done else ()

    @property
    def paused(self) -> str:
        """Why it applies nothing by itself; "" when it does."""
        automated = (spec_of(self.item).get("syncPolicy") or {}).get("automated")
        if automated is None:
            return "its syncPolicy has no `automated`"
        return "automated.enabled is false" if automated.get("enabled") is False else ""

    @property
    def error(self) -> str:
        """Why it cannot read or compare what it should apply now, in its own words."""
        conditions = self._status.get("conditions") or []
        kinds = ("ComparisonError", "InvalidSpecError")  # SyncError is of an attempt, as `failure`
        errors = [one for one in conditions if one.get("type") in kinds]
        return last_part(str(errors[0].get("message") or "")) if errors else ""

    @property
    def failure(self) -> str:
        """How its last attempt to apply `refused` failed; it stays when that is past."""
        if not self.refused:
            return ""
        objects = (self._operation.get("syncResult") or {}).get("resources") or []
        said = [
            f"{one.get('kind')} {one.get('name')}: {one.get('message')}"
            for one in objects
            if one.get("status") == "SyncFailed" or one.get("hookPhase") in ("Failed", "Error")
        ]
        # Its own message says only how many there were.
        return last_part("; ".join(said[:3]) or str(self._operation.get("message") or ""))

    @property
    def refused(self) -> tuple[str, ...]:
        """The commits that it tried to apply, and gave up."""
        failed = self._operation.get("phase") in ("Failed", "Error")
        return _revisions(self._operation.get("syncResult") or {}) if failed else ()

    @property
    def attempts(self) -> tuple[str, ...]:
        """The commits that it is applying now: it waits for their jobs, or tries them again."""
        running = self._operation.get("phase") == "Running"
        asked = (self._operation.get("operation") or {}).get("sync") or {}
        told = self._operation.get("syncResult") or {}
        return (*_revisions(asked), *_revisions(told)) if running else ()

    @property
    def _status(self) -> Json:
        return status_of(self.item)

    @property
    def _sync(self) -> Json:
        return self._status.get("sync") or {}

    @property
    def _operation(self) -> Json:
        return self._status.get("operationState") or {}


def _revisions(told: Json) -> tuple[str, ...]:
    return tuple(filter(None, (told.get("revision"), *(told.get("revisions") or []))))


def all_of(site: Site, kind: str) -> list[Json] | None:
    """Return the objects of a kind, of all namespaces; None where there are none for us.

    Of a kind that the cluster does not know it is asked once.
    """
    if kind in site.unknown:
        return None
    done = site.kubectl.run("get", kind, "--all-namespaces", "-o", "json")
    if "doesn't have a resource type" in done.err:
        site.unknown.add(kind)
    items: list[Json] | None = None if done.code else json.loads(done.out)["items"]
    return items


def application_of(site: Site) -> Application | None:
    """Return the Application of an environment: what its Deployment is tracked by, or what reads
    its file; None where there is none, or where we may not look.
    """
    environment = site.environment
    items = all_of(site, KIND)
    if items is None:
        return None
    deployment = site.kubectl.get("deployment", environment.name) or {"metadata": {}}
    notes = deployment["metadata"].get("annotations") or {}
    tracked = str(notes.get(TRACKING, "")).partition(":")[0]
    for item in items:
        meta = item["metadata"]
        if tracked and tracked in (meta["name"], f"{meta['namespace']}_{meta['name']}"):
            return Application(item)
    file = f"{environment.label}.yaml"
    for item in items:
        spec = spec_of(item)
        sources = [one for one in (spec.get("source"), *(spec.get("sources") or [])) if one]
        files = [
            str(file) for one in sources for file in (one.get("helm") or {}).get("valueFiles") or []
        ]
        there = (spec.get("destination") or {}).get("namespace") == environment.namespace
        if there and any(one.rpartition("/")[2] == file for one in files):
            return Application(item)
    return None


def end_attempt(site: Site, application: Application) -> None:
    """Ask it to apply no longer what it is at. Who may not waits until that is at its end."""
    phase = "/status/operationState/phase"
    patch = [
        {"op": "test", "path": phase, "value": "Running"},
        {"op": "replace", "path": phase, "value": "Terminating"},
    ]
    words = ("patch", "-n", application.namespace, KIND, application.name, "--type=json")
    if not site.kubectl.run(*words, "-p", json.dumps(patch)).code:
        terminal.say(f"  {application.title} is asked to end what it is applying")


def refresh(site: Site, application: Application) -> None:
    """Ask it to look at Git now. Who may not waits for its next turn."""
    site.kubectl.run("annotate", "--overwrite", "-n", *application.asks)
