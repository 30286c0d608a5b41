"""Make the environment of a checkout as its README would have a user do: `.venv` beside its code.

Lock files come first (uv, poetry, pipenv), then requirements, then what its metadata states. No
lock file is followed to the addresses that it names: its versions are what pip is given.
"""

from __future__ import annotations

import os
import re
import subprocess
import tomllib
from collections.abc import Iterator
from json import loads
from pathlib import Path
from typing import Any

from tests.unit.frame import pythons
from tools.environments import UV

VERSIONS = ("3.11", "3.12", "3.13", "3.14")
SECONDS = 600
INDEX = r"(?m)^(-i|--index-url|--extra-index-url)\b.*"
MANIFESTS = ("uv.lock", "poetry.lock", "Pipfile.lock", "requirements.txt", "requirements",
             "pyproject.toml", "Pipfile", "setup.py")  # fmt: skip
# What a service's manifest names, or leaves to another file.
FRAMEWORK = re.compile(
    r"(?im)^\s*-r\b|\b(flask|django|fastapi|starlette|litestar|quart|falcon)(?![\w-])"
)
FILES = ("requirements.txt", "requirements/requirements.txt", "requirements/prod.txt",
         "requirements/production.txt", "requirements/base.txt", "requirements/common.txt",
         "requirements/dev.txt", "requirements/development.txt")  # fmt: skip


