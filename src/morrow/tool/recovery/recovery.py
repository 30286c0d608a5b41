"""Find what a killed or foreign command left behind, and put it right by one step each.

How others use it:

    for finding in find(site):
        finding.problem        what is wrong, as everywhere
        finding.risk           "" or why somebody should be asked first
        finding.fix            a function that does it and returns what was done; None: by hand

Run `fix` only while holding the environment's lock: a release that looks abandoned may be one
that another command is just changing. `find` changes nothing. Fixing twice is harmless.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from morrow.tool.base.errors import problem
from morrow.tool.cluster.site import Site
from morrow.tool.programs.helm import Helm
from morrow.tool.recovery.finding import Finding

GOOD = ("deployed", "superseded")
ABANDONED = ("pending-install", "pending-upgrade", "pending-rollback", "uninstalling")


def find(site: Site) -> list[Finding]:
    """Look at the release, and at what stands in its way."""
    return list(_release(site)) or list(_objects(site))


def _release(site: Site) -> Iterator[Finding]:
    """A release that its last command left half-way, or whose first install failed."""
    environment, helm, history = site.environment, site.helm, site.history
    if not history:
        return
    last = history[-1]
    good = [revision.number for revision in history if revision.status in GOOD]
    if last.status not in ABANDONED and not (last.status == "failed" and not good):
        return
    what = f"release {environment.name} in {environment.namespace}"
    cause = f"revision {last.number} is {last.status} since {last.updated}"

    def back() -> str:
        _do(helm, "rollback", environment.name, str(good[-1]), "--wait", "--timeout=120s")
        return f"{what} is back at revision {good[-1]}"

    def away() -> str:
        _do(helm, "uninstall", environment.name, "--wait", "--timeout=120s")
        return f"{what} is gone; it had never been deployed"

    returns = bool(good) and last.status != "uninstalling"
    yield Finding(
        problem("release-stuck", what, cause, environment=environment.label),
        back if returns else away,
        "" if last.status == "failed" else "the command that began it must have ended",
    )


def _objects(site: Site) -> Iterator[Finding]:
    """Objects that the release would make and that are there without belonging to it."""
    import yaml

    if site.rendered.code:
        raise site.rendered.failure()
    made = yaml.safe_load_all(site.rendered.out)
    own = [entry for entry in made if entry and not _is_hook(entry)]
    text = yaml.safe_dump_all(own)
    words = ("get", "-f", "-", "-o", "json", "--ignore-not-found")
    done = site.kubectl.run(*words, input=text)
    if done.code:
        raise site.kubectl.failure(done)
    live = yaml.safe_load(done.out) or {}
    for entry in live.get("items", [live] if live else []):
        finding = _ownership(site, entry)
        if finding is not None:
            yield finding


def _ownership(site: Site, entry: dict[str, Any]) -> Finding | None:
    environment, kubectl = site.environment, site.kubectl
    metadata = entry["metadata"]
    notes, labels = metadata.get("annotations") or {}, metadata.get("labels") or {}
    owner = notes.get("meta.helm.sh/release-name")
    space = notes.get("meta.helm.sh/release-namespace")
    managed = labels.get("app.kubernetes.io/managed-by") == "Helm"
    if owner == environment.name and space == environment.namespace and managed:
        return None
    kind, name = entry["kind"], metadata["name"]
    if owner and (owner, space) != (environment.name, environment.namespace):
        cause = f"it belongs to the release {owner} in namespace {space}"
        what = f"{kind.lower()} {name}"
        wrong = site.place.problem("name-taken", f"{kind} {name}", cause, what=what)
        return Finding(wrong, None)

    def adopt() -> str:
        where = f"{kind.lower()}/{name}"
        release = f"meta.helm.sh/release-name={environment.name}"
        home = f"meta.helm.sh/release-namespace={environment.namespace}"
        kubectl.check("label", where, "--overwrite", "app.kubernetes.io/managed-by=Helm")
        kubectl.check("annotate", where, "--overwrite", release, home)
        return f"{kind} {name} belongs to the release {environment.name} now"

    wrong = problem(
        "object-in-use",
        f"{kind} {name}",
        "it was not made by a release, so Helm refuses to touch it",
        environment=environment.label,
    )
    return Finding(wrong, adopt, "it becomes part of the release: `down` will delete it")


def _is_hook(entry: dict[str, Any]) -> bool:
    return "helm.sh/hook" in (entry["metadata"].get("annotations") or {})


def _do(helm: Helm, *arguments: str) -> None:
    done = helm.run(*arguments, timeout=180)
    if done.code:
        raise done.failure()
