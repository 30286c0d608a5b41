"""Whether all that was applied has come as far as it is waited for."""

from __future__ import annotations

from collections.abc import Collection

from morrow.tool.base.outcome import Json
from morrow.tool.cluster.objects import HOOK, annotations_of
from morrow.tool.cluster.place import Place
from morrow.tool.diagnose.deployment import held, rolled_out
from morrow.tool.diagnose.job import ended_badly, is_held, running
from morrow.tool.diagnose.pod import may_end, unfinished
from morrow.tool.diagnose.service import service_findings
from morrow.tool.diagnose.view import KEEPERS, View, spec_of
from morrow.tool.diagnose.volume import volume_findings

STARTS = (*KEEPERS, "Job", "Pod")  # what starts pods at once
AFTER_UP = ("post-install", "post-upgrade")  # hooks that run when all is ready, if Helm waits


def is_settled(view: View, place: Place, known: Collection[str]) -> bool:
    """Return whether nothing more is to come; what is held is judged by `served`.

    Who applies may not have waited for pods at all, nor for volumes and load balancers.
    """
    if view.young or not all(rolled_out(one, view) or held(one)[0] for one in view.workloads):
        return False
    if ended_badly(view, place, known) or running(view, known) or unfinished(view, place, known):
        return False
    around = (*service_findings(view, place), *volume_findings(view, place))
    return not (view.declared and any(not one.beside for one in around))


def waits_in_vain(objects: list[Json], after: Collection[str] = AFTER_UP) -> bool:
    """Whether Helm would wait to the end for something that is as it should be.

    A pod that has ended is never ready, and a claim that only a cron holds, or what has no pods,
    may get its volume with the first pod. It must wait all the same where hooks come `after`: they
    need what is ready.
    """
    hooks = ",".join(annotations_of(one).get(HOOK, "") for one in objects)
    if any(step.strip() in after for step in hooks.split(",")):
        return False
    pods = str([spec_of(one) for one in objects if _starts_pods(one)])
    claims = [one["metadata"]["name"] for one in objects if one["kind"] == "PersistentVolumeClaim"]
    return any(map(may_end, objects)) or any(f"'claimName': '{one}'" not in pods for one in claims)


def _starts_pods(item: Json) -> bool:
    spec = spec_of(item)
    none = spec.get("replicas") == 0 or (item["kind"] == "Job" and is_held(item))
    return item["kind"] in STARTS and not none
