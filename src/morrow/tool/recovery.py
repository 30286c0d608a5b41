"""Find what a killed or foreign command left behind, and put it right by one step each.

How others use it:

    for finding in recovery.find(environment):
        finding.problem        what is wrong, as everywhere
        finding.risk           "" or why somebody should be asked first
        finding.mend           a function that does it and returns what was done; None: by hand

Run `mend` only while holding the environment's lock: a release that looks abandoned may be one
that another command is just changing. `find` changes nothing. Mending twice is harmless.
"""

from __future__ import annotations

import getpass
import os
import re
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from morrow.tool import programs
from morrow.tool.errors import Problem, problem
from morrow.tool.helm import Helm, Revision, value_arguments
from morrow.tool.kubectl import Kubectl
from morrow.tool.target_kubernetes_apply import place_of
from morrow.tool.terraform import Terraform
from morrow.tool.terraform_errors import locked

if TYPE_CHECKING:
    from morrow.tool.environment import Environment

GOOD = ("deployed", "superseded")
ABANDONED = ("pending-install", "pending-upgrade", "pending-rollback", "uninstalling")
ADDRESS = "module.service.helm_release.this"


@dataclass(frozen=True)
class Finding:
    """One thing that was left behind."""

    problem: Problem
    mend: Callable[[], str] | None
    risk: str = ""


def find(environment: Environment) -> list[Finding]:
    """Look at the release, at what stands in its way, and with Terraform at its state."""
    helm = Helm(environment.context, environment.namespace)
    history = helm.history(environment.name)
    found = list(_release(environment, helm, history))
    if not found:
        found += _objects(environment, helm)
    if environment.delivery == "terraform":
        found += _state(environment, helm, history, bool(found))
    return found


def left_behind(environment: Environment, status: str) -> Iterator[str]:
    """Say for a plan what it would not show; nothing is asked where nothing can be wrong."""
    if environment.delivery == "terraform" or status not in ("", "deployed"):
        for finding in find(environment):
            wrong = finding.problem
            yield f"{wrong.object}: {wrong.cause}: {wrong.mend}"


def _release(environment: Environment, helm: Helm, history: list[Revision]) -> Iterator[Finding]:
    """A release that its last command left half-way, or whose first install failed."""
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


def _objects(environment: Environment, helm: Helm) -> Iterator[Finding]:
    """Objects that the release would make and that are there without belonging to it."""
    import yaml

    kubectl = Kubectl(environment.context, environment.namespace)
    values = value_arguments(environment.files)
    done = helm.run("template", environment.name, str(environment.project.chart), *values)
    if done.code:
        raise done.failure()
    own = [entry for entry in yaml.safe_load_all(done.out) if entry and not _is_hook(entry)]
    text = yaml.safe_dump_all(own)
    done = kubectl.run("get", "-f", "-", "-o", "json", "--ignore-not-found", input=text)
    if done.code:
        raise kubectl.failure(done)
    live = yaml.safe_load(done.out) or {}
    for entry in live.get("items", [live] if live else []):
        finding = _ownership(environment, kubectl, entry)
        if finding is not None:
            yield finding


def _ownership(environment: Environment, kubectl: Kubectl, entry: dict[str, Any]) -> Finding | None:
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
        wrong = place_of(environment).problem("name-taken", f"{kind} {name}", cause, what=what)
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


def _state(
    environment: Environment, helm: Helm, history: list[Revision], broken: bool
) -> Iterator[Finding]:
    """What stands between Terraform's state and the release."""
    terraform = Terraform.of(environment)
    yield from state_lock(terraform)
    unsaved = terraform.folder / "errored.tfstate"
    if unsaved.exists():

        def push() -> str:
            terraform.push(unsaved)
            unsaved.unlink()
            return "the unsaved state is saved"

        cause = f"{environment.shown(unsaved)} was left by an apply that could not save"
        what = f"state of {environment.label}"
        yield Finding(
            problem("terraform-state-unsaved", what, cause, environment=environment.label), push
        )
    if not broken and history:
        yield from _disagreement(environment, helm, history, terraform)


def state_lock(terraform: Terraform) -> Iterator[Finding]:
    """A lock on the state; it can be removed where its holder is known to be dead."""
    lock = terraform.lock()
    if lock is not None:

        def unlock() -> str:
            terraform.unlock(lock.identity)
            return f"the lock {lock.identity} is gone"

        abandoned = lock.who == _me() and not _works_in(terraform.folder)
        yield Finding(
            locked(lock, terraform.situation),
            unlock if abandoned else None,  # another machine's run may be alive: not ours to judge
        )


def _disagreement(
    environment: Environment, helm: Helm, history: list[Revision], terraform: Terraform
) -> Iterator[Finding]:
    """A release that Terraform does not know, or that is not the one it made."""
    known = terraform.state()
    last = history[-1]
    what = f"release {environment.name} in {environment.namespace}"

    def adopt() -> str:
        terraform.adopt(ADDRESS)
        return f"Terraform's state knows {what} as it is; `morrow plan` shows what differs"

    if known is None:
        cause = f"revision {last.number} of {last.chart} is {last.status}"
        chart = _chart_name(environment)
        if re.fullmatch(rf"{re.escape(chart)}-\d.*", last.chart) is None:
            cause += f", and ours is {chart}"
            stored = f"secrets -l owner=helm,name={environment.name}"
            wrong = place_of(environment).problem("name-taken", what, cause, what=stored)
            yield Finding(wrong, None)
        else:
            wrong = problem("release-foreign", what, cause, environment=environment.label)
            yield Finding(wrong, adopt)
    elif last.status == "failed" or _made_by(history) != known.description:
        cause = (
            f"revision {last.number} ({last.status}) says {_made_by(history)!r},"
            f" Terraform made {known.description!r}"
        )
        yield Finding(problem("release-changed", what, cause, environment=environment.label), adopt)


def _made_by(history: list[Revision]) -> str:
    """Return the description of the revision whose content the newest one has."""
    by_number = {revision.number: revision for revision in history}
    at = history[-1]
    while True:
        back = re.fullmatch(r"Rollback to (\d+)", at.description)
        if back is None or int(back[1]) not in by_number or int(back[1]) >= at.number:
            return at.description
        at = by_number[int(back[1])]


def _chart_name(environment: Environment) -> str:
    import yaml

    text = (environment.project.chart / "Chart.yaml").read_text()
    return str(yaml.safe_load(text)["name"])


def _me() -> str:
    """Name this user and machine as Terraform does in a lock."""
    return f"{getpass.getuser()}@{socket.gethostname()}"


def _works_in(folder: Path) -> bool:
    """Whether a terraform of this machine works in the folder."""
    done = programs.run("ps", "-axww", "-o", "pid=,args=")
    for line in done.out.splitlines():
        pid, _, command = line.strip().partition(" ")
        if Path(command.split(" ")[0]).name in ("terraform", "tofu"):
            at = Path("/proc") / pid / "cwd"
            place = os.path.realpath(at) if at.is_symlink() else ""
            if str(folder) in command or place == str(folder.resolve()):
                return True
    return False


def _is_hook(entry: dict[str, Any]) -> bool:
    return "helm.sh/hook" in (entry["metadata"].get("annotations") or {})


def _do(helm: Helm, *arguments: str) -> None:
    done = helm.run(*arguments, timeout=180)
    if done.code:
        raise done.failure()
