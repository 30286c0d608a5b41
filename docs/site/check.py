"""What a built site must not do: lead nowhere, or fetch anything from elsewhere.

The site generator checks the links that it understands; this reads the pages as a browser gets
them, those that templates and references made too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

# What a browser fetches by itself when it meets the attribute in this element.
FETCHED = {
    "img": ("src", "srcset"),
    "script": ("src",),
    "iframe": ("src",),
    "source": ("src", "srcset"),
    "video": ("src", "poster"),
    "audio": ("src",),
    "embed": ("src",),
    "object": ("data",),
}
RELATIONS = {"stylesheet", "icon", "preload", "preconnect", "dns-prefetch", "prefetch", "manifest"}
STYLED = re.compile(r"(?:url\(\s*['\"]?|@import\s+['\"])\s*((?:https?:)?//[^'\")\s]+)")


class Page(HTMLParser):
    """The links, the anchors and what is fetched of one page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.anchors: set[str] = set()
        self.fetched: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take down what this element names."""
        given = {name: value for name, value in attrs if value}
        self.anchors |= {given[name] for name in ("id", "name") if name in given}
        if tag == "a" and "href" in given:
            self.links.add(given["href"])
        self.fetched |= {given[name] for name in FETCHED.get(tag, ()) if name in given}
        if tag == "link" and RELATIONS & set(given.get("rel", "").split()):
            self.fetched.add(given.get("href", ""))
        self.fetched |= set(STYLED.findall(given.get("style", "")))


def problems(site: Path) -> Iterator[str]:
    """Yield a sentence for each link that leads nowhere and each thing fetched from elsewhere."""
    pages = {path: Page(path.read_text()) for path in sorted(site.rglob("*.html"))}
    for path, page in pages.items():
        name = path.relative_to(site)
        for target in sorted(page.fetched):
            if urlsplit(target).netloc:
                yield f"{name} fetches {target}"
            elif not target.startswith("data:") and not _file(site, path, target).is_file():
                yield f"{name} fetches {target}, which is not there"
        if path.name == "404.html":
            continue  # it is shown at any address, so its links begin at the root
        for target in sorted(page.links):
            parts = urlsplit(target)
            if parts.scheme or parts.netloc:
                continue
            file = _file(site, path, target) if parts.path else path
            if not file.is_file():
                yield f"{name} leads to {target}, which is not there"
                continue
            anchors = pages[file].anchors if file in pages else set()
            if parts.fragment and file in pages and unquote(parts.fragment) not in anchors:
                yield f"{name} leads to {target}, and there is no such place on that page"
    for path in sorted(site.rglob("*.css")):
        for target in STYLED.findall(path.read_text()):
            yield f"{path.relative_to(site)} fetches {target}"


def _file(site: Path, page: Path, target: str) -> Path:
    """Return the file that an address on a page means."""
    path = unquote(urlsplit(target).path)
    file = (site / path.lstrip("/") if path.startswith("/") else page.parent / path).resolve()
    return file / "index.html" if file.is_dir() else file
