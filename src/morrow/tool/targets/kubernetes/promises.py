"""What is promised of the pods of a release, judged by one look at it."""

from __future__ import annotations

from morrow.tool.base.outcome import Json
from morrow.tool.cluster.objects import (
    age_of,
    conditions_of,
    has_ended,
    is_ending,
    is_ready,
    labels_of,
    names_held,
    spec_of,
    wanted_of,
)
from morrow.tool.cluster.place import Place
from morrow.tool.diagnose.containers import container_statuses
from morrow.tool.diagnose.cronjob import latest_end
from morrow.tool.diagnose.diagnose import diagnose_once
from morrow.tool.diagnose.view import View, new_pods, pods_of
from morrow.tool.report.page import Line

TEMPLATES = ("pod-template-hash", "controller-revision-hash")
RECENT = 600.0  # seconds in which no container may have restarted


def workload_lines(workload: Json, view: View, whose: str = "every pod") -> list[Line]:
    """Judge the pods of one workload: all there, of its present template, and alike."""
    pods, count = serving_pods(view, workload), wanted_of(workload)
    ready = sum(map(is_ready, pods))
    lines = [Line(ready == len(pods) == count, f"{whose} is ready", f"{ready} of {count}")]
    if not pods and not count:
        return lines
    # What is paused or held has pods that are alike, and of a template that was left behind.
    new = [pod["metadata"]["name"] for pod in new_pods(view, workload)]
    old = [pod["metadata"]["name"] for pod in pods if pod["metadata"]["name"] not in new]
    ok, detail = only({_template_of(pod) for pod in pods})
    detail += f"; {', '.join(old)} of an earlier template" if old else ""
    lines.append(Line(ok and not old, f"{whose} comes from one template", detail))
    template = spec_of(workload)["template"]["spec"]
    image = template["containers"][0]["image"]
    ok, detail = only({image_id(pod).rpartition("@")[2] or "not pulled" for pod in pods})
    lines.append(Line(ok, f"{whose} runs the same image", f"{image} ({detail})"))
    for kind in ("config", "secrets"):
        names = {names_held(pod["spec"])[kind] or "none" for pod in pods}
        ok, detail = only(names)
        same = names == {names_held(template)[kind] or "none"}
        lines.append(Line(ok and same, f"{whose} holds the same {kind}", detail))
    return lines


def cron_line(cron: Json, view: View) -> Line:
    """Judge a CronJob by its last run that has ended."""
    promise = f"the last run of {cron['metadata']['name']} ended well"
    last = latest_end(cron, view)
    if last is None:
        rests = spec_of(cron).get("suspend")
        return Line(True, promise, "it is suspended" if rests else "none has ended yet")
    kind = "Failed" if "Failed" in conditions_of(last["status"]) else "Complete"
    condition = conditions_of(last["status"])[kind]
    said = f", {condition.get('reason')}: {condition.get('message')}" if kind == "Failed" else ""
    return Line(kind == "Complete", promise, f"{last['metadata']['name']} is {kind}{said}")


def restart_line(pods: list[Json], longer: float) -> Line:
    """Judge restarts, also of the `longer` seconds for which this has run already."""
    # However long the load was: what restarted in it counts.
    window, count, recent = RECENT + longer, 0, []
    for pod in pods:
        for status in container_statuses(pod):
            count += status.get("restartCount", 0)
            ended = ((status.get("lastState") or {}).get("terminated") or {}).get("finishedAt")
            if ended and (age := age_of(ended)) < window:
                recent.append(f"{pod['metadata']['name']}/{status['name']} {age:.0f} s ago")
    detail = "; ".join(recent) or (f"{count}, none of them recent" if count else "none")
    return Line(not recent, f"no container restarted in the last {RECENT:.0f} s", detail)


def judged_line(view: View, place: Place) -> Line:
    """Ask the judges of `up`, `status` and `doctor`."""
    found = [finding.problem for finding in diagnose_once(view, place)]
    detail = "; ".join(f"{one.code}: {one.object}: {one.cause}" for one in found)
    return Line(not found, "nothing of it is broken, held or unserved", detail or "all in order")


def serving_pods(view: View, workload: Json) -> list[Json]:
    """Return the pods of a workload, of whatever template, that have not ended and are to stay."""
    return [pod for pod in pods_of(view, workload) if not is_over(pod)]


def is_over(pod: Json) -> bool:
    """Return whether a pod has ended, or is about to."""
    return is_ending(pod) or has_ended(pod)


def image_id(pod: Json) -> str:
    """Return what the node pulled for a pod's first container."""
    name = pod["spec"]["containers"][0]["name"]
    statuses = (pod.get("status") or {}).get("containerStatuses") or []
    return str(next((s.get("imageID", "") for s in statuses if s["name"] == name), ""))


def only(values: set[str]) -> tuple[bool, str]:
    """Return whether it is one value, and the values."""
    return len(values) == 1, " and ".join(sorted(values)) or "none"


def _template_of(pod: Json) -> str:
    return next((labels_of(pod)[key] for key in TEMPLATES if key in labels_of(pod)), "?")
