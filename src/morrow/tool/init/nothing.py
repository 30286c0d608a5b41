"""What to say where no candidate is an application."""

from __future__ import annotations

import ast
import re
import shlex
from collections import abc
from collections.abc import Iterator

from morrow.tool.base.errors import Problem, problem
from morrow.tool.base.terminal import typed
from morrow.tool.init.answer import Application, Refusal, drivers
from morrow.tool.init.backing import install
from morrow.tool.init.beside import stores
from morrow.tool.init.files import Repository
from morrow.tool.init.places import has_module
from morrow.tool.init.settings import settings_of
from morrow.tool.init.unset import unset
from morrow.tool.programs.python import LEAST, Interpreter

# What Python itself had once, and what asks for it is older.
ONCE = {
    "collections": "|".join(abc.__all__), "inspect": "getargspec|formatargspec",
    "asyncio": "coroutine|async", "fractions": "gcd", "typing": "io|re", "time": "clock",
    "base64": "(en|de)codestring", "ast": "Num|Str|Bytes|NameConstant",
    "importlib": "find_loader", "configparser": "SafeConfigParser",
}  # fmt: skip
GONE = re.compile(
    r"No module named '(imp|distutils|asyncore|asynchat|smtpd|cgi|crypt|pipes|typing\.io)\b|"
    + "|".join(
        rf"cannot import name '({names})' from '{one}'|module '{one}' has no attribute '({names})'"
        for one, names in ONCE.items()
    )
)
# What another version of an installed package has.
LACKS = re.compile(r"(?:cannot import name|has no attribute) '.*\((\S+ \d\S*)\)")
# So has pydantic 1, of what pydantic 2 refuses.
REFUSES = re.compile(
    r"(?s)Pydantic(?:Import|User)Error.*(?:moved to|removed|not supported|A non-annotated|"
    r"MUST specify `skip_on_failure)"
)
# What says itself that a package is missing, whatever it raises.
INSTALL = re.compile(
    r"(?i)\bpip3? install\b|\b(is not|be|library is) installed\b|did you install|"
    r"error loading \w+( or \w+)? module"
)
NO_MODULE = re.compile(r"^No module named '([\w.]+)'")
GUESSED = re.compile("relative import (with no known parent|beyond top-level) package")
LAZY = (3, 14)  # from here on, annotations are read when somebody asks for them
MARK = re.compile(r"\{\{\s*(cookiecutter|copier|project_name|project_slug)\b")

NAMED = {"Dockerfile": r"(?m)^FROM \S*python:3\.(\d+)", "runtime.txt": r"python-3\.(\d+)",
         "Pipfile": r"python_version = \"3\.(\d+)", ".python-version": r"^3\.(\d+)"}  # fmt: skip


def nothing(
    repository: Repository, python: Interpreter, refusals: list[Refusal], app: str
) -> Problem:
    """Return what to say and to do; the first refusal that tells anything is the cause."""
    root = repository.root
    if not repository.python:
        return problem("init-no-python", str(root), "there is no Python file here")
    lines = tuple(one.told for one in refusals[:5])
    if not app and (named := template(repository)):
        makers = "cookiecutter, copier or django-admin startproject --template"
        cause = f"it is a template, as {named} shows: make a project of it first, by {makers}"
        return problem("init-no-application", str(root), cause, details=lines)
    told = [one for one in refusals if one.message != "it holds no application"]
    # A file of a package by its own name was a guess of ours; else it would be all that is known.
    kept = [one for one in told if not GUESSED.search(one.message)]
    # So was a folder from which the project's own modules are not found, where another is known.
    kept = [one for one in kept if not _own(repository, one.message)] or kept
    told = kept or (told if len(told) == len(refusals) else [])
    if not told:
        cause = f"there is no {app}" if app else "no module makes a WSGI or ASGI application"
        cause += "".join(f"; {one}" for one in repository.unread[:2])
        return problem("init-no-application", str(root), cause, details=lines)
    first = told[0]
    target, said = first.candidate.target, first.told.partition(": ")[2]
    if first.error == "NoApplication":
        return problem("init-no-application", target, first.message, details=lines)
    gone = GONE.search(first.message)
    lost = first.error in ("ModuleNotFoundError", "PackageNotFoundError")
    if not gone and (lost or INSTALL.search(first.message)):
        if app and f"'{app.split(':')[0].split('.')[0]}'" in first.message:
            return problem("init-no-application", str(root), f"there is no {app}")
        where = f"{python.path} ({python.how}) has not what it imports"
        cause = f"{first.message.splitlines()[0]}: {where}{older(repository, python)}"
        if "'pkg_resources'" in first.message:
            cause += "; setuptools had it before 82: name setuptools<82 in the requirements"
        path = shlex.quote(python.path)
        return problem("init-not-installed", target, cause, details=lines, python=path)
    if first.unreachable:
        found = stores(
            repository, settings_of(repository, first.candidate.source), drivers(first.told)
        )
        needs = " and ".join(one.told for one in found) or "what is not here"
        given = "".join(f"{name}=... " for one in found for name in one.settings[:1])
        get = install([one.kind for one in found])
        command = f"{get} (`up local` runs it then), or " if get else ""
        command += f"{given}{typed()} init --network"
        cause = f"its import asks {needs}: {said}"
        return problem("init-needs-store", target, cause, details=lines, command=command)
    cause = f"it cannot be imported: {said}{older(repository, python)}"
    if gone:
        has, least = (".".join(map(str, one)) for one in (python.version, LEAST))
        cause += f"; it was written for a Python before {has}, and the kit needs {least} or newer"
    elif lacks := _lacks(first):
        cause += f"; {lacks} has it not: name another version of it in the requirements"
    else:
        cause += lazy(repository, python, first) or unpinned(repository, said)
        cause += unset(repository, first) or younger(repository, python)
        cause += "".join(
            f"; there is no {name}: its example, {like}, stood in its place as it is"
            for name, like in first.examples.items()
        )
    one = first.candidate
    place = f"cd {shlex.quote(one.source)} && " if one.source else ""
    command = f"{place}{shlex.quote(python.path)} -c 'import {one.module or one.django}'"
    return problem("init-import", target, cause, details=lines, command=command)


