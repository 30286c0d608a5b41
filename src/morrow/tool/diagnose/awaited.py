"""Whether all that was applied has come as far as it is waited for."""

from __future__ import annotations

from collections.abc import Collection

from morrow.tool.cluster.place import Place
from morrow.tool.diagnose.deployment import held, rolled_out
from morrow.tool.diagnose.job import ended_badly, running
from morrow.tool.diagnose.pod import unfinished
from morrow.tool.diagnose.service import service_findings
from morrow.tool.diagnose.view import View


def is_settled(view: View, place: Place, known: Collection[str]) -> bool:
    """Return whether nothing more is to come; what is held is judged by `served`.

    Who applies may not have waited for pods at all, nor for a load balancer.
    """
    if not all(rolled_out(one, view) or held(one)[0] for one in view.workloads):
        return False
    if ended_badly(view, place, known) or running(view, known) or unfinished(view, place, known):
        return False
    return not (view.declared and any(not one.beside for one in service_findings(view, place)))
