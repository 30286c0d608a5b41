"""Ask every pod which secrets it holds."""

from __future__ import annotations

from morrow.tool.base.errors import Failure, Problem, problem
from morrow.tool.cluster.objects import names_held
from morrow.tool.cluster.site import Site
from morrow.tool.deliver.look import look
from morrow.tool.diagnose.view import is_ending, is_of, own_pods
from morrow.tool.programs.kubectl import Kubectl
from morrow.tool.programs.port_forward import ask


def prove(site: Site) -> list[dict[str, str]]:
    """Ask every pod which secrets it holds; raise when one holds others."""
    environment, kubectl = site.environment, site.kubectl
    secrets, label = environment.secrets, environment.label
    view = look(site.kubectl, site.place)
    answers: list[dict[str, str]] = []
    problems: list[Problem] = []
    admin = environment.value("ports", "admin")
    for pod in (one for one in own_pods(view) if is_of(one, environment.name)):
        if is_ending(pod):
            continue
        name = pod["metadata"]["name"]
        named = names_held(pod["spec"])["secrets"]
        revision = _revision_of(kubectl, name, int(admin)) if admin else ""
        answers.append({"pod": name, "secret": named, "revision": revision})
        if named != secrets.object_name or (admin and revision != secrets.revision):
            cause = f"it holds {named or 'no Secret'}, its revision is {revision or 'unknown'}"
            problems.append(problem("secret-not-rolled", f"Pod {name}", cause, environment=label))
    if problems:
        raise Failure(*problems)
    return answers


def _revision_of(kubectl: Kubectl, pod: str, port: int) -> str:
    answer = ask(kubectl, f"pod/{pod}", port, "/info")
    return str(answer.json.get("secrets_revision", ""))
