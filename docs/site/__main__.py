"""Make the site in build/site: `make docs`.

Everything that leads nowhere, and everything that a page would fetch from elsewhere, is an error.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from docs.site import api, check, commands, pages
from tools.build import UnavailableError
from tools.environments import BASE_PYTHON, environment
from tools.wheels import unpacked

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "docs"
SITE = ROOT / "build" / "site"
# The order in which a reader needs them. A page that is not here comes last, under "More".
ORDER = {
    "Use it": [
        "service.md",
        "operations.md",
        "observability.md",
        "runbooks.md",
        "helm.md",
        "terraform.md",
        "secrets.md",
        "ci-cd.md",
        "gitops.md",
    ],
    "Reference": [
        "commands.md",
        "api.md",
        "chart.md",
        "errors.md",
        "verdicts.md",
        "compatibility.md",
        "lab.md",
    ],
    "On AWS": ["aws-networking.md", "aws-access.md"],
    "Why it is so": ["architecture.md", "trade-offs.md", "numbers.md"],
    "Decisions": ["decisions/README.md"],
    "Project": ["contributing.md", "agents.md", "security.md", "changelog.md"],
}
# The theme would fetch this script from elsewhere; a page with a diagram gets it from the site.
DIAGRAMS = "artoo_mermaid/assets/mermaid.min.js"
BUNDLE = '<script src="{base}assets/javascripts/bundle.'


def navigation(places: set[str]) -> list[object]:
    """Return the order of the pages as mkdocs wants it."""
    decisions = sorted(place for place in places if place.startswith("decisions/0"))
    listed = {part: [p for p in order if p in places] for part, order in ORDER.items()}
    rest = places - {"index.md", *decisions, *(p for order in listed.values() for p in order)}
    listed["Decisions"] += decisions
    listed["More"] = sorted(rest)
    return [{"Start": "index.md"}, *({title: order} for title, order in listed.items() if order)]


def main() -> int:
    """Make the site anew; return 0 when nothing in it is wrong."""
    shutil.rmtree(BUILD, ignore_errors=True)
    places = set(pages.copy(BUILD / "pages", os.environ.get("MORROW_SOURCE", "")))
    for place, text in (("commands.md", commands.page()), ("api.md", api.page())):
        (BUILD / "pages" / place).write_text(text)
        places.add(place)
    # JSON is YAML.
    settings: dict[str, object] = {"INHERIT": str(ROOT / "docs" / "site" / "mkdocs.yml")}
    settings |= {"docs_dir": str(BUILD / "pages"), "site_dir": str(BUILD / "site")}
    settings["nav"] = navigation(places)
    (BUILD / "mkdocs.yml").write_text(json.dumps(settings))
    try:
        programs = environment(BASE_PYTHON, ROOT / "requirements" / "docs.txt")
        script = unpacked("diagrams") / DIAGRAMS
    except UnavailableError as problem:
        print(f"docs: {problem}", file=sys.stderr)
        return 1
    done = subprocess.run(
        [programs / "python", "-m", "mkdocs", "build", "-f", BUILD / "mkdocs.yml"],
        env=os.environ | {"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}", "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        told = done.stdout + done.stderr
        print(re.sub(r"(?m)^INFO .*\n", "", told), file=sys.stderr)
        return 1
    draw(BUILD / "site", script)
    wrong = list(check.problems(BUILD / "site"))
    print(*wrong, sep="\n", end="\n" if wrong else "", file=sys.stderr)
    if wrong:
        return 1
    shutil.rmtree(SITE, ignore_errors=True)
    (BUILD / "site").rename(SITE)
    made = len(list(SITE.rglob("*.html")))
    print(f"docs: {made} pages, every link leads somewhere: {SITE.relative_to(ROOT)}/index.html")
    return 0


def draw(site: Path, script: Path) -> None:
    """Give the pages that have a diagram the script that draws it."""
    shutil.copy(script, site / "assets" / "mermaid.min.js")
    for path in site.rglob("*.html"):
        text = path.read_text()
        if 'class="mermaid"' in text:
            base = "../" * (len(path.relative_to(site).parts) - 1)
            bundle = BUNDLE.format(base=base)
            if text.count(bundle) != 1:
                raise AssertionError(f"{path}: the theme's own script is not where it was")
            own = f'<script src="{base}assets/mermaid.min.js"></script>'
            path.write_text(text.replace(bundle, own + bundle))


if __name__ == "__main__":
    sys.exit(main())
