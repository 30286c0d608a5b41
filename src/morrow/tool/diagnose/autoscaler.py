"""Whether a HorizontalPodAutoscaler can do its work."""

from __future__ import annotations

from collections.abc import Iterator

from morrow.tool.base.outcome import Json
from morrow.tool.cluster.objects import conditions_of
from morrow.tool.cluster.place import Place
from morrow.tool.diagnose.view import Finding, View, title

# Metrics of new pods come with the second or third look of the metrics server.
METRICS = 45.0
SETTLES = 10.0


def autoscaler_findings(view: View, place: Place) -> Iterator[Finding]:
    """Yield what an autoscaler says that it cannot do."""
    for scaler in view.own("HorizontalPodAutoscaler", place.name, place.namespace):
        seen = conditions_of(scaler.get("status") or {})
        able, active = seen.get("AbleToScale"), seen.get("ScalingActive")
        if able is not None and able["status"] == "False":
            yield _finding("autoscaler-blocked", scaler, able, place, SETTLES)
        elif active is not None and active.get("reason") == "AmbiguousSelector":
            yield _finding("autoscaler-blocked", scaler, active, place, SETTLES)
        elif active is not None and active["status"] == "False":
            if active.get("reason") == "ScalingDisabled":
                continue  # someone set the replicas to 0 on purpose
            yield _finding("autoscaler-blind", scaler, active, place, METRICS)
        elif active is None and able is None:
            cause = "no controller has looked at it yet"
            problem = place.problem("autoscaler-blind", title(scaler), cause)
            yield Finding(problem, METRICS, True)


def _finding(code: str, scaler: Json, condition: Json, place: Place, hold: float) -> Finding:
    cause = f"{condition['type']} is False, {condition.get('reason')}: {condition.get('message')}"
    return Finding(place.problem(code, title(scaler), cause), hold, True)
