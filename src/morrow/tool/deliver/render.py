"""The YAML that Helm would apply, made beside no cluster, and kept in a folder.

How others use it: `made = rendered(site)`, in the order in which Helm applies; `text_of(made)`
is one stream, `write(made, folder, release)` one file for each object. The bytes are Helm's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from morrow.tool.base.errors import Failure
from morrow.tool.cluster.objects import HOOK, annotations_of, labels_of, parse
from morrow.tool.cluster.site import Site
from morrow.tool.rules.deployable import chart_problems

SEPARATOR = re.compile(r"^---\n", re.MULTILINE)
MARK = re.compile(r"---\n# Source: \S+?/templates/")  # Helm's own first lines
INSTANCE = "app.kubernetes.io/instance"


@dataclass(frozen=True)
class Manifest:
    """One object as Helm applies it."""

    kind: str
    name: str
    hook: str  # when it runs; "" for what stays
    text: str

    @property
    def file(self) -> str:
        """The name of its file: no system gives `:` a meaning in it."""
        return f"{self.kind}-{self.name}.yaml".lower().replace(":", "-")


def rendered(site: Site) -> list[Manifest]:
    """Return what `up` would apply; a test's pod is applied by `helm test` alone."""
    if site.rendered.code:
        raise Failure(*chart_problems(site.environment, site.rendered), refused=True)
    made = []
    for text in SEPARATOR.split(site.rendered.out):
        for item in parse(text):
            hook = annotations_of(item).get(HOOK, "")
            if "test" not in hook:
                made.append(Manifest(item["kind"], item["metadata"]["name"], hook, text))
    return made


def text_of(made: Iterable[Manifest]) -> str:
    """Return one stream of YAML."""
    return "".join(f"---\n{one.text}" for one in made)


def write(made: Sequence[Manifest], folder: Path, release: str) -> tuple[list[str], list[str]]:
    """Write a file for each object; return what changed, and what was removed.

    Removed is what was rendered for this release before and is not any more; nothing else is.
    """
    folder.mkdir(parents=True, exist_ok=True)
    changed = []
    for one in made:
        file, data = folder / one.file, f"---\n{one.text}".encode()
        if not file.is_file() or file.read_bytes() != data:
            file.write_bytes(data)
            changed.append(one.file)
    kept = {one.file for one in made}
    others = (file for file in sorted(folder.glob("*.yaml")) if file.name not in kept)
    stale = [file for file in others if _of_release(file, release)]
    for file in stale:
        file.unlink()
    return changed, [file.name for file in stale]


def _of_release(file: Path, release: str) -> bool:
    text = file.read_text(errors="replace")
    if not MARK.match(text):
        return False
    return labels_of(parse(text)[0]).get(INSTANCE) == release
