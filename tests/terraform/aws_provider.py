"""Where the tests get the provider hashicorp/aws: a mirror on this machine, else as Terraform does.

OpenTofu looks for it under the name of its own registry, in folders that are no links, except for
the last.

Tried in this order: MORROW_TF_MIRROR, then the folders where programs of others are usually laid.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

PROVIDER = Path("registry.terraform.io/hashicorp/aws")
OPENTOFU = Path("registry.opentofu.org/hashicorp/aws")
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
        again = file.parent / "opentofu"
        for built in (found / PROVIDER).glob("*/*/"):
            link = again / OPENTOFU / built.parent.name / built.name
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(built)
        lines.append("provider_installation {")
        for place, provider in ((found, PROVIDER), (again, OPENTOFU)):
            lines += [
                "  filesystem_mirror {",
                f"    path    = {json.dumps(str(place))}",
                f"    include = {json.dumps([str(provider)])}",
                "  }",
            ]
        excluded = json.dumps([str(PROVIDER), str(OPENTOFU)])
        lines += ["  direct {", f"    exclude = {excluded}", "  }", "}"]
    file.write_text("\n".join(lines) + "\n")
    return file
