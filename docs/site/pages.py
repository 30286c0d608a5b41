"""Copy the repository's pages to where the site is made, with links that hold there.

On the site are only pages. A link to another file leads to the repository's address, when
`MORROW_SOURCE` names it (the release does); else its words stay without the link.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote

ROOT = Path(__file__).resolve().parents[2]
# Pages outside docs/, and their place on the site.
OUTSIDE = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "SECURITY.md": "security.md",
    "AGENTS.md": "agents.md",
    "chart/README.md": "helm.md",
    "lab/README.md": "lab.md",
}
FENCE = re.compile(r"^(`{3,})([^`\n]*)\n(.*?)^\1[ ]*$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(?<!!)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^()\s]+)\)")
CODE = re.compile(r"`[^`\n]+`")


def places(root: Path = ROOT) -> dict[str, str]:
    """Return the site's place of each page, by its path in the repository."""
    docs = sorted(path.relative_to(root) for path in (root / "docs").rglob("*.md"))
    inside = {str(path): str(path.relative_to("docs")) for path in docs}
    return inside | {path: place for path, place in OUTSIDE.items() if (root / path).is_file()}


def on_the_site(text: str, page: str, where: dict[str, str], source: str) -> str:
    """Return a page's text with the links and blocks that hold on the site."""

    def link(match: re.Match[str]) -> str:
        words, target = match.groups()
        if re.match(r"[a-z][a-z0-9+.-]*:|#", target):
            return match[0]
        path, mark, anchor = target.partition("#")
        file = posixpath.normpath(posixpath.join(posixpath.dirname(page), path))
        for known in (file, f"{file}/README.md"):
            if known in where:
                there = posixpath.relpath(where[known], posixpath.dirname(where[page]) or ".")
                return f"[{words}]({there}{mark}{anchor})"
        return f"[{words}]({source}/{quote(file)}{mark}{anchor})" if source else words

    def prose(part: str) -> str:
        # A link's words may hold code; a link inside of code is none.
        kept: list[str] = []

        def hide(match: re.Match[str]) -> str:
            kept.append(match[0])
            return f"\0{len(kept) - 1}\0"

        part = LINK.sub(link, CODE.sub(hide, part))
        return re.sub(r"\0(\d+)\0", lambda match: kept[int(match[1])], part)

    done, end = [], 0
    for block in FENCE.finditer(text):
        # What stands behind the language tells the tests how to run a block.
        language = (block[2].split() or [""])[0]
        done += [prose(text[end : block.start()]), f"{block[1]}{language}\n{block[3]}{block[1]}"]
        end = block.end()
    return "".join([*done, prose(text[end:])])


def copy(target: Path, source: str, root: Path = ROOT) -> Iterable[str]:
    """Write every page into `target`; return their places."""
    where = places(root)
    for page, place in where.items():
        file = target / place
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(on_the_site((root / page).read_text(), page, where, source))
    for picture in (root / "docs").glob("*.png"):
        (target / picture.name).write_bytes(picture.read_bytes())
    return where.values()
