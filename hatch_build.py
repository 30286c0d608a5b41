"""What a wheel carries beside the code: the chart and the Terraform modules and roots."""

from __future__ import annotations

from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOTS = ("terraform/environments/dev", "terraform/platform", "terraform/cluster")
PARTS = ("chart", "terraform/modules", *ROOTS)
LEFT_OUT = ("examples", "ci", "tests", ".terraform*", "*.tfstate*", "*.tfplan", "*override.tf")
INTO = "morrow/tool/shipped"


class Shipped(BuildHookInterface):  # type: ignore[type-arg]
    """Adds them to a wheel; an editable install reads them where they are."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Name each file and its place."""
        if version == "editable":
            return
        for file in (one for part in PARTS for one in Path(self.root, part).rglob("*")):
            place = file.relative_to(self.root)
            left_out = any(fnmatch(word, out) for word in place.parts for out in LEFT_OUT)
            if file.is_file() and not left_out:
                build_data["force_include"][str(file)] = f"{INTO}/{place}"
