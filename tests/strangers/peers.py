"""What two peers would start in each checkout, by their published rules. Nothing is run.

    python -m tests.strangers.peers FOLDER [--results FILE]

Railpack (docs of its Python provider): a Procfile's web line; gunicorn with what WSGI_APPLICATION
names; `gunicorn main:app` for Flask; else the first of five files at the root. `fly launch` (its
Python scanner): a Dockerfile that is there; gunicorn for Django; `flask run`; `fastapi run`.
What they name must be there to be started: that is all that is judged here.
"""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path

from tests.strangers.install import run
from tests.strangers.page import RESULTS

MANIFESTS = ("requirements.txt", "pyproject.toml", "Pipfile")
MAINS = ("main.py", "app.py", "bot.py", "hello.py", "server.py")
FASTAPI = ("main.py", "app.py", "api.py", "app/main.py", "app/app.py", "app/api.py")


def needs(root: Path, name: str) -> bool:
    """Whether a manifest at the root names it."""
    texts = [
        (root / one).read_text(errors="replace") for one in MANIFESTS if (root / one).is_file()
    ]
    return any(name in text.lower() for text in texts)


def holds(root: Path, file: str, name: str = "app") -> bool:
    """Whether a file at the root binds the name."""
    path = root / file
    bound = rf"(?m)^{name}\s*[:=]|import .*\b{name}\b|^def {name}\b"
    return path.is_file() and bool(re.search(bound, path.read_text(errors="replace")))


def wsgi(root: Path) -> str:
    """Return what Django's settings name, as gunicorn is given it."""
    for file in run(["git", "ls-files", "*settings*.py"], root, 20).stdout.splitlines():
        if (root / file).is_file():
            text = (root / file).read_text(errors="replace")
            if found := re.search(r"WSGI_APPLICATION\s*=\s*[\"']([\w.]+)\.(\w+)", text):
                return f"{found[1]}:{found[2]}"
    return ""


def railpack(root: Path) -> tuple[str, bool]:
    """Return its command, "" for none, and whether what it names is there."""
    procfile = root / "Procfile"
    web = re.search(r"(?m)^web:\s*(.+)$", procfile.read_text()) if procfile.is_file() else None
    if web:
        return web[1].strip(), True
    if not (root / "main.py").is_file() and not any((root / one).is_file() for one in MANIFESTS):
        return "", False
    main = next((one for one in MAINS if (root / one).is_file()), "")
    if main and needs(root, "flask") and needs(root, "gunicorn"):
        return "gunicorn main:app", holds(root, "main.py")
    if (root / "manage.py").is_file() and needs(root, "django"):
        return f"gunicorn {wsgi(root)}".strip(), bool(wsgi(root)) and needs(root, "gunicorn")
    return (f"python {main}", True) if main else ("", False)


def launcher(root: Path) -> tuple[str, bool]:
    """Return what `fly launch` would write as the command, and whether that is there."""
    if (root / "manage.py").is_file() and needs(root, "django"):
        return f"gunicorn {wsgi(root)}".strip(), bool(wsgi(root))
    listed = run(["git", "ls-files", "Dockerfile"], root, 20).stdout  # not one that we wrote
    if listed.strip():
        return "its Dockerfile", True
    if needs(root, "fastapi"):
        return "fastapi run", any((root / one).is_file() for one in FASTAPI)
    if needs(root, "flask"):
        there = any(holds(root, file, name) for file in ("app.py", "wsgi.py")
                    for name in ("app", "application", "create_app"))  # fmt: skip
        return "flask run", there or (root / ".flaskenv").is_file()
    return "", False


def main() -> None:
    """Fill in what is known of each checkout that has a result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--results", type=Path, default=RESULTS)
    given = parser.parse_args()
    found = json.loads(given.results.read_text())
    for one in found:
        root = given.folder / one["name"].replace("/", "__")
        if root.is_dir():
            one["peers"] = {"railpack": railpack(root), "fly launch": launcher(root)}
    given.results.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
