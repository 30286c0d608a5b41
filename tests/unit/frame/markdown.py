"""Read Markdown far enough to test it: fenced blocks, headings as anchors, links."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

FENCE = re.compile(
    r"^(?P<fence>`{3,})(?P<info>[^`\n]*)\n(?P<text>.*?)^(?P=fence)[ ]*$", re.M | re.S
)
LINK = re.compile(r"\[(?:[^\[\]]|\[[^\]]*\])*\]\(\s*<?([^()\s>]+(?:\([^()]*\)[^()\s>]*)*)>?[^)]*\)")
HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*$", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """One fenced block: its language, its `key=value` marks, its text and where it begins."""

    language: str
    marks: dict[str, str]
    text: str
    line: int


def blocks(text: str) -> list[Block]:
    """Return the fenced blocks in the order in which a reader meets them."""
    found = []
    for match in FENCE.finditer(text):
        language, *words = match["info"].split() or [""]
        marks = dict(word.partition("=")[::2] for word in words)
        found.append(Block(language, marks, match["text"], text.count("\n", 0, match.start()) + 1))
    return found


def prose(text: str) -> str:
    """Return the text without fenced blocks and code spans, its lines kept."""
    text = FENCE.sub(lambda match: "\n" * match[0].count("\n"), text)
    return re.sub(r"`[^`\n]*`", "", text)


def anchors(text: str) -> set[str]:
    """Return the anchors of the headings, as GitHub makes them."""
    seen: dict[str, int] = {}
    found = set()
    for heading in HEADING.findall(FENCE.sub("", text)):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "")
        slug = re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-")
        count = seen.get(slug, 0)
        seen[slug] = count + 1
        found.add(f"{slug}-{count}" if count else slug)
    return found


def broken_links(page: Path, root: Path) -> Iterator[str]:
    """Yield a sentence for each relative link of `page` that leads nowhere inside `root`."""
    for target in LINK.findall(prose(page.read_text())):
        if re.match(r"[a-z][a-z0-9+.-]*:", target):
            continue
        path, _, anchor = unquote(target).partition("#")
        file = (page.parent / path).resolve() if path else page
        if not file.is_relative_to(root):
            yield f"{target}: outside the repository"
        elif not file.exists():
            yield f"{target}: no such file"
        elif anchor and file.suffix == ".md" and anchor not in anchors(file.read_text()):
            yield f"{target}: no such heading"
