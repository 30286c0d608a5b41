"""The store `sops`: an encrypted file in Git, `environments/<name>.secrets.yaml`.

In a cluster each revision is an immutable Secret, as in the store `generated`. A process reads
files in this machine's memory: what is decrypted never touches a disk.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from morrow.tool.base.errors import Failure, Problem, problem
from morrow.tool.base.files import memory_folder
from morrow.tool.base.terminal import terminal
from morrow.tool.base.words import did_you_mean
from morrow.tool.cluster.site import Site
from morrow.tool.environment.model import Environment
from morrow.tool.programs.sops import Sops, is_there, sealed
from morrow.tool.stores import objects
from morrow.tool.stores.files import Files
from morrow.tool.stores.generated import Generated
from morrow.tool.stores.store import fresh, require_text


def file_of(environment: Environment) -> Path:
    """Return where the encrypted values are."""
    return environment.project.environments / f"{environment.label}.secrets.yaml"


def sops_of(environment: Environment) -> Sops:
    """Return sops on the environment's file."""
    file = file_of(environment)
    return Sops(file, environment.shown(file))


def unencrypted(files: Iterable[Path], shown: Mapping[Path, str]) -> list[Problem]:
    """Return one problem for each file in which a value can be read; no program is asked."""
    problems = []
    for file in files:
        if fault := sealed(file).fault:
            problems.append(problem(fault[0], shown[file], fault[1], file=shown[file]))
    return problems


def unencrypted_file(environment: Environment) -> list[Problem]:
    """Return that the environment's own file can be read without a key."""
    file = file_of(environment)
    return unencrypted([file], {file: environment.shown(file)}) if is_there(file) else []


def refuse(problems: list[Problem]) -> None:
    """Raise what is wrong with a file, if anything is; nothing has been touched."""
    if problems:
        raise Failure(*problems, refused=True)


def unopenable(environment: Environment) -> list[Problem]:
    """Return why there is no file that sops could open."""
    file, label = file_of(environment), environment.label
    if is_there(file):
        return unencrypted_file(environment)
    shown, key = environment.shown(file), (*environment.secrets.keys, "KEY")[0]
    cause = "there is no such file"
    return [problem("secrets-file-missing", shown, cause, environment=label, key=key)]


def file_problems(environment: Environment) -> list[Problem]:
    """Return what is wrong with the file, as far as it can be told without a key."""
    file = file_of(environment)
    shown, label = environment.shown(file), environment.label
    keys = environment.secrets.keys
    if not keys:
        return []
    if problems := unopenable(environment):
        return problems
    has = sealed(file).keys
    problems = [
        problem(
            "secret-incomplete", shown, f"it has no value for {key}",
            environment=label, key=key, verb="set",
        )
        for key in keys if key not in has
    ]  # fmt: skip
    for key in has:
        if key not in keys:
            cause = f"{key} is not among secrets.keys{did_you_mean(key, keys)}"
            problems.append(problem("secrets-unknown-key", shown, cause, environment=label))
    return problems


def decrypted(environment: Environment) -> dict[str, bytes]:
    """Return the values of the declared keys; raise first what can be told without a key."""
    refuse(file_problems(environment))
    values = sops_of(environment).values()
    return {key: values[key] for key in environment.secrets.keys}


def change(environment: Environment, new_values: Mapping[str, bytes]) -> None:
    """Write new values into the file; a key that lacks one gets a random one."""
    file, values = file_of(environment), dict(new_values)
    refuse(unencrypted_file(environment))
    has = sealed(file).keys if is_there(file) else ()
    for key in environment.secrets.keys:
        if key not in has and key not in values:
            values[key] = fresh(key)
    require_text(environment, values)
    if values:
        sops_of(environment).write(values)


