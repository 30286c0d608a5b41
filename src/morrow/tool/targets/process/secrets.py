"""The generated secrets of a process: files that git ignores and only their owner reads."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from morrow.tool.base.errors import Failure
from morrow.tool.environment.model import Environment
from morrow.tool.rules.judge import provider_problem


def secrets_folder(environment: Environment, revision: str) -> Path:
    """The folder of a revision, named by variable inside; what is missing is made once."""
    declared = environment.secrets
    if wrong := provider_problem(environment):
        raise Failure(wrong)
    folder = environment.project.state / environment.label / f"secrets-{revision}"
    folder.mkdir(parents=True, mode=0o700, exist_ok=True)
    for key in declared.keys:
        file = folder / key
        if file.is_file():
            continue
        # Whole or not at all: a command killed here must leave no empty secret.
        draft = folder / f".{key}.{os.getpid()}"
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as opened:
            opened.write(secrets.token_urlsafe(32))
        draft.replace(file)
    return folder
