"""sops: values enter and leave it by pipes; on the disk there is ciphertext only.

How others use it: `sops = Sops(file)`, then `sops.values()`, `sops.write({KEY: value})`,
`sops.edit()`, `sops.rekey()`, `sops.recipient_differences()`. What `sealed` says of a file needs
no program.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from morrow.tool.base.errors import Failure, Problem, problem
from morrow.tool.base.files import draft_folder, draft_of
from morrow.tool.base.terminal import terminal
from morrow.tool.programs import runner
from morrow.tool.programs.runner import Result

NO_KEY, BAD_MAC, UNCHANGED, NO_EDITOR = 128, 51, 200, 201  # exit codes
# Where nobody can be asked, sops would open what it cannot read again and again.
_ONCE = 'mkdir "$0" 2>/dev/null && eval "$1 \\"\\$2\\""'
# What it says of a rule or of a recipient that a rule names.
_BAD_RULE = r"error loading config|compile regexp|as Bech32|new data key|generate data key"
# What each kind of recipient calls itself in the file.
NAMED_BY = {"age": "recipient", "kms": "arn", "gcp_kms": "resource_id", "pgp": "fp"}
NAMED_BY |= {"azure_kv": "vault_url", "hc_vault": "vault_address"}
# Why it could not read an identity that is named, once its lines are joined.
_BAD_IDENTITY = r"Errors while loading age identities: (.+?)\. Did not"
DATE = ",type:time]"
_AS_YAML = ("--input-type", "yaml", "--output-type", "yaml")


@dataclass(frozen=True)
class Sealed:
    """What can be read of a file without a key."""

    keys: tuple[str, ...]  # that have a value
    plain: tuple[str, ...]  # whose value everybody can read
    recipients: tuple[str, ...]
    changed: str  # when, as sops wrote it
    dates: tuple[str, ...] = ()  # whose value sops took for a date, and writes in its own way
    broken: str = ""  # why it can be read as nothing, though sops encrypted values in it

    @property
    def fault(self) -> tuple[str, str] | None:
        """Return why it is no file of sops' that hides every value: a code, and the cause."""
        if self.broken:  # a merge that was left half-way, say
            return "secrets-altered", self.broken
        if self.recipients and not self.plain:
            return None
        return (
            "secrets-plain",
            f"not encrypted: {', '.join(self.plain) or 'sops has never seen it'}",
        )


def is_there(file: Path) -> bool:
    """Tell whether there is a file with anything in it: an empty one is as good as none."""
    return file.is_file() and bool(file.read_bytes().strip())


def sealed(file: Path) -> Sealed:
    """Read a file as anybody can."""
    return _read(file.read_bytes())


