"""Which process a pod belongs to."""

from __future__ import annotations

from typing import Any

import pytest

from morrow.tool.cluster.objects import COMPONENT
from morrow.tool.targets.kubernetes.pods import process_of


@pytest.mark.parametrize(
    ("labels", "process"),
    [({}, ""), ({COMPONENT: "service"}, ""), ({COMPONENT: "services"}, "services")],
)
def test_a_process_is_its_whole_name(labels: dict[str, str], process: str) -> None:
    pod: dict[str, Any] = {"metadata": {"labels": labels}}
    assert process_of(pod) == process
