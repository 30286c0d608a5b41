"""The pods and workloads of a release, by process and by name, and the secrets that they hold."""

from __future__ import annotations

from morrow.tool.base.errors import Failure, Problem, problem
from morrow.tool.base.outcome import Json
from morrow.tool.cluster.objects import (
    COMPONENT,
    annotations_of,
    is_ending,
    is_of,
    is_ready,
    labels_of,
    names_held,
)
from morrow.tool.cluster.site import Site
from morrow.tool.deliver.look import look
from morrow.tool.diagnose.view import View, own_pods
from morrow.tool.programs.port_forward import ask
from morrow.tool.targets.target import Which

WEB = "service"


def process_of(item: Json) -> str:
    """Return the process that an object belongs to; "" for the web process."""
    name = str(labels_of(item).get(COMPONENT, WEB))
    return "" if name == WEB else name


def named(process: str) -> str:
    """Return a process as it was asked for: `web` is the web process, which has no name."""
    return "" if process == "web" else process


def deployed(site: Site) -> View:
    """Look at the release; raise where there is none."""
    view = look(site.kubectl, site.place)
    if not view.workloads:
        where = f"release {site.environment.name}"
        raise Failure(site.place.problem("release-missing", where, "nothing is deployed here"))
    return view


def workloads(site: Site, process: str = "", *, all_: bool = False) -> list[Json]:
    """Return what keeps the pods of a process (or of all) running."""
    view = deployed(site)
    matching = [one for one in view.workloads if all_ or process_of(one) == named(process)]
    if not matching:
        names = [process_of(one) or "(the web process)" for one in view.workloads]
        raise _missing(site, f"process {process or '(web)'}", "it has no workload", names)
    return matching


def chosen(site: Site, which: Which) -> Json:
    """Return one pod, a ready one where there is one."""
    view = deployed(site)
    pods = [pod for pod in own_pods(view) if not is_ending(pod)]
    names = [pod["metadata"]["name"] for pod in pods]
    if which.pod:
        matching = [pod for pod in pods if pod["metadata"]["name"].startswith(which.pod)]
        what = f"pod {which.pod}"
    else:
        matching = [pod for pod in pods if process_of(pod) == named(which.process)]
        what = f"pod of {which.process or 'the web process'}"
    matching.sort(key=is_ready, reverse=True)
    if not matching:
        raise _missing(site, what, "none is running", names)
    return matching[0]


def container_of(pod: Json) -> str:
    """Return the name of the container that is the process."""
    usual = pod["spec"]["containers"][0]["name"]
    return str(annotations_of(pod).get("kubectl.kubernetes.io/default-container", usual))


def begun(status: Json) -> bool:
    """Whether a container has run, by its status."""
    return not {"running", "terminated"}.isdisjoint(status.get("state") or {})


def prove(site: Site) -> list[dict[str, str]]:
    """Ask every pod which secrets it holds; raise when one holds others."""
    environment = site.environment
    secrets, admin = environment.secrets, environment.value("ports", "admin")
    answers: list[dict[str, str]] = []
    problems: list[Problem] = []
    for pod in own_pods(look(site.kubectl, site.place)):
        if is_ending(pod) or not is_of(pod, environment.name):
            continue
        name, revision = pod["metadata"]["name"], ""
        if admin:
            answer = ask(site.kubectl, f"pod/{name}", int(admin), "/info")
            revision = str(answer.json.get("secrets_revision", ""))
        named = names_held(pod["spec"])["secrets"]
        answers.append({"pod": name, "secret": named, "revision": revision})
        if named != secrets.object_name or (admin and revision != secrets.revision):
            cause = f"it holds {named or 'no Secret'}, its revision is {revision or 'unknown'}"
            label = environment.label
            problems.append(problem("secret-not-rolled", f"Pod {name}", cause, environment=label))
    if problems:
        raise Failure(*problems)
    return answers


def _missing(site: Site, wanted: str, cause: str, names: list[str]) -> Failure:
    there = ", ".join(sorted(set(names))) or "nothing"
    label = site.environment.label
    return Failure(problem("pod-missing", wanted, f"{cause}; there is {there}", environment=label))
