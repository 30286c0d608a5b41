"""Where an import was that did not end."""

from __future__ import annotations

import re
from pathlib import Path

FRAME = re.compile(r'(?m)^  File "([^"]+)", line (\d+) in ')


def hung(output: str, copy: Path, seconds: float) -> str:
    """Say it by the last lines of what `asked.py` printed: of several threads the first stands."""
    said = f"its import did not end in {seconds:.0f} s"
    main = output.rpartition("most recent call first)")[2]
    for file, line in FRAME.findall(main):
        path = Path(file)
        if path.is_relative_to(copy):
            return f"{said}: it was at {path.relative_to(copy)}:{line}"
    return said