def _read(content: bytes) -> Sealed:
    import yaml

    broken = ""
    try:
        document = yaml.safe_load(content)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        document, mark = None, getattr(error, "problem_mark", None)
        if b"ENC[AES256_GCM," in content:
            broken = f"no YAML any more{f', line {mark.line + 1}' if mark else ''}"
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
    changed = str(metadata.get("lastmodified") or "")
    dates = [key for key, all_ in values.items() if any(one.endswith(DATE) for one in all_)]
    return Sealed(keys, tuple(plain), recipients, changed, tuple(dates), broken)


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
        dates = sealed(self.file).dates
        wrong = [key for key, one in content.items() if key in dates or not isinstance(one, str)]
        if wrong:
            cause = f"the value of {', '.join(wrong)} is not text: quote it"
            label = self.file.name.removesuffix(".secrets.yaml")
            raise Failure(problem("secrets-shape", self.shown, cause, environment=label))
        return {key: value.encode() for key, value in content.items()}

    def write(self, given: Mapping[str, bytes]) -> None:
        """Set values, whole or not at all; the file is made where it is missing."""
        texts = {key: value.decode() for key, value in given.items()}
        with draft_of(self.file) as draft:
            if is_there(self.file):
                shutil.copyfile(self.file, draft)
                # First without a value: its rule may leave a key in clear text.
                known = sealed(draft).keys
                self._set(draft, {key: "-" for key in texts if key not in known})
                self._require_hidden(draft.read_bytes())
                self._set(draft, texts)
            else:
                make = ("encrypt", "--input-type", "json", "--output-type", "yaml")
                name = ("--filename-override", str(self.file))
                made = self._check(*make, *name, input=json.dumps(texts))
                self._require_hidden(made.encode())
                draft.write_text(made)

    def _set(self, draft: Path, texts: Mapping[str, str]) -> None:
        change = ("set", "--value-stdin", "--idempotent", *_AS_YAML, str(draft))
        for key, text in texts.items():
            self._check(*change, f"[{json.dumps(key)}]", input=json.dumps(text))

    def _require_hidden(self, content: bytes) -> None:
        """Refuse a rule that hides only some keys, before a value is written by it."""
        if plain := _read(content).plain:
            cause = (
                f"its rule leaves {', '.join(plain)} in clear text (encrypted_regex or the like)"
            )
            raise Failure(problem("secrets-rule", self.shown, cause, file=self.shown))

    def edit(self) -> bool:
        """Open it in the person's editor, its draft in memory; whether it was changed."""
        with draft_folder("edit") as folder:
            editor = next(filter(None, map(os.environ.get, ("SOPS_EDITOR", "EDITOR"))), "")
            if not editor and not sys.stdin.isatty():  # sops would open vim, and show it in a log
                cause = "none is named, and there is no terminal to open one in"
                raise Failure(problem("editor-failed", "EDITOR", cause))
            before, copy = self.file.read_bytes(), folder / self.file.name
            copy.write_bytes(before)
            words = (runner.find("sops"), "edit", *_AS_YAML, str(copy))
            terminal.command(f"sops edit {self.shown}")
            variables = {**os.environ, "TMPDIR": str(folder)}
            if editor and not sys.stdin.isatty():
                once = ("sh", "-c", _ONCE, f"{folder}/asked", editor)
                variables["SOPS_EDITOR"] = shlex.join(once)
            where = self.file.parent
            done = subprocess.run(words, env=variables, cwd=where, check=False, close_fds=False)
            code = done.returncode
            if code == 0:
                self._replace(before, copy.read_bytes())
        if code == NO_EDITOR:
            cause = "it is not there, ended with an error, or left what sops cannot read"
            raise Failure(problem("editor-failed", editor or "EDITOR", cause))
        if code not in (0, UNCHANGED):
            raise self._failure(Result(("sops", "edit", str(self.file)), code, "", ""))
        return code == 0

    def _replace(self, before: bytes, after: bytes) -> None:
        """Write what was edited, unless another command wrote a rotation's values meanwhile."""
        if self.file.read_bytes() != before:
            cause = "another command wrote it while it was edited; what was typed is not kept"
            raise Failure(problem("secrets-overtaken", self.shown, cause))
        with draft_of(self.file) as draft:
            draft.write_bytes(after)

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
            said = " ".join(re.sub(r"\n\s*\|", " ", done.err).split())
            unread = "".join(f" ({why})" for why in re.findall(_BAD_IDENTITY, said))
            cause = f"there is no identity here that opens it{unread}; those of {who} do"
            return problem("secrets-no-identity", self.shown, cause, details=lines)
        if done.code == BAD_MAC:
            cause = "its MAC is wrong: something other than sops changed it"
            return problem("secrets-altered", self.shown, cause, file=self.shown)
        if "no matching creation rules" in done.err or "config file not found" in done.err:
            return problem("secrets-no-rule", self.shown, cause, file=self.shown)
        if bad := re.findall(rf".*(?:{_BAD_RULE}).*", done.err):
            return problem("secrets-rule", self.shown, bad[0], file=self.shown, details=lines)
        return problem(
            "program-failed", "sops", f"exit code {done.code}: {cause}",
            details=lines, command=done.line,
        )  # fmt: skip
