"""Whose release it is: nobody takes one from another environment, or another chart, unsaid."""

from __future__ import annotations

import shlex

from morrow.tool.base.errors import Failure, Problem
from morrow.tool.base.project import Project
from morrow.tool.base.terminal import typed
from morrow.tool.cluster.objects import RELEASE, annotations_of, is_of
from morrow.tool.cluster.site import Site
from morrow.tool.diagnose.view import View
from morrow.tool.programs.helm import Record, records

OURS = "morrow"  # the chart's name


def require_own(site: Site) -> None:
    """Refuse a release that another environment, or somebody with another chart, has made."""
    found = owned_by_another(site)
    if found is not None:
        raise Failure(found, refused=True)


def owned_by_another(site: Site) -> Problem | None:
    """Return the problem when what stands there is of another chart or environment.

    What is deployed, else the newest revision: a first install that failed, or still waits, holds
    its objects too. The chart first: `environment` may be a value of anybody's chart. What names
    no environment was deployed by hand: with our chart it is ours.
    """
    environment, project = site.environment, site.environment.project
    record = site.records.get(site.deployed or max(site.records, default=0), {})
    if not record or record["info"]["status"] == "uninstalled":
        return None
    owner, foreign = _environment(record), _foreign_chart(record, project)
    if not foreign and owner in ("", environment.label):
        return None
    by = f"with the chart {foreign}" if foreign else f"by the environment {owner}"
    away = shlex.join(("helm", "uninstall", environment.name, *site.helm.where))
    # A plan's own copies are of one environment: the project's files are all.
    if not foreign and owner in Project.find(project.root).environment_names():
        away = f"{typed()} down {owner}"
    where = f"release {environment.name} in namespace {environment.namespace}"
    cause = f"it was deployed {by}, not by {environment.label}"
    return site.place.problem("release-of-another", where, cause, away=away)


def orphans(site: Site, view: View) -> list[Problem]:
    """Return releases of other names that this environment has left in the namespace."""
    environment, found = site.environment, []
    for name in sorted(_other_releases(view, environment.name)):
        try:
            kept = records(site.kubectl, name)
        except Failure:
            continue  # what is broken of another release is its owner's affair
        newest = kept[max(kept)] if kept else {}
        foreign = _foreign_chart(newest, environment.project)
        if foreign or _environment(newest) != environment.label:
            continue
        cause = f"this environment is named {environment.name} now, and {name} still runs"
        command = shlex.join((name, *site.helm.where))
        problem = site.place.problem
        found.append(problem("release-orphaned", f"release {name}", cause, command=command))
    return found


def _other_releases(view: View, name: str) -> set[str]:
    """Return the releases that have a Deployment here as the chart makes it."""
    found = set()
    for item in view.of("Deployment"):
        release = annotations_of(item).get(RELEASE)
        if release and release != name and is_of(item, release):
            found.add(str(release))
    return found


def _environment(record: Record) -> str:
    return str((record.get("config") or {}).get("environment") or "")


def _foreign_chart(record: Record, project: Project) -> str:
    """Name its chart when that is not ours, nor what this project has renamed ours to."""
    chart = str((record.get("chart") or {}).get("metadata", {}).get("name") or OURS)
    return "" if chart in (OURS, project.chart_name) else chart
