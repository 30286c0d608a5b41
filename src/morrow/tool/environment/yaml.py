"""Read one values file strictly: every value with its line, nothing that readers take differently.

PyYAML follows YAML 1.1, Helm a Go reader, Terraform another: `12:30`, `0777`, `1e3`, `on` or a
date mean different things to them. Such plain scalars are refused ("quote it").
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from morrow.tool.base.errors import Problem, problem

Path_ = tuple[str | int, ...]  # the way from the root to one value

NULLS = {"", "~", "null"}
TAG = re.compile(r"(&\S+\s+)?!")
INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,14})$")
DECIMAL = re.compile(r"-?(0|[1-9][0-9]{0,14})\.[0-9]{1,15}$")
# What at least one reader does not take as text.
AMBIGUOUS = re.compile(
    r"""(?ix)
    [-+]?[0-9._][0-9_]*(\.[0-9_]*)?(e[-+]?[0-9]+)?$  # numbers as some write them: 0777 1_000 1e3
    | [-+]?0[xob][0-9a-f_]+$
    | [-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?$  # 12:30 is 750 to YAML 1.1
    | [-+]?\.(inf|nan)$
    | [0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt\ ].*)?$
    | (y|yes|n|no|on|off|true|false|null)$
    | = | <<
    """
)

# What PyYAML says, and what it means.
PLAIN_CAUSES = (
    ("mapping values are not allowed", "a `:` where no key can be: quote the value, or fix the"
     " indentation"),
    ("expected ',' or ']'", "a `[` is not closed by `]`"),
    ("expected ',' or '}'", "a `{` is not closed by `}`"),
    ("unexpected end of stream", "a quote is not closed"),
    ("expected '-' indicator", "a key stands where the list above goes on: fix the indentation"),
    ("expected key", "the line is not indented as the keys above it"),
)  # fmt: skip


@dataclass
class ValuesFile:
    """The values of one file, the line of each, and what is wrong with it."""

    file: Path
    readable: bool = True
    values: dict[str, Any] = field(default_factory=dict)
    lines: dict[Path_, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def read(file: Path, shown: str = "", text: str | None = None) -> ValuesFile:
    """Read a values file, or what it shall hold; what is wrong with it stands in `problems`."""
    result = ValuesFile(file)
    shown = shown or str(file)
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        text = file.read_text(encoding="utf-8") if text is None else text
        documents = list(yaml.compose_all(text, loader))
    except (yaml.YAMLError, UnicodeDecodeError) as wrong:
        mark = getattr(wrong, "problem_mark", None)
        place = f"{shown}:{mark.line + 1}" if mark else shown
        result.readable = False
        result.problems.append(
            problem("environment-syntax", place, _cause(text or "", wrong), file=place)
        )
        return result
    if not documents or documents[0] is None:
        return result
    if len(documents) > 1 or not isinstance(documents[0], yaml.MappingNode):
        cause = "one mapping of keys to values is expected"
        result.readable = False
        result.problems.append(problem("environment-syntax", shown, cause, file=shown))
        return result
    result.values = _Reader(result, text, shown).value(documents[0], ())
    return result


def _cause(text: str, wrong: Exception) -> str:
    """Say what YAML's reader found, for people who do not know how it reads."""
    reason = str(getattr(wrong, "problem", None) or wrong)
    mark = getattr(wrong, "problem_mark", None)
    if mark is None:
        return reason
    line = text.splitlines()[mark.line] if mark.line < len(text.splitlines()) else ""
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return "the line is indented by a tab; YAML takes spaces only"
    if "cannot start any token" in reason:
        return f"a value cannot begin with {line[mark.column : mark.column + 1]}: quote it"
    return next((cause for sign, cause in PLAIN_CAUSES if sign in reason), reason)


class _Reader:
    def __init__(self, result: ValuesFile, text: str, shown: str) -> None:
        self.result = result
        self.text = text
        self.shown = shown

    def value(self, node: yaml.Node, path: Path_) -> Any:  # noqa: ANN401 - what YAML holds
        self.result.lines[path] = node.start_mark.line + 1
        if isinstance(node, yaml.ScalarNode):
            return self.scalar(node, dotted(path))
        self.refuse_tag(node, dotted(path))
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, (*path, i)) for i, item in enumerate(node.value)]
        assert isinstance(node, yaml.MappingNode)  # noqa: S101 - there is no fourth kind
        return self.mapping(node, path)

    def mapping(self, node: yaml.MappingNode, path: Path_) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self.refuse(key_node, dotted(path), "a key that is not text", '"key": value')
                continue
            key = self.scalar(key_node, f"a key in {dotted(path) or 'the root'}")
            if not isinstance(key, str):
                written = key_node.value
                self.refuse(
                    key_node, f"the key {written}", f"{written} is not text", f'"{written}"'
                )
                key = written
            if key in values:
                place = self.place(key_node)
                self.result.problems.append(
                    problem("environment-syntax", place, f"{key} is given twice", file=place)
                )
            values[key] = self.value(value_node, (*path, key))
            self.result.lines[(*path, key)] = key_node.start_mark.line + 1
        return values

    def scalar(self, node: yaml.ScalarNode, name: str) -> Any:  # noqa: ANN401 - what YAML holds
        text: str = node.value
        self.refuse_tag(node, name)
        if node.style:  # quoted or a block (plain is None or "", by the reader)
            return text
        if text in NULLS:
            return None
        if text in ("true", "false"):
            return text == "true"
        if INTEGER.match(text) and text != "-0":
            return int(text)
        if DECIMAL.match(text):
            return float(text)
        if AMBIGUOUS.match(text):
            self.refuse(node, name, f"{text} means different things to YAML readers", f'"{text}"')
        return text

    def refuse_tag(self, node: yaml.Node, name: str) -> None:
        """Refuse an explicit tag: nobody needs one, and readers differ."""
        if TAG.match(self.text, node.start_mark.index):
            self.refuse(node, name, f"the tag {node.tag}", "and take the tag out")

    def refuse(self, node: yaml.Node, name: str, cause: str, quoted: str) -> None:
        place = self.place(node)
        self.result.problems.append(
            problem("environment-ambiguous", name, cause, file=place, quoted=quoted)
        )

    def place(self, node: yaml.Node) -> str:
        return f"{self.shown}:{node.start_mark.line + 1}"


def dotted(path: Path_) -> str:
    """Return a path as people write it: config.LOG_LEVEL, volumes[0].name."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text
