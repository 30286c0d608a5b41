"""The service's own interpreter, and how it comes to the kit that its environment lacks.

How others use it:

    python = interpreter(project)           # `[tool.morrow] python`, .venv, VIRTUAL_ENV, poetry …
    python.path, python.paths               # what is started, and what its PYTHONPATH needs

A stranger's environment has no Morrow. It gets a folder with two links, the kit and Granian, so
that nothing else of the tool's environment can be imported by the service.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from dataclasses import dataclass
from functools import cache
from importlib import metadata, util
from pathlib import Path

import morrow
from morrow.tool.base.errors import Failure, problem
from morrow.tool.base.project import Project
from morrow.tool.base.terminal import terminal
from morrow.tool.programs import runner

LEAST = (3, 11)
SERVER = "granian>=2.8,<2.9"
FOLDERS = (".venv", "venv", "env", ".env")
PROGRAM = ("bin/python", "Scripts/python.exe")
ASK = """
import importlib.util as u, json, sys
from importlib.metadata import version
def has(name):
    try: return u.find_spec(name) is not None
    except Exception: return False
def serves():  # a project may have another Granian, of its own
    try: return version("granian").split(".")[:2] == ["2", "8"]
    except Exception: return False
print(json.dumps([list(sys.version_info[:2]), getattr(sys.flags, "nogil", 0) or 0,
    serves(), has("morrow") and has("morrow.kit"),
    getattr(sys, "_base_executable", "") or ""]))
"""


@dataclass(frozen=True)
class Interpreter:
    """What the service is started with."""

    path: str
    version: tuple[int, int]
    how: str  # where it was found
    server: bool = True  # whether it has Granian
    kit: bool = True
    paths: tuple[str, ...] = ()
    base: str = ""  # what its environment was made from

    @property
    def variables(self) -> dict[str, str]:
        """What makes programs beside it (celery, alembic) be found first."""
        folder = Path(self.path).parent
        given = os.environ.get("PATH", os.defpath)
        if not (folder.parent / "pyvenv.cfg").is_file():
            return {"PATH": given}
        path = f"{folder}{os.pathsep}{given}"
        return {"PATH": path, "VIRTUAL_ENV": str(folder.parent)}


def interpreter(project: Project) -> Interpreter:
    """Return the service's interpreter, able to import the kit and its server."""
    own = discover(project.root, project.python, (project.source,))
    if own.kit and own.server:
        return own
    if own.version < LEAST:
        cause = "it is Python {}.{}, and the kit needs {}.{} or newer".format(*own.version, *LEAST)
        raise Failure(problem("python-old", f"{own.path} ({own.how})", cause))
    folder = project.make_state() / "kit" / ".".join(map(str, own.version))
    folder.mkdir(parents=True, exist_ok=True)
    if not own.kit:
        _link(folder / "morrow", Path(str(morrow.__file__)).parent)
    if not own.server:
        _link(folder / "granian", _server(own))
    return Interpreter(own.path, own.version, own.how, True, True, (str(folder),))


@cache
def discover(root: Path, named: str = "", places: tuple[Path, ...] = ()) -> Interpreter:
    """Return the interpreter that the project would use itself; nothing is made for it."""
    for path, how in _candidates(root, named, places):
        if _same(path):
            break
        done = runner.run(path, "-c", ASK, timeout=20)
        try:
            version, nogil, server, kit, base = json.loads(done.out.strip().splitlines()[-1])
        except (ValueError, IndexError):
            if how == "[tool.morrow] python":
                cause = f"it does not answer: {done.last_error}"
                raise Failure(problem("python-unusable", path, cause)) from None
            continue
        facts = (path, (version[0], version[1]), how, server and not nogil, kit)
        return Interpreter(*facts, base=str(base))
    server = util.find_spec("granian") is not None
    return Interpreter(sys.executable, sys.version_info[:2], "Morrow's own", server)


def _same(path: str) -> bool:
    """Whether it is the tool's own environment; its file alone does not tell, it may be a link."""
    return Path(path).parent.resolve() == Path(sys.prefix, "bin").resolve()