def _lacks(refusal: Refusal) -> str:
    """Return the package that has not what is asked of it, and has it in another version."""
    if said := LACKS.search(refusal.message):
        return said[1]
    return refusal.within if REFUSES.search(f"{refusal.error} {refusal.message}") else ""


def _own(repository: Repository, message: str) -> bool:
    """Whether the module that is not found lies in the repository; it may lack an __init__.py."""
    said = NO_MODULE.search(message)
    path = said[1].replace(".", "/") if said else "?"
    return any(f"/{path}/" in f"/{one}" or f"/{one}".endswith(f"/{path}.py")
               for one in repository.python)  # fmt: skip


def lacking(repository: Repository, refusals: list[Refusal]) -> bool:
    """Whether its environment lacks what several candidates import: the rest will, too."""
    told = refusals[-1]
    same = [one for one in refusals if one.message == told.message]
    missing = NO_MODULE.search(told.message)
    own = missing and has_module(repository, missing[1])
    return told.error == "ModuleNotFoundError" and not own and len(same) > 3


def lazy(repository: Repository, python: Interpreter, refusal: Refusal) -> str:
    """Say it where an annotation names what is imported for type checkers alone."""
    name = re.fullmatch(r"name '(\w+)' is not defined", refusal.message)
    file, line = refusal.place(repository.trees)
    if not name or python.version >= LAZY or file not in repository.trees:
        return ""
    has, least = (".".join(map(str, one)) for one in (python.version, LAZY))
    newer = f": it was written for a Python from {least} on, and {python.path} is {has}"
    tests = [one for one in repository.trees[file].body if isinstance(one, ast.If)]
    inner = [part for one in tests if "TYPE_CHECKING" in ast.unparse(one.test) for part in one.body]
    names = {alias.asname or alias.name for one in inner
             if isinstance(one, ast.Import | ast.ImportFrom) for alias in one.names}  # fmt: skip
    if name[1] in names:
        return f"; {name[1]} is imported for type checkers alone{newer}"
    named = [inner for one in notes(repository.trees[file]) for inner in ast.walk(one)]
    if f"{name[1]}:{line}" in [
        f"{one.id}:{one.lineno}" for one in named if isinstance(one, ast.Name)
    ]:
        return f"; {name[1]} stands in an annotation, and {file} does not import it{newer}"
    return ""


def notes(tree: ast.AST) -> Iterator[ast.expr]:
    """Yield what stands where a kind is named."""
    for one in ast.walk(tree):
        found = getattr(one, "annotation", None) or getattr(one, "returns", None)
        if isinstance(found, ast.expr):
            yield found


def unpinned(repository: Repository, raised: str) -> str:
    """Say it where a package of any version was asked for, and this one raised."""
    said = re.search(r", in (\S+) \S+: ", raised)
    loose = said and repository.any_version(said[1])
    return f" (any version of {said[1]} was asked for)" if said and loose else ""


def template(repository: Repository) -> str:
    """Return what shows that projects are made from it, "" where nothing does."""
    texts = {path: path for path in (*repository.python, *repository.others)}
    texts |= {path: repository.text(path) for path in repository.named("manage.py", "wsgi.py")}
    return next((path for path, text in texts.items() if MARK.search(text)), "")


def templated(repository: Repository, best: Application) -> bool:
    """Whether what answers no page is of a template itself, and has none beside it only."""
    one = best.candidate
    own = (one.file, f"{one.source}/manage.py".lstrip("/"))
    marked = any(MARK.search(path + repository.text(path)) for path in own)
    return marked and best.path[1] != 200


def younger(repository: Repository, python: Interpreter) -> str:
    """Say that the project names an older Python than its environment has."""
    for path, pattern in NAMED.items():
        said = re.search(pattern, repository.text(path))
        if said and (3, int(said[1])) < python.version:
            has = ".".join(map(str, python.version))
            return f"; {path} names Python 3.{said[1]}, and {python.path} is {has}"
    return ""


def older(repository: Repository, python: Interpreter) -> str:
    """Say that the project asks for a newer Python than its environment has."""
    project = repository.pyproject.get("project")
    stated = project.get("requires-python") if isinstance(project, dict) else ""
    for text in (f"{stated or ''}", f">={repository.text('.python-version')}"):
        least = re.search(r"(?:>=|==|~=|\^|~)\s*3\.(\d+)", text)
        if least and (3, int(least[1])) > python.version:
            has = ".".join(map(str, python.version))
            return f"; the project asks for Python 3.{least[1]}, and {python.path} is {has}"
    return ""