class FromFile:
    """What both stores share; it comes first among their bases."""

    revision_written_first = True
    mends = "set"
    programs: tuple[str, ...] = ("sops",)

    def faults(self, environment: Environment) -> list[Problem]:
        """Refuse a file that can be read without a key."""
        return unencrypted_file(environment)

    def inventory(self, site: Site) -> tuple[str, set[str]]:
        """Say which declared keys have a value in the file; no key is needed for it."""
        environment = site.environment
        file = file_of(environment)
        there = set(sealed(file).keys) if is_there(file) else set()
        return environment.shown(file), there & set(environment.secrets.keys)

    def values(self, site: Site) -> dict[str, bytes]:
        """Decrypt the file."""
        return decrypted(site.environment)

    def notes(self, site: Site) -> list[Problem]:
        """Name each recipient that only .sops.yaml or only the file has."""
        environment = site.environment
        if file_problems(environment):
            return []
        sops, label = sops_of(environment), environment.label
        missing, surplus = sops.recipient_differences()
        groups = ((surplus, "can open it, and .sops.yaml does not name it"),
                (missing, "is named by .sops.yaml and cannot open it"))  # fmt: skip
        return [
            problem("secrets-recipients", sops.shown, f"{recipient} {says}", environment=label)
            for recipients, says in groups
            for recipient in recipients
        ]

    def unread(self, site: Site) -> list[Problem]:
        """Return what is wrong with the file; no key is needed for it."""
        return file_problems(site.environment)

    def sources(self, environment: Environment) -> list[Path]:
        """Name the encrypted file."""
        return [file_of(environment)]


class Encrypted(FromFile, Generated):
    """In a cluster: immutable Secrets, made of the encrypted file."""

    def check(self, site: Site) -> None:
        """Refuse a file that cannot be delivered, or that differs from the present Secret."""
        environment = site.environment
        refuse(file_problems(environment))
        if site.secret is None:
            decrypted(environment)
            return
        objects.require_keys(environment, site.secret, self.mends)
        try:
            stale = self.stale(site)
        except Failure as failure:
            # The Secret exists, so one can deploy without being able to read the file.
            if failure.problems[0].code not in ("secrets-no-identity", "program-missing"):
                raise
            return
        if stale:
            name = environment.secrets.object_name
            cause = f"Secret {name} was made before {', '.join(stale)} changed in the file"
            shown = environment.shown(file_of(environment))
            raise Failure(problem("secrets-stale", shown, cause, environment=environment.label))

    def stale(self, site: Site) -> list[str]:
        """Name the keys whose value in the file differs from the present Secret's."""
        before = Generated.values(self, site)
        return [key for key, value in self.values(site).items() if before.get(key) != value]

    def make(self, site: Site) -> None:
        """Make the Secret of the present revision when it is missing."""
        secrets = site.environment.secrets
        if not secrets.keys or site.secret is not None:
            return
        if objects.create(site, secrets.object_name, self.values(site)):
            terminal.say(f"  Secret {secrets.object_name} made from the encrypted file")

    def renew(self, site: Site, revision: str, given: Mapping[str, bytes]) -> dict[str, str]:
        """Write what is given into the file, and make the next Secret of it."""
        change(site.environment, given)
        name = site.environment.secret_of(revision)
        objects.create(site, name, self.values(site))
        terminal.say(f"  Secret {name} made from the encrypted file")
        return {}


class EncryptedFiles(FromFile, Files):
    """For a process: files in this machine's memory, made of the encrypted one."""

    def check(self, site: Site) -> None:
        """Refuse a file that cannot be decrypted here, or that is not whole."""
        decrypted(site.environment)

    def stale(self, site: Site) -> list[str]:
        """Name the keys whose value in the file differs from what the process got."""
        before = Files.values(self, site)
        return [key for key, value in self.values(site).items() if before.get(key, value) != value]

    def folder(self, environment: Environment, revision: str) -> Path:
        """Return a folder in memory."""
        return memory_of(environment) / f"secrets-{revision}"

    def missing(self, environment: Environment, keys: list[str]) -> dict[str, bytes]:
        """Decrypt them."""
        values = decrypted(environment) if keys else {}
        return {key: values[key] for key in keys}

    def renew(self, site: Site, revision: str, given: Mapping[str, bytes]) -> dict[str, str]:
        """Write what is given into the file; it is decrypted when a process starts."""
        change(site.environment, given)
        return {}


def memory_of(environment: Environment) -> Path:
    """Return the folder in memory that a process's secrets are in."""
    mark = hashlib.sha256(str(environment.project.root).encode()).hexdigest()[:12]
    return memory_folder() / f"{mark}-{environment.label}"


def forget(environment: Environment) -> None:
    """Take what was decrypted for a process out of memory, whatever its store is by now."""
    with suppress(Failure):  # no folder in memory: nothing was ever put there
        shutil.rmtree(memory_of(environment), ignore_errors=True)
