"""What `morrow secrets` does, for either kind of target."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from morrow.tool.base.terminal import terminal, typed
from morrow.tool.cluster import lock
from morrow.tool.cluster.namespace import ensure_namespace
from morrow.tool.cluster.protection import guard
from morrow.tool.environment.edit import require_editable
from morrow.tool.environment.load import load
from morrow.tool.environment.model import Environment
from morrow.tool.programs.kubectl import Kubectl
from morrow.tool.secrets import rotate as secrets_rotate
from morrow.tool.stores import secrets
from morrow.tool.targets.target import UpOptions, target_of

Answer = dict[str, Any]


def held(environment: Environment) -> tuple[str, set[str]]:
    """Return where the secrets are and which of the declared keys have a value there."""
    wanted = environment.secrets
    if environment.kind == "process":
        folder = _folder(environment, wanted.revision)
        shown = environment.shown(folder)
        return shown, {key for key in wanted.keys if (folder / key).is_file()}
    kubectl = Kubectl.of(environment)
    found = secrets.made(kubectl, wanted.object_name) or {}
    return f"Secret {wanted.object_name}", {key for key in wanted.keys if found.get(key)}


def change(environment: Environment, given: Mapping[str, bytes], confirm: str | None) -> Answer:
    """Give some keys new values."""
    if environment.kind == "kubernetes" and environment.secrets.provider == "existing":
        guard(environment, confirm, f"secrets set {environment.label} KEY")
        kubectl = Kubectl.of(environment)
        ensure_namespace(environment, kubectl)
        with lock.held(environment, f"morrow secrets set {environment.label}"):
            secrets.patch(kubectl, environment.secrets.object_name, given)
        rotate_ = f"{typed()} secrets rotate {environment.label}"
        terminal.say(f"pods read it at their next start: {rotate_}")
        return _answer(environment, environment.secrets.revision, [])
    return _renew(environment, given, confirm)


def rotate(environment: Environment, keys: Iterable[str], confirm: str | None) -> Answer:
    """Give keys new random values; of a foreign Secret only the pods are renewed."""
    if environment.secrets.provider == "existing":
        return _renew(environment, {}, confirm)
    return _renew(environment, {key: secrets.fresh() for key in keys}, confirm)


def _renew(environment: Environment, given: Mapping[str, bytes], confirm: str | None) -> Answer:
    """Make a new revision, write its line, roll it out, prove that every pod holds it."""
    command = f"secrets rotate {environment.label}"
    if environment.kind == "process":
        with lock.held(environment, f"morrow {command}"):
            revision = _next_folder(environment)
            require_editable(environment, "secrets", "revision", revision)
            _fill(environment, revision, given)
            secrets_rotate.write_revision(environment, revision)
    else:
        confirm = guard(environment, confirm, command)
        kubectl = Kubectl.of(environment)
        ensure_namespace(environment, kubectl)
        with lock.held(environment, f"morrow {command}"):
            revision = secrets_rotate.next_revision(environment, kubectl)
            require_editable(environment, "secrets", "revision", revision)
            if environment.secrets.provider == "existing":
                secrets.require_complete(environment, kubectl)
            else:
                secrets_rotate.make_revision(environment, kubectl, revision, given)
            secrets_rotate.write_revision(environment, revision)
    renewed = load(environment.project, environment.label, environment.context)
    target = target_of(renewed.kind)
    if not _deployed(renewed):
        terminal.say(f"nothing runs yet, so nothing is rolled out: {typed()} up {renewed.label}")
        return _answer(renewed, revision, [])
    target.up(renewed, UpOptions(context=renewed.context or None, confirm=confirm))
    return _answer(renewed, revision, _proof(renewed))


def _deployed(environment: Environment) -> bool:
    if environment.kind == "process":
        told = target_of("process").status(environment)
        return bool(told.data.get("running"))
    kubectl = Kubectl.of(environment)
    return kubectl.get("deployment", environment.name) is not None


def _proof(environment: Environment) -> list[dict[str, str]]:
    if environment.kind == "process":
        return []  # `up` returned: the process that serves was started with this revision
    return secrets_rotate.prove(environment, Kubectl.of(environment))


def _answer(environment: Environment, revision: str, pods: list[dict[str, str]]) -> Answer:
    return {"environment": environment.label, "revision": revision, "pods": pods}


def _folder(environment: Environment, revision: str) -> Path:
    return environment.project.state / environment.label / f"secrets-{revision}"


def _next_folder(environment: Environment) -> str:
    present = environment.secrets.revision
    number = int(present) if present.isdigit() else 0
    while True:
        number += 1
        if not _folder(environment, str(number)).exists():
            return str(number)


def _fill(environment: Environment, revision: str, given: Mapping[str, bytes]) -> None:
    """Copy what stays, write what is given; what is missing is made when the process starts."""
    old, new = _folder(environment, environment.secrets.revision), _folder(environment, revision)
    new.mkdir(parents=True, mode=0o700)
    for key in environment.secrets.keys:
        value = given.get(key) or ((old / key).read_bytes() if (old / key).is_file() else b"")
        if value:
            descriptor = os.open(new / key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as opened:
                opened.write(value)
