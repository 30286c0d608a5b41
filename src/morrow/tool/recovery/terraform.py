"""What stands between Terraform's state and the release, and how it is put right."""

from __future__ import annotations

import getpass
import os
import re
import socket
from collections.abc import Iterator
from pathlib import Path

from morrow.tool.base.errors import problem
from morrow.tool.cluster.site import Site
from morrow.tool.programs import runner
from morrow.tool.programs.helm import Revision, rolled_back_to
from morrow.tool.programs.terraform import Terraform
from morrow.tool.programs.terraform_errors import locked_problem
from morrow.tool.recovery.recovery import Finding

ADDRESS = "module.service.helm_release.this"


def find(site: Site, *, broken: bool) -> Iterator[Finding]:
    """Find a held lock, an unsaved state, and a release that differs from the state."""
    environment = site.environment
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
    if not broken and site.history:
        yield from _disagreement(site, terraform)


def state_lock(terraform: Terraform) -> Iterator[Finding]:
    """A lock on the state; it can be removed where its holder is known to be dead."""
    lock = terraform.lock()
    if lock is not None:

        def unlock() -> str:
            terraform.unlock(lock.identity)
            return f"the lock {lock.identity} is gone"

        abandoned = lock.who == _me() and not _works_in(terraform.folder)
        yield Finding(
            locked_problem(lock, terraform.situation),
            unlock if abandoned else None,  # another machine's run may be alive: not ours to judge
        )


def _disagreement(site: Site, terraform: Terraform) -> Iterator[Finding]:
    """A release that Terraform's state lacks, or whose newest revision Terraform did not make."""
    environment, history = site.environment, site.history
    known = terraform.release_known()
    last = history[-1]
    what = f"release {environment.name} in {environment.namespace}"

    def adopt() -> str:
        terraform.adopt(ADDRESS)
        return f"Terraform's state knows {what} as it is; `morrow plan` shows what differs"

    if known is None:
        cause = f"revision {last.number} of {last.chart} is {last.status}"
        chart = environment.project.chart_name
        if re.fullmatch(rf"{re.escape(chart)}-\d.*", last.chart) is None:
            cause += f", and ours is {chart}"
            stored = f"secrets -l owner=helm,name={environment.name}"
            wrong = site.place.problem("name-taken", what, cause, what=stored)
            yield Finding(wrong, None)
        else:
            wrong = problem("release-foreign", what, cause, environment=environment.label)
            yield Finding(wrong, adopt)
    elif last.status == "failed" or _made_by(history) != known:
        cause = (
            f"revision {last.number} ({last.status}) says {_made_by(history)!r},"
            f" Terraform made {known!r}"
        )
        yield Finding(problem("release-changed", what, cause, environment=environment.label), adopt)


def _made_by(history: list[Revision]) -> str:
    """Return the description of the revision whose content the newest one has."""
    by_number = {revision.number: revision for revision in history}
    at = history[-1]
    while True:
        back = rolled_back_to(at)
        if back not in by_number or back >= at.number:
            return at.description
        at = by_number[back]


def _me() -> str:
    """Name this user and machine as Terraform does in a lock."""
    return f"{getpass.getuser()}@{socket.gethostname()}"


def _works_in(folder: Path) -> bool:
    """Whether a terraform of this machine works in the folder."""
    done = runner.run("ps", "-axww", "-o", "pid=,args=")
    for line in done.out.splitlines():
        pid, _, command = line.strip().partition(" ")
        if Path(command.split(" ")[0]).name in ("terraform", "tofu"):
            at = Path("/proc") / pid / "cwd"
            place = os.path.realpath(at) if at.is_symlink() else ""
            if str(folder) in command or place == str(folder.resolve()):
                return True
    return False
