"""What example files and compose files say of variables."""

from __future__ import annotations

import re
from pathlib import Path

from morrow.tool.init.files import Repository

EXAMPLES = re.compile(
    r"\.?env[.-](\w+\.)?(example|sample|template|dist|test)|(example|sample)\.env|\.envrc\.example"
)


def examples(repository: Repository, source: str) -> dict[str, tuple[str, str]]:
    """Return what example files and compose files say: they are in Git. No .env is read."""
    found: dict[str, tuple[str, str]] = {}
    for path in repository.others:
        name, folder = path.rpartition("/")[2], path.rpartition("/")[0]
        if folder not in ("", source) and path.count("/") > 1:
            continue
        compose = re.fullmatch(r"(docker-)?compose.*\.ya?ml", name)
        if not EXAMPLES.fullmatch(name) and not compose:
            continue
        form = r"\s*-?\s*(?:export\s+)?([A-Z][A-Z0-9_]+)\s*[=:]\s*(.*)" if compose else (
            r"\s*(?:export\s+)?([A-Za-z]\w*)\s*=\s*(.*)"
        )  # fmt: skip
        for number, line in enumerate(repository.text(path).splitlines(), 1):
            if said := re.fullmatch(form, line):
                value = re.sub(r"(^|\s+)#.*$", "", said[2]).strip().strip("\"'")
                value = re.sub(r"\$\{\w+:?-([^}]*)\}", r"\1", value)
                if "$" not in value and "<" not in value:
                    found.setdefault(said[1].upper(), (value, f"{path}:{number}"))
    return found


def example_of(folder: Path, lost: str) -> str:
    """Return the example that developers copy to a file that is not in Git, "" for none."""
    pure = Path(lost)
    if (folder / pure).exists():
        return ""
    for word in ("example", "sample", "dist", "template", "default"):
        for mark in "._-":
            for name in (f"{pure.name}{mark}{word}", f"{pure.stem}{mark}{word}{pure.suffix}",
                         f"{word}{mark}{pure.name}"):  # fmt: skip
                if (folder / pure.with_name(name)).is_file():
                    return str(pure.with_name(name))
    return ""
