"""Where the tests get the provider hashicorp/aws: a mirror on this machine, else as Terraform does.

Tried in this order: MORROW_TF_MIRROR, then the folders where programs of others are usually laid.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

PROVIDER = Path("registry.terraform.io/hashicorp/aws")
USUAL = ("/opt", "/usr/local/share", "/usr/share")


def mirror() -> Path | None:
    """Return the folder of a filesystem mirror that has the provider."""
    named = os.environ.get("MORROW_TF_MIRROR")
    folders = [Path(named)] if named else []
    for usual in USUAL:
        folders += sorted(Path(usual).glob("*/")) if Path(usual).is_dir() else []
    return next((folder for folder in folders if (folder / PROVIDER).is_dir()), None)


def configuration(file: Path) -> Path:
    """Write a CLI configuration that takes the provider from the mirror; return its path."""
    lines = ["disable_checkpoint = true"]
    found = mirror()
    if found:
        lines += [
            "provider_installation {",
            "  filesystem_mirror {",
            f"    path    = {json.dumps(str(found))}",
            f"    include = {json.dumps([str(PROVIDER)])}",
            "  }",
            "  direct {",
            f"    exclude = {json.dumps([str(PROVIDER)])}",
            "  }",
            "}",
        ]
    file.write_text("\n".join(lines) + "\n")
    return file
