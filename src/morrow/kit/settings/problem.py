"""What keeps a service from starting: one line for people, one exit code for machines."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import asdict

from morrow.kit.settings.loading import BAD_SETTINGS, SettingProblem, SettingsError

logger = logging.getLogger("morrow")

BROKEN = 1
"""The exit code when something was lost or broke."""


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
        super().__init__(message)

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
