"""What `init` writes, as text; and how it is written: whole or not at all, never over a file."""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from morrow.tool.init.beside import Beside

MADE = "Made by `morrow init`; yours to edit."


@dataclass(frozen=True)
class Draft:
    """One file: its path from the root, its whole text, and what becomes of it."""

    path: str
    text: str
    action: str = "new"  # new | added to | kept


def quoted(text: str) -> str:
    """Return a YAML string that every reader takes alike."""
    return json.dumps(text, ensure_ascii=False)


def mapping(values: Mapping[str, str | None], indent: str = "  ") -> list[str]:
    """Return the lines of a map of strings; None takes away what an earlier file says."""
    said = {name: "null" if value is None else quoted(value) for name, value in values.items()}
    return [f"{indent}{name}: {value}" for name, value in said.items()]


def processes(found: list[Beside], kit: bool) -> list[str]:
    """Return the lines of `processes`; in an image with the kit under its own command."""
    lines = ["processes:"] if found else []
    for one in found:
        verb = "task" if one.kind == "job" else "worker"
        words = ["python", "-m", "morrow", verb, "--", *one.command] if kit else list(one.command)
        lines += [f"  # {one.why}", f"  {one.name}:", f"    kind: {one.kind}"]
        lines += [f"    command: {json.dumps(words, ensure_ascii=False)}"]
    return lines


def dns_label(text: str) -> str:
    """Return a name that Kubernetes takes for an object."""
    name = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    name = re.sub(r"^[^a-z]+", "", name)[:40].rstrip("-")
    return name or "service"


def table(app: str, source: str, path: str, status: int) -> str:
    """Return the keys of [tool.morrow], without its head."""
    lines = [f"app = {quoted(app)}"]
    lines += [f"source = {quoted(source)}"] if source else []
    lines += ["", "# What `morrow verify` asks of the running service.", "[[{}verify.checks]]"]
    lines += [f"path = {quoted(path)}"] + ([f"status = {status}"] if status not in (0, 200) else [])
    return "\n".join(lines) + "\n"


def project_draft(root: Path, keys: str) -> Draft:
    """Add the table to pyproject.toml, or make morrow.toml where that cannot be."""
    file = root / "pyproject.toml"
    head = "# Where things are, for the command `morrow`."
    if file.is_file():
        raw = file.read_bytes()
        try:
            old = raw.decode("utf-8")
            tool = tomllib.loads(old).get("tool", {})
            new = "\n[tool.morrow]\n" + keys.replace("{}", "tool.morrow.")
            text = old + ("" if old.endswith("\n") or not old else "\n") + f"\n{head}{new}"
            text = text.replace("\r\n", "\n").replace("\n", "\r\n") if "\r\n" in old else text
            if isinstance(tool, dict) and "morrow" not in tool:
                tomllib.loads(text)
                return Draft("pyproject.toml", text, "added to")
        except (UnicodeDecodeError, tomllib.TOMLDecodeError):
            pass
    return Draft("morrow.toml", f"{head}\n{keys.replace('{}', '')}")


def ignored(root: Path, lines: tuple[str, ...]) -> Draft | None:
    """Add what Git must not see to .gitignore."""
    file = root / ".gitignore"
    old = file.read_bytes().decode("utf-8", errors="surrogateescape") if file.is_file() else ""
    there = {line.strip().rstrip("/").lstrip("/") for line in old.splitlines()}
    missing = [line for line in lines if line.rstrip("/") not in there]
    if not missing:
        return None
    end = "\r\n" if "\r\n" in old else "\n"
    text = old + ("" if old.endswith("\n") or not old else end) + "".join(m + end for m in missing)
    return Draft(".gitignore", text, "added to" if old else "new")


def write(root: Path, draft: Draft) -> None:
    """Write a file whole: who is killed here leaves the old one, or the new one."""
    target = root / draft.path
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with part.open("w", encoding="utf-8", errors="surrogateescape", newline="") as opened:
            opened.write(draft.text)
            opened.flush()
            os.fsync(opened.fileno())
        if target.exists():
            part.chmod(target.stat().st_mode & 0o7777)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
