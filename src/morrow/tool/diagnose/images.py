"""What keeps a node from having a container's image."""

from __future__ import annotations

import re
from collections.abc import Iterator

from morrow.tool.base.outcome import Json
from morrow.tool.cluster.objects import age_of, event_time, last_part
from morrow.tool.diagnose.containers import Container
from morrow.tool.diagnose.view import WAIT, Finding, View, events_of
from morrow.tool.programs.registry import registry_of

REGISTRY = "Registry"  # under this name a View holds what registries say that are asked from here
SLOW = 20.0  # seconds from which a pull is worth a question
HUB = "docker.io"

# What a registry or the kubelet says of an image: code, seconds that it must last.
_IMAGE: tuple[tuple[str, str, float], ...] = (
    (r"no match for platform|no matching manifest", "image-wrong-platform", 0),
    (r"invalid reference format|InvalidImageName|couldn't parse image", "image-name-invalid", 0),
    (r"ErrImageNeverPull|not present with pull policy", "image-never-pulled", 0),
    (r"\b401\b|\b403\b|unauthori[sz]ed|denied|authentication required", "image-unauthorised", 0),
    (r"no space left|failed to (extract|register|apply) layer|size validation|digest mismatch"
     r"|unexpected commit digest|signature", "image-not-pulled", 20),
    (r"not found|manifest unknown|does not exist|\b404\b", "image-not-found", 0),
    # The node has tried for half a minute already, for a digest twice as long.
    (r"i/o timeout|deadline exceeded", "registry-unreachable", 5),
    (r"", "registry-unreachable", 40),
)  # fmt: skip
_PULLS = ("ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull",
          "RegistryUnavailable", "ImageInspectError", "SignatureValidationFailed")  # fmt: skip


def image_findings(container: Container) -> Iterator[Finding]:
    """Yield why the node has no image for a container."""
    waiting = container.state.get("waiting") or {}
    if (reason := waiting.get("reason", "")) in _PULLS:
        # While it waits to pull again the status may not say why; the last event does.
        messages = (str(event.get("message")) for event in container.events)
        last = next((one for one in messages if one.startswith("Failed to pull")), "")
        yield _image(f"{reason}: {waiting.get('message') or ''} {last}", container)
        return
    image = str(container.spec.get("image", "?"))
    for registry in container.view.of(REGISTRY):
        host, said = registry["metadata"]["name"], registry["status"]["says"]
        if host == host_of(image) and image in pulled(container.pod, container.view):
            cause = f"{image}: the node pulls it and has no answer yet; {host} gives none here"
            code = "registry-unreachable"
            told = container.problem(code, f"{cause}, too: {said}", image=image, registry=host)
            # Only nodes may be let to it, and a large image takes its time: the node decides.
            yield Finding(told, WAIT)


def pulled(pod: Json, view: View) -> list[str]:
    """Return the images that a node has begun to pull a while ago, and has not got yet."""
    ends, found = set[str](), []
    for event in events_of(view, pod):  # the latest first
        field = str((event.get("involvedObject") or {}).get("fieldPath"))
        if event.get("reason") not in ("Pulling", "Pulled", "Failed", "BackOff") or field in ends:
            continue
        ends.add(field)
        image = re.search(r'image "([^"]+)"', str(event.get("message")))
        if event["reason"] == "Pulling" and image and age_of(event_time(event)) > SLOW:
            found.append(image[1])
    return found


def host_of(image: str) -> str:
    """Return the registry that an image comes from."""
    return registry_of(image) or HUB


def _image(message: str, container: Container) -> Finding:
    volumes = container.pod["spec"].get("volumes") or []
    mounted = [(one.get("image") or {}).get("reference") for one in volumes]
    image = str(container.spec.get("image", "?"))
    image = next((one for one in mounted if one and f'"{one}"' in message), image)
    # The last pattern fits everything.
    _, code, hold = next(row for row in _IMAGE if re.search(row[0], message, re.IGNORECASE))
    cause = re.sub(r'^\w+: (Back-off pulling image "[^"]*":? ?)?', "", message).strip()
    cause = f"{image}: {last_part(cause)}"
    return Finding(container.problem(code, cause, image=image, registry=host_of(image)), hold)
