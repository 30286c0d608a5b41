"""`init` where it was before: what is new goes into the files that are there; all else stays."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from morrow import __version__
from morrow.tool.environment.edit import edited
from morrow.tool.init.write import MADE, Draft

PIN = re.compile(r'(?m)^(ARG MORROW="morrow\[serve\]==)[^"]+"')


def again(root: Path, files: Mapping[str, str]) -> list[Draft]:
    """Return what an older `init` did not write into files that are there: `files` are today's."""
    texts, ends = {}, {}
    for path in files:
        if (root / path).is_file():
            texts[path] = (root / path).read_bytes().decode("utf-8", errors="surrogateescape")
            ends[path] = "\r\n" if "\r\n" in texts[path] else "\n"
            texts[path] = texts[path].replace("\r\n", "\n")
    new = dict(texts)
    base, local = "environments/base.yaml", "environments/local.yaml"
    if base in texts:
        known = "\n".join(
            file.read_text(encoding="utf-8", errors="replace")
            for file in sorted((root / "environments").glob("*.yaml"))
        )
        wanted = _missing(yaml.safe_load(files[base]), known)
        new[base] = _with(texts[base], wanted)
        if local in texts:
            new[local] = _local(texts[local], yaml.safe_load(files[local]), wanted, new[base])
    if MADE in texts.get("Dockerfile", ""):
        new["Dockerfile"] = PIN.sub(rf'\g<1>{__version__}"', texts["Dockerfile"])
    return [
        Draft(path, text.replace("\n", ends[path]), "added to")
        for path, text in new.items()
        if text != texts[path] and _safe(path, text)
    ]


def _missing(today: dict[str, Any], known: str) -> dict[str, Any]:
    """Return what no environment file says, not even in a comment: what is named is decided."""

    def unsaid(name: str) -> bool:
        return not re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", known)

    keys = (today.get("secrets") or {}).get("keys") or []
    return {
        "config": {key: one for key, one in (today.get("config") or {}).items() if unsaid(key)},
        "keys": [key for key in keys if unsaid(key)],
        "secrets": today.get("secrets") or {},
        "processes": {
            name: one for name, one in (today.get("processes") or {}).items() if unsaid(name)
        },
    }


def _with(text: str, wanted: dict[str, Any]) -> str:
    """Return the base file with it."""
    for key, value in wanted["config"].items():
        text = edited(text, "config", key, value)
    if wanted["keys"]:
        if not re.search(r"(?m)^secrets:", text):
            way = {key: one for key, one in wanted["secrets"].items() if key != "keys"}
            text = text.rstrip("\n") + "\n" + yaml.safe_dump({"secrets": {**way, "keys": []}})
        text = _keyed(text, wanted["keys"])
    if wanted["processes"]:
        block = yaml.safe_dump(wanted["processes"], sort_keys=False, default_flow_style=None)
        lines = "".join(f"  {line}\n" for line in block.splitlines())
        if re.search(r"(?m)^processes:[ \t]*(#.*)?$", text):
            return re.sub(r"(?m)^(processes:.*\n)", lambda at: at[1] + lines, text, count=1)
        text = f"{text.rstrip()}\nprocesses:\n{lines}"
    return text


def _keyed(text: str, keys: list[str]) -> str:
    """Return it with more names under `secrets.keys`."""
    if flow := re.search(r"\bkeys:\s*\[([^\]]*)\]", text):
        named = ", ".join(filter(None, [flow[1].strip().rstrip(","), *keys]))
        return text[: flow.start(1)] + named + text[flow.end(1) :]
    if block := re.search(r"(?m)^([ \t]+)keys:[ \t]*(?:#.*)?\n((?:[ \t]*(?:-.*|#.*)\n)*)", text):
        indent = re.match(r"[ \t]*", block[2] or f"{block[1]}  ")
        lines = "".join(f"{indent and indent[0]}- {key}\n" for key in keys)
        return text[: block.end()] + lines + text[block.end() :]
    return re.sub(r"(?m)^secrets:\n", f"secrets:\n  keys: [{', '.join(keys)}]\n", text, count=1)


def _local(text: str, today: dict[str, Any], wanted: dict[str, Any], base: str) -> str:
    """Return this machine's file with what is new in it."""
    here = today.get("config") or {}
    for key in (*wanted["config"], *wanted["keys"]):
        if key in here:
            text = edited(text, "config", key, here[key])
    if wanted["keys"]:
        mine = [key for key in wanted["keys"] if key not in here]
        if re.search(r"\bkeys:", text):
            text = _keyed(text, mine) if mine else text
        elif len(mine) < len(wanted["keys"]):  # some are plain on this machine: a list of its own
            every = yaml.safe_load(base)["secrets"]["keys"]
            left = ", ".join(key for key in every if key not in here)
            text = f"{text.rstrip()}\nsecrets:\n  keys: [{left}]\n"
    for name, one in (today.get("processes") or {}).items():
        if one is None and name in wanted["processes"]:
            text = edited(text, "processes", name, None)
    return text


def _safe(path: str, text: str) -> bool:
    try:
        return path == "Dockerfile" or isinstance(yaml.safe_load(text), dict)
    except yaml.YAMLError:
        return False