def _candidates(root: Path, named: str, places: tuple[Path, ...]) -> list[tuple[str, str]]:
    if named:
        path = str(root / named) if (root / named).exists() else shutil.which(named) or ""
        if not path:
            cause = "[tool.morrow] python names no program, neither here nor on PATH"
            raise Failure(problem("python-unusable", named, cause))
        if Path(path).is_dir():
            path = _inside(Path(path)) or path
        return [(path, "[tool.morrow] python")]
    names = (os.environ.get("UV_PROJECT_ENVIRONMENT") or FOLDERS[0], *FOLDERS[1:])
    folders = [(one / name, name) for one in dict.fromkeys((root, *places)) for name in names]
    folders.append((Path(os.environ.get("VIRTUAL_ENV") or "/nowhere"), "VIRTUAL_ENV"))
    candidates = [(program, how) for folder, how in folders if (program := _inside(folder))]
    for lock, words in (
        ("poetry.lock", ("poetry", "env", "info", "--executable")),
        ("Pipfile", ("pipenv", "--py")),
        ("pdm.lock", ("pdm", "info", "--python")),
    ):
        if not candidates and (root / lock).is_file() and shutil.which(words[0]):
            done = runner.run(*words, folder=root, timeout=30)
            lines = done.out.strip().splitlines()
            if done.code == 0 and lines and Path(lines[-1]).is_file():
                candidates.append((lines[-1], words[0]))
    return candidates


def _inside(folder: Path) -> str:
    return next((str(folder / name) for name in PROGRAM if (folder / name).exists()), "")


def _link(link: Path, target: Path) -> None:
    if link.is_symlink() and link.readlink() == target:
        return
    draft = link.with_name(f".{link.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    draft.symlink_to(target)
    draft.replace(link)


def _server(python: Interpreter) -> Path:
    """Return a Granian that this interpreter can import: the tool's own, or one that is fetched."""
    own = util.find_spec("granian")
    if own is not None and own.origin and python.version == sys.version_info[:2]:
        return Path(own.origin).parent
    cache_folder = os.environ.get("MORROW_CACHE") or Path(
        os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "morrow"
    )
    version = metadata.version("granian") if own is not None else ""
    requirement = f"granian=={version}" if version else SERVER
    name = "{}.{}-{}".format(*python.version, version or "2.8")
    place = Path(cache_folder) / "server" / name
    if (place / "granian" / "__init__.py").is_file():
        return place / "granian"
    terminal.status(f"fetching the server for Python {'.'.join(map(str, python.version))} …")
    place.parent.mkdir(parents=True, exist_ok=True)
    draft = place.with_name(f".{place.name}.{os.getpid()}")
    reason = "there is neither pip nor uv"
    beside = Path(sys.executable).with_name("uv")
    pip = ("-m", "pip", "--disable-pip-version-check", "install", "--quiet")
    version_of = ("--python-version", ".".join(map(str, python.version)))
    for words in (
        ("uv", "pip", "install", "--quiet", "--python", python.path),
        (str(beside), "pip", "install", "--quiet", "--python", python.path),
        (python.path, *pip),
        (sys.executable, *pip, *version_of),
        (python.base, *pip),
    ):
        if not words[0] or shutil.which(words[0]) is None:
            continue
        arguments = ("--target", str(draft), "--no-deps", "--only-binary", ":all:", requirement)
        done = runner.run(*words, *arguments, timeout=120)
        if done.code == 0 and (draft / "granian").is_dir():
            if not place.exists():
                draft.rename(place)
            return place / "granian"
        reason = done.last_error
    shutil.rmtree(draft, ignore_errors=True)
    raise Failure(problem("server-missing", python.path, reason, command=_install(python)))


def _install(python: Interpreter) -> str:
    if shutil.which("uv"):
        return f"uv pip install --python {python.path} '{SERVER}'"
    return f"{python.path} -m pip install '{SERVER}'"
