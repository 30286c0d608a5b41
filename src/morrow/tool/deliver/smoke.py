"""The questions after a change: whether users are served as the release declares."""

from __future__ import annotations

from morrow.tool.base.errors import APPLIED, Failure, Problem
from morrow.tool.base.terminal import terminal
from morrow.tool.base.web import Answer
from morrow.tool.cluster.site import Site
from morrow.tool.deliver.delivery import delivery_of
from morrow.tool.deliver.failed import failed
from morrow.tool.deliver.inside import fallen, unanswered, unmakeable
from morrow.tool.deliver.look import look, patiently
from morrow.tool.deliver.outside import refused_outside
from morrow.tool.deliver.served import unserved
from morrow.tool.deliver.take_back import put_back
from morrow.tool.diagnose.view import View
from morrow.tool.programs.port_forward import ask


def smoke_or_take_back(site: Site, rolled_out: View, before: int | None) -> View:
    """Ask, and take back what does not serve where the environment says so; the lock is held."""
    try:
        return smoke(site, rolled_out)
    except Failure as failure:
        if failure.exit_code != APPLIED or not site.environment.value("target", "takeBack"):
            raise
        first, *others = failure.problems
        undo = delivery_of(site.environment).undo_install
        back = undo(site) if before is None else put_back(site, before)
        site.forget_release()
        told = failed(site, first, None, before, back=back).problems
        raise Failure(*told, *others, refused=False) from None


def smoke(site: Site, rolled_out: View) -> View:
    """Return the last look; raise what keeps users from being served for all that (exit 3)."""
    wrong, view = unserved(site, rolled_out)
    if site.environment.value("web", "enabled") is not False:
        answered, bad = _inside(site)
        wrong += [bad] if bad else []
        if answered:
            wrong += unanswered(view, site.place, site.kubectl)
        if answered and not wrong:
            wrong += refused_outside(view, site.place, lambda path: _ask(site, path).status)
    wrong += patiently(lambda: list(unmakeable(view, site.place, site.kubectl)))
    now = patiently(lambda: look(site.kubectl, site.place))
    told = {(one.code, one.object) for one in wrong}  # the node may have ended it meanwhile
    wrong += [one for one in fallen(view, now, site.place) if (one.code, one.object) not in told]
    if wrong:
        terminal.say("applied, but:")
        raise Failure(*wrong, applied=True)
    return view


def _inside(site: Site) -> tuple[bool, Problem | None]:
    """Ask one pod of the Service for its health: the whole path inside the container works."""
    path = "/healthz" if site.environment.value("ports", "admin") else "/"
    answer = _ask(site, path)
    if answer.status == 0 and "forbidden" in answer.text:
        terminal.warn("not allowed to forward a port, so the service was not asked")
        return False, None
    if answer.status == 0 or answer.status >= 500:
        cause = f"GET {path} on the service's own port got {answer}"
        where = f"Service {site.environment.name}"
        return False, site.place.problem("smoke-failed", where, cause)
    terminal.say(f"  GET {path} answers {answer.status}")
    return True, None


def _ask(site: Site, path: str) -> Answer:
    port = int(site.environment.value("service", "port") or 80)
    return ask(site.kubectl, f"service/{site.environment.name}", port, path)
