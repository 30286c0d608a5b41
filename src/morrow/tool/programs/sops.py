"""sops: values enter and leave it by pipes; on the disk there is ciphertext only.

How others use it: `sops = Sops(file)`, then `sops.values()`, `sops.write({KEY: value})`,
`sops.edit()`, `sops.rekey()`, `sops.recipient_differences()`. What `sealed` says of a file needs
no program.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from morrow.tool.base import memory
from morrow.tool.base.errors import Failure, Problem, problem
from morrow.tool.base.files import draft_of
from morrow.tool.base.terminal import terminal
from morrow.tool.programs import runner
from morrow.tool.programs.runner import Result

NO_KEY, BAD_MAC, UNCHANGED = 128, 51, 200  # exit codes
# What each kind of recipient calls itself in the file.
NAMED_BY = {"age": "recipient", "kms": "arn", "gcp_kms": "resource_id", "pgp": "fp"}
NAMED_BY |= {"azure_kv": "vault_url", "hc_vault": "vault_address"}
_AS_YAML = ("--input-type", "yaml", "--output-type", "yaml")


@dataclass(frozen=True)
class Sealed:
    """What can be read of a file without a key."""

    keys: tuple[str, ...]  # that have a value
    plain: tuple[str, ...]  # whose value everybody can read
    recipients: tuple[str, ...]
    changed: str  # when, as sops wrote it

    @property
    def encrypted(self) -> bool:
        """Whether it is a file of sops' that hides every value."""
        return bool(self.recipients) and not self.plain


def sealed(file: Path) -> Sealed:
    """Read a file as anybody can."""
    import yaml

    try:
        document = yaml.safe_load(file.read_bytes())
    except (yaml.YAMLError, UnicodeDecodeError):
        document = None
    table: dict[Any, Any] = document if isinstance(document, dict) else {"": document}
    metadata = table.pop("sops", None)
    metadata = metadata if isinstance(metadata, dict) and metadata.get("mac") else {}
    groups = [metadata, *metadata.get("key_groups", [])]
    recipients = tuple(
        str(one.get(name)) for group in groups for kind, name in NAMED_BY.items()
        for one in group.get(kind) or []
    )  # fmt: skip
    hidden = re.compile(r"ENC\[[A-Z0-9_]+,data:")
    values = {str(key): list(_leaves(value)) for key, value in table.items()}
    plain = [key for key, all_ in values.items() if not all(map(hidden.match, filter(None, all_)))]
    keys = tuple(key for key, all_ in values.items() if any(all_))
    return Sealed(keys, tuple(plain), recipients, str(metadata.get("lastmodified") or ""))


def _leaves(value: object) -> Iterator[str]:
    if isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _leaves(one)
    else:
        yield "" if value is None else str(value)


@dataclass(frozen=True)
class Sops:
    """sops on one file, which the project's .sops.yaml has a rule for."""

    file: Path
    shown: str  # its path as people type it

    def values(self) -> dict[str, bytes]:
        """Decrypt it, in memory."""
        done = self._run("decrypt", "--input-type", "yaml", "--output-type", "json", str(self.file))
        if done.code:
            raise self._failure(done)
        content: dict[str, Any] = json.loads(done.out)
        wrong = [key for key, value in content.items() if not isinstance(value, str)]
        if wrong:
            cause = f"the value of {', '.join(wrong)} is not text: quote it"
            raise Failure(problem("secrets-shape", self.shown, cause, file=self.shown))
        return {key: value.encode() for key, value in content.items()}

    def write(self, given: Mapping[str, bytes]) -> None:
        """Set values, whole or not at all; the file is made where it is missing."""
        texts = {key: value.decode() for key, value in given.items()}
        with draft_of(self.file) as draft:
            if self.file.exists():
                shutil.copyfile(self.file, draft)
                change = ("set", "--value-stdin", "--idempotent", *_AS_YAML, str(draft))
                for key, text in texts.items():
                    self._check(*change, f"[{json.dumps(key)}]", input=json.dumps(text))
            else:
                make = ("encrypt", "--input-type", "json", "--output-type", "yaml")
                name = ("--filename-override", str(self.file))
                draft.write_text(self._check(*make, *name, input=json.dumps(texts)))

    def edit(self) -> bool:
        """Open it in the person's editor, its draft in memory; whether it was changed."""
        with memory.draft_folder("edit") as folder:
            words = (runner.find("sops"), "edit", *_AS_YAML, str(self.file))
            terminal.command(f"sops edit {self.shown}")
            environment = {**os.environ, "TMPDIR": str(folder)}
            code = subprocess.run(words, env=environment, cwd=self.file.parent, check=False)
        if code.returncode not in (0, UNCHANGED):
            done = Result(("sops", "edit"), code.returncode, "", "")
            raise self._failure(done)
        return code.returncode == 0

    def rekey(self) -> None:
        """Give it the recipients that .sops.yaml names, and a new key that only they can open."""
        # In this order: who leaves may be the one who does it.
        self._check("rotate", "--in-place", *_AS_YAML, str(self.file))
        self._check("updatekeys", "--yes", "--input-type", "yaml", str(self.file))

    def recipient_differences(self) -> tuple[list[str], list[str]]:
        """Return the recipients that .sops.yaml names and the file lacks, and the other way."""
        words = ("updatekeys", "--input-type", "yaml", str(self.file))
        done = self._run(*words, input="n\n")  # it shows what it would change, and asks
        recipients = [re.findall(rf"^\{sign}{{3}} (\S+)", done.out, re.MULTILINE) for sign in "+-"]
        return recipients[0], recipients[1]

    def _run(self, *words: str, input: str | None = None) -> Result:
        # Its rules are looked for from the folder in which it is called.
        return runner.run("sops", *words, input=input, folder=self.file.parent, timeout=60)

    def _check(self, *words: str, input: str | None = None) -> str:
        done = self._run(*words, input=input)
        if done.code:
            raise self._failure(done)
        return done.out

    def _failure(self, done: Result) -> Failure:
        """Name what went wrong; of what it printed only the errors, which hold no value."""
        lines = tuple(line for line in done.err.strip().splitlines() if line.strip())[-8:]
        cause = lines[-1] if lines else f"sops ended with exit code {done.code}"
        return Failure(self._named(done, cause, lines))

    def _named(self, done: Result, cause: str, lines: tuple[str, ...]) -> Problem:
        if done.code == NO_KEY and self.file.exists():
            listed = sealed(self.file).recipients
            who = ", ".join(listed)
            cause = f"there is no identity here that opens it; those of {who} do"
            return problem("secrets-no-identity", self.shown, cause, details=lines)
        if done.code == BAD_MAC:
            cause = "its MAC is wrong: something other than sops changed it"
            return problem("secrets-altered", self.shown, cause, file=self.shown)
        if "no matching creation rules" in done.err or "config file not found" in done.err:
            return problem("secrets-no-rule", self.shown, cause, file=self.shown)
        return problem(
            "program-failed", "sops", f"exit code {done.code}: {cause}",
            details=lines, command=done.line,
        )  # fmt: skip
