"""Why a claim for a volume is not bound: what its provisioner says, which the pods do not tell."""

from __future__ import annotations

from collections.abc import Iterator

from morrow.tool.base.outcome import Json
from morrow.tool.cluster.objects import status_of, title
from morrow.tool.cluster.place import Place
from morrow.tool.diagnose.view import WAIT, Finding, View, events_of, own_pods

FINAL = 15.0
_FINAL_WORDS = ("not found", "no storage class is set", "invalid", "forbidden", "exceeded quota")


def volume_findings(view: View, place: Place) -> Iterator[Finding]:
    """Yield the claims of the release and its pods that stay without a volume."""
    held = set(_claims(view))
    named = held | {one["metadata"]["name"] for one in _own(view, place)}
    for claim in view.of("PersistentVolumeClaim"):
        phase = status_of(claim).get("phase")
        if claim["metadata"]["name"] not in named or phase == "Bound":
            continue
        events = events_of(view, claim)
        told = next((e for e in events if e.get("type") == "Warning"), None) or next(
            (e for e in events if e.get("reason") == "FailedBinding"), None
        )
        if rests(claim, view) and claim["metadata"]["name"] not in held:
            continue  # a cron's, whose pods have not come yet
        if phase == "Lost":
            cause, hold = "its volume is gone (Lost)", 0.0
        elif told is None:
            said = str(events[0].get("message")) if events else "nobody says why"
            cause, hold = f"it is {phase or 'not looked at yet'}: {said}", WAIT
        else:
            message = str(told.get("message"))
            cause = f"it is {phase}: {message}"
            hold = FINAL if any(word in message for word in _FINAL_WORDS) else WAIT
        yield Finding(place.problem("volume-unbound", title(claim), cause), hold)


def rests(claim: Json, view: View) -> bool:
    """Whether it gets its volume with its first pod."""
    return any(one.get("reason") == "WaitForFirstConsumer" for one in events_of(view, claim)[:1])


def _own(view: View, place: Place) -> list[Json]:
    """Return the claims that the release itself makes; one that was kept of an earlier waits on."""
    own = view.own("PersistentVolumeClaim", place.name, place.namespace)
    applied = {title(one) for one in view.declared}
    return [one for one in own if not applied or title(one) in applied]


def _claims(view: View) -> Iterator[str]:
    for pod in own_pods(view):
        for volume in pod["spec"].get("volumes") or []:
            if claim := volume.get("persistentVolumeClaim"):
                yield str(claim["claimName"])
            elif "ephemeral" in volume:
                yield f"{pod['metadata']['name']}-{volume['name']}"
