"""Faults of workers and crons; see tool_faults.py."""

from __future__ import annotations

from tests.e2e.faults_pods import worker
from tests.e2e.tool_faults import Fault, Values

RESTS = "import time; time.sleep(9e9)"
STATEFUL: Values = {"workload": "StatefulSet"}


def process(kind: str, code: str, **more: object) -> Values:
    """Return the values of a process beside the web process."""
    command = ["/usr/bin/python3", "-u", "-c", code]
    return {"processes": {"tick": {"kind": kind, "command": command, **more}}}


FAULTS = (
    Fault(
        "a worker alone crashes", "crashed", r"Pod web-tick-.*container tick", r"exit code 1",
        {**worker("raise SystemExit('no queue')"), "web": {"enabled": False}},
    ),
)  # fmt: skip
