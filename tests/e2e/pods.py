"""What the tests ask of pods as kubectl tells them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def names(pods: Iterable[Any]) -> set[str]:
    """Return the names of pods."""
    return {pod["metadata"]["name"] for pod in pods}


def ready(pod: Any) -> bool:
    """Say whether a pod is Ready."""
    return any(
        condition["type"] == "Ready" and condition["status"] == "True"
        for condition in pod["status"].get("conditions", [])
    )


def restarts(pod: Any) -> int:
    """Return how often the pod's containers were started again."""
    return sum(status["restartCount"] for status in pod["status"]["containerStatuses"])
