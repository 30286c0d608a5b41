"""Say why an import failed, and what it did not find: a part of the program `asked.py`."""

from __future__ import annotations

import contextlib
import os
import re
import traceback
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Any, cast

LOGGERS = re.compile(
    r"/site-packages/(structlog|loguru|logging|pythonjsonlogger)/|/logging/(__init__|handlers)\.py$"
)


def failed(error: BaseException, folder: str) -> dict[str, Any]:
    """Say what went wrong, and where in the project."""
    trace = error.__traceback__
    while isinstance(error, BaseExceptionGroup):  # a group tells nothing itself
        error = error.exceptions[0]
        trace = error.__traceback__ or trace
    # What a clean-up trips over says nothing of why there was one.
    while isinstance(error, AttributeError | NameError) and error.__context__ is not None:
        error = error.__context__
        trace = error.__traceback__
    frames = traceback.extract_tb(trace)
    own = [(one, path) for one in frames if (path := inside(one.filename, folder))]
    last, path = own[-1] if own else (None, "")
    where = f"{path}:{last.lineno}" if last else ""
    below = [package(one.filename) for one in frames[frames.index(last) + 1 if last else 0 :]]
    within = next(filter(None, below), "") if last else ""
    if not last:  # a package cannot even be imported
        where = next(filter(None, reversed(below)), "")
    missing = getattr(error, "name", "") if isinstance(error, ImportError) else ""
    names, told = [], cast("Any", error)
    if hasattr(told, "error_count"):  # pydantic's
        for one in told.errors():
            names.append(["__".join(map(str, one.get("loc", ()))), str(one.get("type", ""))])
    said = str(error)
    logged = bool(frames) and LOGGERS.search(frames[-1].filename) and frames[-1] is not last
    if (first := error.__context__) is not None and logged:
        said += f", as it logged {type(first).__name__}: {first}"  # else nobody hears of that
    if isinstance(error, ImportError) and error.path:  # its version tells more than its file
        file = os.path.relpath(error.path, folder) if error.path.startswith(folder) else "Python"
        said = said.replace(f"({error.path})", f"({package(error.path) or file})")
    of = getattr(error, "obj", None) if isinstance(error, AttributeError) else None
    if isinstance(of, ModuleType) and (held := package(getattr(of, "__file__", None) or "")):
        said = f"{said} ({held})"
    return {
        "error": type(error).__name__, "message": said[:9999], "where": where,
        "missing": missing, "fields": names, "lost": lost_files(error, folder),
        "within": within,
    }  # fmt: skip


def inside(file: str, folder: str) -> str:
    """Return the path of a project's own file: below the folder, else below the whole copy."""
    beside = Path(__file__).parent  # these programs lie beside the copy
    if file.startswith(folder):
        return os.path.relpath(file, folder)
    if not file.startswith(f"{beside.parent}{os.sep}") or file.startswith(str(beside)):
        return ""
    return str(Path(*Path(file).relative_to(beside.parent).parts[1:]))


def package(file: str) -> str:
    """Return the installed package that a file belongs to, with its version, "" for none."""
    _, found, inner = file.replace("\\", "/").rpartition("/site-packages/")
    name = inner.partition("/")[0].removesuffix(".py")
    with contextlib.suppress(Exception):  # it may be named otherwise where it comes from
        return f"{name} {metadata.version(name)}" if found else ""
    return name


def line(error: BaseException, folder: str) -> str:
    """Say it in one line."""
    told = failed(error, folder)
    at = f" at {told['where']}" if told["where"] else ""
    at += f", in {told['within']}" if at and told["within"] else ""
    return f"{told['error']}{at}: {' '.join(told['message'].split())}"


def lost_files(error: BaseException, folder: str) -> list[str]:
    """Name the files of the project's own that are not there, as paths from its folder."""
    found: list[str] = []
    left: BaseException | None = error
    while left is not None and len(found) < 4:
        if isinstance(left, FileNotFoundError) and isinstance(name := left.filename, str) and name:
            found.append(os.path.relpath(name, folder))
        elif isinstance(left, ModuleNotFoundError) and left.name:
            found.append(left.name.replace(".", "/") + ".py")
        elif said := re.match(r"cannot import name '(\w+)' from '([\w.]+)'", str(left)):
            found.append(f"{said[2].replace('.', '/')}/{said[1]}.py")
        left = left.__cause__ or left.__context__
    return [one for one in found if not one.startswith("..")]
