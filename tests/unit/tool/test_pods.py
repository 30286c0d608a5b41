"""Which process a pod belongs to."""

from __future__ import annotations

from typing import Any

import pytest

from morrow.tool.targets.kubernetes.pods import PROCESS, process_of


@pytest.mark.parametrize(
    ("labels", "process"),
    [({}, ""), ({PROCESS: "service"}, ""), ({PROCESS: "services"}, "services")],
)
def test_a_process_is_its_whole_name(labels: dict[str, str], process: str) -> None:
    pod: dict[str, Any] = {"metadata": {"labels": labels}}
    assert process_of(pod) == process
