"""Whether a controller has applied a commit: what it says, or what the cluster carries."""

from __future__ import annotations

import re
import time
from typing import Any

from morrow.tool.base.errors import Failure, Problem, problem
from morrow.tool.base.terminal import terminal
from morrow.tool.cluster.branch import Branch, branch_of, held
from morrow.tool.cluster.objects import parse
from morrow.tool.cluster.site import Site
from morrow.tool.deliver.argocd import Application, application_of, end_attempt, refresh
from morrow.tool.deliver.carried import differing
from morrow.tool.deliver.flux import kustomization_of

PERIOD = 2.0  # seconds between two looks
LASTS = 20.0  # seconds for which a controller must say the same, since it may look anew
COMMIT = re.compile(r"[0-9a-f]{40}")


def wait(
    site: Site, branch: Branch, commit: str, patience: float, *, instead: bool = False
) -> Problem | None:
    """Return once a commit is applied, or with what stands in the way of it for good.

    One that applies nothing is raised as what waits: it may still apply the commit. `instead`:
    what it is applying now is what the commit takes back.
    """
    kept = held(branch)
    text = kept[max(kept)]["manifest"] if kept else ""
    if not text:
        cause = "it holds no such file" if not kept else "the chart that it holds renders nothing"
        command = f"git check-ignore --verbose {branch.files[2]} {branch.chart}".rstrip()
        where = f"{branch.remote}/{branch.name}: {branch.files[2]}"
        raise Failure(problem("gitops-not-held", where, cause, command=command), refused=False)
    wanted = parse(text)
    began = since = time.monotonic()
    application = controller_of(site)
    if application is not None:
        refresh(site, application)
    while True:
        now, refused, done = time.monotonic(), None, False
        try:
            application = controller_of(site)
            if application is None or not application.tells:
                others = differing(site.kubectl, wanted)
                cause, done = f"the cluster differs in {', '.join(others[:3])}", not others
            else:
                done = _applied(branch, commit, application)
                cause = f"{application.title} is at {_short(application.revisions)}"
                if application.attempts:
                    cause = f"{application.title} is applying {_short(application.attempts)}"
                    own = _reached(branch, commit, application.attempts)
                    if instead and not own and not application.stands:
                        end_attempt(site, application)
                    if not instead and own and (fault := site.fault()):
                        return fault  # a job that failed, or cannot run: it would wait and retry
            if application is not None and not done:
                refused = _refused(site, branch, commit, application)
                cause += f"; it says: {application.says}" if application.says else ""
        except Failure as failure:  # the API server is away for a moment
            if failure.interrupted or now - began > patience:
                raise
            cause = failure.problems[0].cause
        if done:
            site.forget_release()
            return None
        since = since if refused else now
        if refused and refused.code == "gitops-paused":
            raise Failure(refused, refused=False, waits=True)
        if refused and now - since >= LASTS:
            return refused
        if now - began > patience:
            late = _late(site, branch, commit, application, cause, patience)
            raise Failure(late, refused=False, waits=True)
        terminal.status(f"waiting until {commit[:10]} is applied: {cause}")
        time.sleep(PERIOD)


def controller_of(site: Site) -> Application | None:
    """Return who applies an environment's commits, where that is to be seen."""
    return application_of(site) or kustomization_of(site)


def state_of(site: Site) -> dict[str, Any]:
    """Return whether the cluster is as Git says: synced, drifted, behind, paused or refused."""
    if not site.records:
        return {}
    newest, application = site.records[max(site.records)], controller_of(site)
    others = differing(site.kubectl, parse(newest["manifest"]))
    state, says = "drifted" if others else "synced", ""
    if application is not None:
        refused = application.error or application.says
        refused = refused or ("" if application.synced else application.failure)
        says = refused or application.paused
        if refused:
            state = "refused"
        elif application.paused:
            state = "paused"
        elif others:
            branch = branch_of(site.environment)
            if not _reached(branch, newest["commit"], application.revisions):
                state = "behind"
    return {
        "state": state,
        "branch": site.environment.branch,
        "commit": newest["commit"],
        "controller": application.title if application else "",
        "says": says,
        "differs": others,
    }


def _applied(branch: Branch, commit: str, application: Application) -> bool:
    if application.attempts and not _reached(branch, commit, application.attempts):
        return False  # what it is at comes afterwards, whatever the cluster is like now
    looked = application.synced and _reached(branch, commit, application.revisions)
    return looked or _reached(branch, commit, application.applied)


def _refused(site: Site, branch: Branch, commit: str, application: Application) -> Problem | None:
    where, place = application.title, site.place
    # What it says of an earlier commit's failure is no word on this one.
    failure = application.failure if _reached(branch, commit, application.refused) else ""
    error = "" if application.synced and application.revisions else application.error
    if failure or error:
        return place.problem(
            "gitops-refused", where, failure or error, command=application.described
        )
    looked = application.stands or _reached(branch, commit, application.revisions)
    if application.paused and looked:
        cause, command = application.paused, application.started
        return place.problem("gitops-paused", where, cause, command=command)
    return None


def _reached(branch: Branch, commit: str, revisions: tuple[str, ...]) -> bool:
    """Whether one of them is the commit, or was made after it."""
    for revision in filter(COMMIT.fullmatch, revisions):
        if revision == commit:
            return True
        if not branch.git.has(revision):
            branch.git.fetch(branch.remote, branch.name)
        if not branch.git.run("merge-base", "--is-ancestor", commit, revision).code:
            return True
    return False


def _late(
    site: Site,
    branch: Branch,
    commit: str,
    application: Application | None,
    cause: str,
    patience: float,
) -> Problem:
    who, look = f"commit {commit[:10]}", f"{site.place.kubectl} get deployment -o yaml"
    cause += f", {patience:.0f} s after {branch.remote}/{branch.name} had it"
    if application is None:
        cause += "; no controller for it is to be seen here, of Argo CD's or Flux's"
    else:
        look = application.described
        cause += "" if application.synced else application.window
    return site.place.problem("gitops-not-synced", who, cause, command=look)


def _short(revisions: tuple[str, ...]) -> str:
    return ", ".join(one[:10] for one in dict.fromkeys(revisions)) or "no commit"
