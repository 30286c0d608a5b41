"""What a run measured, kept for `make numbers`: build/recorded/NAME.json."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "build" / "recorded"


def record(name: str, facts: dict[str, Any]) -> None:
    """Write what a run measured, with its day, its commit and how many processors it had."""
    git = ["git", "-c", "safe.directory=*", "rev-parse", "--short", "HEAD"]
    commit = subprocess.run(git, cwd=ROOT, capture_output=True, text=True, check=False)
    about = {
        "day": time.strftime("%Y-%m-%d"),
        "commit": commit.stdout.strip(),
        "processors": len(os.sched_getaffinity(0)),
    }
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / f"{name}.json").write_text(json.dumps(about | {"facts": facts}, indent=2) + "\n")
