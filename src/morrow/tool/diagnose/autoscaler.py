"""Whether a HorizontalPodAutoscaler can do its work."""

from __future__ import annotations

from collections.abc import Iterator

from morrow.tool.base.outcome import Json
from morrow.tool.cluster.objects import condition_of, spec_of, title
from morrow.tool.cluster.place import Place
from morrow.tool.diagnose.view import Finding, View, new_pods

# Metrics of new pods come with the second or third look of the metrics server.
METRICS = 45.0
SETTLES = 10.0
# A server that is there and not well yet says something else.
FINAL = ("missing request for", "could not find the requested resource", "metrics API registered")
_CPU = {"name": "cpu", "target": {"type": "Utilization"}}
USUAL: list[Json] = [{"type": "Resource", "resource": _CPU}]


def autoscaler_findings(view: View, place: Place) -> Iterator[Finding]:
    """Yield what an autoscaler says that it cannot do."""
    for scaler in view.own("HorizontalPodAutoscaler", place.name, place.namespace):
        able, active = (condition_of(scaler, one) for one in ("AbleToScale", "ScalingActive"))
        mute = [] if active.get("status") == "True" else _mute(scaler, view)
        if able.get("status") == "False":
            yield _finding("autoscaler-blocked", scaler, able, place, SETTLES)
        elif active.get("reason") == "AmbiguousSelector":
            yield _finding("autoscaler-blocked", scaler, active, place, SETTLES)
        elif active.get("reason") == "ScalingDisabled":
            continue  # someone set the replicas to 0 on purpose
        elif mute:
            container, resource = mute[0]
            cause = f"it compares use with what is asked for, and container {container} asks for"
            cause += f" no {resource}"
            repair = f"set its resources.requests.{resource} in {place.file}"
            told = place.problem("autoscaler-blind", title(scaler), cause, repair=repair)
            yield Finding(told, SETTLES, True)
        elif active.get("status") == "False":
            final = any(words in str(active.get("message")) for words in FINAL)
            yield _finding("autoscaler-blind", scaler, active, place, SETTLES if final else METRICS)
        elif not active and not able:
            cause = "no controller has looked at it yet"
            problem = place.problem("autoscaler-blind", title(scaler), cause, repair=_served(place))
            yield Finding(problem, METRICS, True)


def _finding(code: str, scaler: Json, condition: Json, place: Place, hold: float) -> Finding:
    cause = f"{condition['type']} is False, {condition.get('reason')}: {condition.get('message')}"
    told = place.problem(code, title(scaler), cause, repair=_served(place))
    return Finding(told, hold, True)


def _served(place: Place) -> str:
    words = "let the cluster have what serves the metric, or change autoscaling: in"
    return f"{place.kubectl} top pods; {words} {place.file}"


def _mute(scaler: Json, view: View) -> list[tuple[str, str]]:
    """Return containers that ask for nothing of what their use is compared with, and what it is.

    Its controller learns of it only when there is a metric of every pod, a minute later.
    """
    aim, found = spec_of(scaler).get("scaleTargetRef") or {}, []
    aims = [one for one in view.workloads if title(one) == f"{aim.get('kind')} {aim.get('name')}"]
    pods = [pod for one in aims for pod in new_pods(view, one)]
    for metric in (spec_of(scaler).get("metrics") or USUAL) if pods else ():
        source = metric.get("resource") or metric.get("containerResource") or {}
        whole = (pods[0]["spec"].get("resources") or {}).get("requests") or {}
        if (source.get("target") or {}).get("type") != "Utilization" or source["name"] in whole:
            continue
        for one in _counted(pods[0]):
            asked = (one.get("resources") or {}).get("requests") or {}
            if source.get("container", one["name"]) == one["name"] and source["name"] not in asked:
                found.append((str(one["name"]), str(source["name"])))
    return found


def _counted(pod: Json) -> list[Json]:
    """Return the containers that run all the time."""
    beside = pod["spec"].get("initContainers") or []
    always = [one for one in beside if one.get("restartPolicy") == "Always"]
    return [*always, *pod["spec"]["containers"]]
