"""What keeps a service from starting: one line for people, one exit code for machines."""

import importlib
import logging
import sys
import sysconfig
import traceback
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from morrow.kit.settings.loading import BAD_SETTINGS, SettingProblem, SettingsError
from morrow.kit.settings.redact import clean, text_of

logger = logging.getLogger("morrow")

# The exit code when something was lost or broke.
BROKEN = 1


class StartError(Exception):
    """A cause that ends the start. The message names the thing, the cause and the mend.

    `fields` say the same to tools, which must not have to take the message apart.

    >>> StartError("port-taken", "port 5000 is taken").exit_code
    1
    """

    def __init__(
        self,
        code: str,
        message: str,
        exit_code: int = BROKEN,
        fields: Mapping[str, object] | None = None,
    ) -> None:
        self.code = code
        self.exit_code = exit_code
        self.fields = {"code": code, **(fields or {})}
        super().__init__(clean(message))

    def log(self) -> int:
        """Write the one line; return the exit code.

        >>> StartError("port-taken", "port 5000 is taken").log()
        1
        """
        logger.critical("%s", self, extra={"fields": self.fields})
        return self.exit_code


def bad_settings(problems: list[SettingProblem]) -> StartError:
    """Return the one error for all problems.

    >>> error = bad_settings([SettingProblem("A", "setting-missing", "is missing")])
    >>> error.exit_code, error.fields["problems"]
    (78, [{'variable': 'A', 'code': 'setting-missing', 'message': 'is missing'}])
    """
    listed = {"problems": [asdict(problem) for problem in problems]}
    return StartError("bad-settings", str(SettingsError(problems)), BAD_SETTINGS, listed)


_IMPORTS = importlib.__file__


def raised(code: str, what: str, error: BaseException, mend: str = "") -> StartError:
    """Return the error for code of the application that raised: with its file, line and stack.

    >>> try:
    ...     compile("x = (", "shop.py", "exec")
    ... except SyntaxError as error:
    ...     print(raised("target-import", "cannot import shop", error))
    cannot import shop: SyntaxError: '(' was never closed (shop.py, line 1)
    """
    own = str(Path(__file__).parents[2])
    trace = error.__traceback__
    # What led to the application's first line is ours or the interpreter's, and tells nothing.
    while trace and trace.tb_frame.f_code.co_filename.startswith((own, "<frozen", _IMPORTS)):
        trace = trace.tb_next
    stack = traceback.extract_tb(trace)
    where = ""
    if not isinstance(error, SyntaxError) and stack:
        frame = next((one for one in reversed(stack) if not _of_a_library(one.filename)), stack[-1])
        where = f" ({_short(frame.filename)}, line {frame.lineno})"
    text = text_of(error)
    said = f"{type(error).__name__}: {text}" if text else type(error).__name__
    lines = "".join(traceback.format_exception(error.with_traceback(trace)))
    fields = {"error": type(error).__name__, "stack": lines} if stack else {}
    return StartError(code, f"{what}: {said}{where}{mend}", fields=fields)


def _of_a_library(filename: str) -> bool:
    homes = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    return filename.startswith(("<frozen", *homes))


def _short(filename: str) -> str:
    path = Path(filename)
    for folder in (Path.cwd(), *map(Path, sys.path)):
        if path.is_relative_to(folder.resolve()):
            return str(path.relative_to(folder.resolve()))
    return filename
