"""Why a pod that has a node does not become ready."""

from __future__ import annotations

import re
from collections.abc import Iterator

from morrow.tool.cluster.place import Place
from morrow.tool.diagnose.containers import container_spec, container_statuses
from morrow.tool.diagnose.ended import ended_findings
from morrow.tool.diagnose.node import lost_nodes
from morrow.tool.diagnose.probes import probe_findings
from morrow.tool.diagnose.refused import unschedulable
from morrow.tool.diagnose.view import (
    HEALS_OFTEN,
    WAIT,
    Finding,
    Json,
    View,
    events_of,
    last_part,
    new_pods,
    newest_replicaset,
)

# What a registry or the kubelet says of an image: code, seconds that it must last.
_IMAGE: tuple[tuple[str, str, float], ...] = (
    (r"no match for platform|no matching manifest", "image-wrong-platform", 0),
    (r"invalid reference format|InvalidImageName|couldn't parse image", "image-name-invalid", 0),
    (r"ErrImageNeverPull|not present with pull policy", "image-never-pulled", 0),
    (r"\b401\b|\b403\b|unauthori[sz]ed|denied|authentication required", "image-unauthorised", 0),
    (r"not found|manifest unknown|does not exist|\b404\b", "image-not-found", 0),
    (r"", "registry-unreachable", 40),
)
_PULLS = ("ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull")


def pod_findings(pod: Json, view: View, place: Place, *, is_job: bool = False) -> Iterator[Finding]:
    """Yield what keeps one pod from being ready (or from ending well, when a Job made it)."""
    events = events_of(view, pod)
    lost = pod["spec"].get("nodeName") in lost_nodes(view)
    yield from unschedulable(pod, events, place)
    yield from _evicted(pod, view, place)
    for status in container_statuses(pod):
        where = f"Pod {pod['metadata']['name']}, container {status['name']}"
        yield from _waiting(status, where, pod, events, place)
        yield from ended_findings(status, where, pod, view, place, is_job=is_job)
        if not is_job and not lost:
            yield from probe_findings(status, where, pod, view, place)
    yield from _mounts(pod, events, place)


def _evicted(pod: Json, view: View, place: Place) -> Iterator[Finding]:
    if not _thrown_out(pod):
        return
    # It stays in the list after another pod has taken its place. Only when more were thrown out
    # than are wanted, one that took another's place was thrown out too.
    wanted = ((newest_replicaset(view) or {}).get("spec") or {}).get("replicas", 1)
    again = sum(map(_thrown_out, new_pods(view))) > wanted
    pod_name, status = pod["metadata"]["name"], pod["status"]
    cause = f"{status['reason']}: {status.get('message', '')}"
    problem = place.problem("pod-evicted", f"Pod {pod_name}", cause)
    yield Finding(problem, HEALS_OFTEN if again else WAIT)


def _thrown_out(pod: Json) -> bool:
    status = pod.get("status") or {}
    return status.get("phase") == "Failed" and bool(status.get("reason"))


def _waiting(
    status: Json, where: str, pod: Json, events: list[Json], place: Place
) -> Iterator[Finding]:
    waiting = (status.get("state") or {}).get("waiting") or {}
    reason, message = waiting.get("reason", ""), waiting.get("message") or ""
    if reason in _PULLS:
        # While it waits to pull again the status may not say why; the last event does.
        failed = (e for e in events if str(e.get("message")).startswith("Failed to pull"))
        told = next((str(event["message"]) for event in failed), "")
        yield _image(f"{reason}: {message} {told}", where, container_spec(pod, status), place)
    elif reason == "CreateContainerConfigError":
        refused = place.problem("container-refused", where, message)
        yield missing_reference(message, where, pod, place) or Finding(refused, HEALS_OFTEN)
    elif reason in ("RunContainerError", "CreateContainerError"):
        refused = place.problem("container-refused", where, last_part(message))
        yield Finding(refused, HEALS_OFTEN)


def _image(told: str, where: str, spec: Json, place: Place) -> Finding:
    image = str(spec.get("image", "?"))
    code, hold = next((c, h) for pattern, c, h in _IMAGE if re.search(pattern, told, re.IGNORECASE))
    cause = re.sub(r'^\w+: (Back-off pulling image "[^"]*":? ?)?', "", told).strip()
    problem = place.problem(
        code, where, f"{image}: {last_part(cause)}", image=image, registry=image.split("/")[0]
    )
    return Finding(problem, hold)


