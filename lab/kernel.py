"""What a kubelet changes for the whole machine: kept at the start, put back at the end."""

from __future__ import annotations

import json
from pathlib import Path

from lab.layout import RUN

KEPT = RUN / "kernel.json"
SETTINGS = (
    "vm/overcommit_memory",
    "vm/panic_on_oom",
    "kernel/panic",
    "kernel/panic_on_oops",
    "kernel/keys/root_maxkeys",
    "kernel/keys/root_maxbytes",
)


def read() -> dict[str, str]:
    """Return the settings as they are."""
    return {name: (Path("/proc/sys") / name).read_text().strip() for name in SETTINGS}


def keep() -> None:
    """Write down how the settings are before a kubelet has run."""
    KEPT.write_text(json.dumps(read()))


def put_back() -> None:
    """Make the settings what they were."""
    if KEPT.exists():
        for name, value in json.loads(KEPT.read_text()).items():
            (Path("/proc/sys") / name).write_text(value)