def run(words: list[str], folder: Path, timeout: float) -> subprocess.CompletedProcess[str]:
    """Run a program as a newcomer's shell would."""
    keep = {k: v for k, v in os.environ.items() if k not in ("VIRTUAL_ENV", "PYTHONPATH")}
    try:
        return subprocess.run(
            words, cwd=folder, env=keep, capture_output=True, text=True, check=False,
            timeout=timeout, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(words, 124, "", f"did not end in {timeout:.0f} s")


def install(folder: Path) -> str:
    """Make `.venv`; return why it could not be made, "" when it is there."""
    done = folder / ".venv" / "installed"
    if done.exists():
        return done.read_text()
    found = [one for one in places(folder) if manifest(one)]
    home = next((one for one in found if FRAMEWORK.search(texts(one))), (found or [folder])[0])
    wrong = ""
    for version in dict.fromkeys((*asked(home), *asked(folder), *VERSIONS)):
        python = pythons.interpreter(version)
        if python is None:
            continue
        run([UV, "venv", "--quiet", "--clear", "--seed", "--python", str(python), ".venv"],
            folder, SECONDS)  # fmt: skip
        said = _install(home, str(folder / ".venv/bin/python"))
        wrong = wrong or said
        if not said or ("No solution" not in said and "not match" not in said):
            break  # another Python would not help
    else:
        said = wrong
    if "did not end" not in said:
        done.write_text(wrong if said else "")
    return wrong if said else ""


def places(folder: Path) -> list[Path]:
    """Return where the service may be: here, else the folders below, the likeliest first."""
    usual = ("backend", "server", "api", "src", "app", "web")
    below = [one for pattern in ("*/", "*/*/") for one in sorted(folder.glob(pattern))]
    below = [one for one in below if not one.name.startswith(".") and one.name != "docs"]
    return [folder, *sorted(below, key=lambda one: (one.name not in usual, len(one.parts)))]


def manifest(folder: Path) -> str:
    """Return the file that says what this folder needs; a bare pyproject.toml says nothing."""
    for name in MANIFESTS:
        file = folder / name
        if name == "pyproject.toml" and file.is_file():
            stated = tomllib.loads(file.read_text())
            tool = stated.get("tool", {})
            if not stated.get("project", {}).get("dependencies") and "poetry" not in tool:
                continue
        if file.is_file() or (name == "requirements" and list(file.glob("*.txt"))):
            return name
    return ""


def texts(folder: Path) -> str:
    """Return what its manifest says; the files of a folder of requirements one after the other."""
    path = folder / manifest(folder)
    files = sorted(path.glob("*.txt")) if path.is_dir() else [path]
    return "\n".join(one.read_text(errors="replace") for one in files)


def asked(folder: Path) -> Iterator[str]:
    """Return the Pythons that the project states, those that this script knows."""
    for name, pattern in (
        (".python-version", r"(3\.\d+)"),
        ("runtime.txt", r"python-(3\.\d+)"),
        ("Pipfile", r'python_version = "(3\.\d+)'),
        ("Dockerfile", r"(?m)^FROM \S*python:?(3\.\d+)"),
        ("pyproject.toml", r'(?m)^(?:requires-python|python)\s*=\s*"[^\d]*(3\.\d+)'),
    ):
        file = folder / name
        found = re.search(pattern, file.read_text(errors="replace")) if file.is_file() else None
        if found and found[1] in VERSIONS:
            yield found[1]


def named(home: Path) -> list[str]:
    """Return what its README gives to pip, as far as it is there."""
    readme = next(iter(sorted(home.glob("[Rr][Ee][Aa][Dd][Mm][Ee]*"))), None)
    text = readme.read_text(errors="replace") if readme else ""
    found: dict[tuple[str, str], None] = {}
    for line in re.findall(r"pip3? install\s+((?:-[re]\s+\S+[ \t]*)+)", text):
        for flag, name in re.findall(r"(-[re])\s+([^\s`]+)", line):
            if (home / name.partition("[")[0]).exists() and "dev" not in name:
                found[flag, name] = None
    told = [word for pair in found for word in pair]
    if told or manifest(home):
        return told
    lines = re.findall(r"(?m)^[\s$]*pip3? install((?:[ \t]+[A-Za-z][\w.\[\]=<>-]*)+)[ \t]*$", text)
    return [word for line in lines for word in line.split()]


def _install(home: Path, python: str) -> str:
    """Install what the folder's manifest names; return what went wrong."""
    name = manifest(home)
    # Without their uv's configuration: an index of theirs is not reached from here.
    pip = [UV, "pip", "install", "--quiet", "--no-config", "--python", python]
    draft = home / ".venv-requirements.txt"
    pins: list[str] = []
    try:
        if name == "uv.lock":
            words = ["--frozen", "--no-hashes", "--no-dev", "--no-emit-local", "--all-packages"]
            told = run([UV, "export", "--quiet", *words], home, SECONDS)
            if told.returncode:
                return told.stderr
            draft.write_text(re.sub(r"(?m)^(-i|--\S*index).*\n", "", told.stdout))
            pip.append("--no-deps")  # all of them are in it, some against what others ask
        elif name == "Pipfile.lock":
            locked = loads((home / name).read_text())["default"]
            draft.write_text("".join(_pinned(key, one) for key, one in locked.items()))
        elif name == "Pipfile":
            stated = tomllib.loads((home / name).read_text()).get("packages", {})
            draft.write_text("".join(_poetry(stated)))
        elif name in ("poetry.lock", "pyproject.toml"):
            project = tomllib.loads((home / "pyproject.toml").read_text())
            lines = list(project.get("project", {}).get("dependencies", ()))
            poetry = project.get("tool", {}).get("poetry", {})
            draft.write_text("\n".join([*lines, *_poetry(poetry.get("dependencies", {}))]))
            if name == "poetry.lock":
                locked = tomllib.loads((home / name).read_text())["package"]
                pins = [f"{one['name']}=={one['version']}\n" for one in locked]
        if draft.exists():
            (home / ".venv-pins.txt").write_text("".join(pins))
            words = ["-r", draft.name, *(["-c", ".venv-pins.txt"] if pins else [])]
        elif name == "setup.py":
            words = ["-e", "."]
        else:
            words = named(home)
            if "-r" not in words:
                first = [one for one in FILES if (home / one).is_file()]
                first += [str(one) for one in sorted(home.glob("requirements/*.txt"))]
                words = [*(["-r", first[0]] if first else []), *words]
            for at, file in enumerate(words):  # an index of theirs is not reached from here
                if words[at - 1] == "-r":
                    raw = (home / file).read_bytes()
                    wide = raw[:2] in (b"\xff\xfe", b"\xfe\xff")  # PowerShell's `>`; pip reads it
                    text = raw.decode("utf-16" if wide else "utf-8", errors="replace")
                    if wide or re.search(INDEX, text):
                        draft.write_text(re.sub(INDEX, "", text))
                        words[at] = draft.name
        if words and (told := run([*pip, *words], home, SECONDS)).returncode:
            return told.stderr or told.stdout
        if name != "setup.py" and (home / "pyproject.toml").is_file():
            text = (home / "pyproject.toml").read_text()
            if "[build-system]" in text and ("[project]" in text or "[tool.poetry]" in text):
                # As uv sync and poetry install do.
                run([*pip, "--no-deps", "-e", "."], home, SECONDS)
        return ""
    finally:
        draft.unlink(missing_ok=True)
        (home / ".venv-pins.txt").unlink(missing_ok=True)


def _pinned(name: str, one: dict[str, Any]) -> str:
    """Return one line of a Pipfile.lock as pip reads it."""
    extras = f"[{','.join(one['extras'])}]" if one.get("extras") else ""
    marker = f" ; {one['markers']}" if one.get("markers") else ""
    return f"{name}{extras}{one.get('version', '')}{marker}\n"


def _poetry(stated: dict[str, Any]) -> list[str]:
    """Return Poetry's (or a Pipfile's) table as lines of requirements."""
    lines = []
    for name, given in stated.items():
        one = {"version": given} if isinstance(given, str) else given
        if name == "python" or not isinstance(one, dict) or one.get("optional"):
            continue
        extras = f"[{','.join(one['extras'])}]" if one.get("extras") else ""
        if "git" in one:
            lines.append(f"{name}{extras} @ git+{one['git']}\n")
            continue
        parts = [_bounds(part.strip()) for part in str(one.get("version", "*")).split(",")]
        lines.append(f"{name}{extras}{','.join(filter(None, parts))}\n")
    return lines


def _bounds(part: str) -> str:
    """Say a caret, a tilde or a bare version of Poetry's as PEP 440 does."""
    if part in ("*", ""):
        return ""
    number = part.lstrip("^~ ")
    if part.startswith("^"):
        places_ = number.split(".")
        first = next((at for at, one in enumerate(places_) if one != "0"), len(places_) - 1)
        top = [*places_[:first], str(int(re.match(r"\d+", places_[first])[0]) + 1)]  # type: ignore[index]
        return f">={number},<{'.'.join(top)}"
    if part.startswith("~") and not part.startswith("~="):
        return f"~={number}.0" if number.count(".") == 1 else f"~={number}"
    return part if part[0] in "<>=!~" else f"=={part}"