def missing_reference(message: str, where: str, pod: Json, place: Place) -> Finding | None:
    """Return the finding for a Secret, ConfigMap or key that is not there."""
    key = re.search(
        r"couldn't find key (\S+) in (Secret|ConfigMap) (?:[\w.-]+/)?([\w.-]+)", message
    )
    if key:
        return _missing_key(key[1], key[2], key[3], where, place)
    volume = re.search(r"references non-existent (secret|config) key: ([\w.-]+)", message)
    if volume:
        kind = "Secret" if volume[1] == "secret" else "ConfigMap"
        return _missing_key(volume[2], kind, _mounted(message, kind, pod), where, place)
    whole = re.search(r'(secret|configmap) "(?:[\w.-]+/)?([\w.-]+)" not found', message)
    if whole is None:
        return None
    kind, name = ("Secret" if whole[1] == "secret" else "ConfigMap"), whole[2]
    cause = f"{kind} {name} is not in the namespace {place.namespace}"
    own = kind == "Secret" and name == place.secret
    wanted = place.secret_keys if own else tuple(dict.fromkeys(_keys(pod, kind, name)))
    keys = " ".join(f"--from-file={key}=PATH" for key in wanted or ("KEY",))
    if kind == "ConfigMap":
        problem = place.problem("configmap-missing", where, cause, what=name, keys=keys)
        return Finding(problem, HEALS_OFTEN)
    made_by_tool = own and place.provider == "generated"
    create = "" if made_by_tool else f"{place.kubectl} create secret generic {name} {keys}, then: "
    return Finding(place.problem("secret-missing", where, cause, create=create), HEALS_OFTEN)


# How a pod's volume holds an object of a kind: under which key, and which field names it.
_SOURCES = {"Secret": ("secret", "secretName"), "ConfigMap": ("configMap", "name")}


def _keys(pod: Json, kind: str, name: str) -> Iterator[str]:
    """Yield the keys that a pod wants of a Secret or a ConfigMap."""
    (source, named), spec = _SOURCES[kind], pod["spec"]
    for container in (*(spec.get("initContainers") or []), *spec["containers"]):
        for variable in container.get("env") or []:
            reference = (variable.get("valueFrom") or {}).get(f"{source}KeyRef") or {}
            if reference.get("name") == name:
                yield reference["key"]
    for volume in spec.get("volumes") or []:
        held = volume.get(source) or {}
        if held.get(named) == name:
            yield from (item["key"] for item in held.get("items") or [])


def _missing_key(key: str, kind: str, name: str, where: str, place: Place) -> Finding:
    cause = f"{kind} {name} in the namespace {place.namespace} has no key {key}"
    if kind == "Secret" and name == place.secret:
        verb = "rotate" if place.provider == "generated" else "set"
        own = place.problem("secret-incomplete", where, cause, verb=verb, key=key)
        return Finding(own, HEALS_OFTEN)
    code = "secret-key-missing" if kind == "Secret" else "configmap-key-missing"
    problem = place.problem(code, where, cause, key=key, what=f"{kind} {name}")
    return Finding(problem, HEALS_OFTEN)


def _mounted(message: str, kind: str, pod: Json) -> str:
    """Return the name of what a volume holds: the kubelet names the volume only."""
    source, named = _SOURCES[kind]
    for volume in pod["spec"].get("volumes") or []:
        if f'volume "{volume["name"]}"' in message:
            return str((volume.get(source) or {}).get(named) or f"of volume {volume['name']}")
    return "of a volume"


def _mounts(pod: Json, events: list[Json], place: Place) -> Iterator[Finding]:
    """Yield volumes that cannot be mounted, while the pod still waits for them."""
    creating = ("ContainerCreating", "PodInitializing")
    if not any(
        ((status.get("state") or {}).get("waiting") or {}).get("reason") in creating
        for status in container_statuses(pod)
    ):
        return
    pod_name = pod["metadata"]["name"]
    for event in events:
        if event.get("reason") in ("FailedMount", "FailedAttachVolume"):
            where, message = f"Pod {pod_name}", event.get("message") or ""
            unknown = place.problem("volume-not-mounted", where, last_part(message))
            yield missing_reference(message, where, pod, place) or Finding(unknown, 60)
            return
