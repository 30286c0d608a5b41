"""Which log lines are shown, and how; secrets from a file of lines."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from morrow.tool.base.errors import Failure
from morrow.tool.base.words import seconds_of
from morrow.tool.secrets.given import lines_in
from morrow.tool.targets.lines import Dress
from morrow.tool.targets.target import LogsOptions

ROW = {"time": "2026-01-01T00:00:05Z", "level": "info", "logger": "shop", "message": "sold"}


def shown(options: LogsOptions, *lines: object, after: float = 0.0) -> list[str]:
    dress = Dress(options, after=after, mark=False)
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    return [text for line in texts if (text := dress("x", line)) is not None]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("5m", 300), ("1h30m", 5400), ("2d", 172800), ("", None), ("soon", None),
     ("5 m", None), ("-5m", None), ("1.5h", None)],
)  # fmt: skip
def test_times(text: str, seconds: float | None) -> None:
    assert seconds_of(text) == seconds


def test_a_level_keeps_what_is_as_grave_and_the_lines_that_go_with_it() -> None:
    stack, loud = "  File x", {**ROW, "level": "ERROR"}
    lines = (ROW, "plain", loud, stack, {"severity": "WARN", "msg": "m"}, {"level": 50}, "[1]")
    level = LogsOptions(level="error")
    assert shown(level, *lines) == [json.dumps(loud), stack, '{"level": 50}', "[1]"]
    assert len(shown(LogsOptions(level="warning"), *lines)) == 5
    assert len(shown(LogsOptions(), *lines)) == len(lines)
    assert shown(level, "first, before any level") == []


def test_since_keeps_what_is_young_and_what_says_no_time() -> None:
    old, young = {**ROW, "message": "old"}, {**ROW, "time": "2026-01-02T00:00:00Z"}
    moment = 1767300000.0  # 2026-01-01T20:40:00Z
    told = shown(LogsOptions(), old, "its stack", young, "with it", after=moment)
    assert told == [json.dumps(young), "with it"]
    assert shown(LogsOptions(), {"ts": 1767300001500, "msg": "ms"}, after=moment) != []
    assert shown(LogsOptions(), {"ts": 1767299999, "msg": "s"}, after=moment) == []


def test_pretty_is_a_line_for_people_and_leaves_what_is_no_json(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TZ", "UTC")
    row = {**ROW, "order": "A-1", "stack": "Traceback\n  x"}
    (text, plain, broken) = shown(LogsOptions(pretty=True), row, "plain", '{"half": ')
    assert text.endswith(" info    shop: sold order=A-1\nTraceback\n  x")
    assert (plain, broken) == ("plain", '{"half": ')
    marked = Dress(LogsOptions(pretty=True))("web-1", json.dumps(row))
    assert marked is not None
    assert [line[:8] for line in marked.split("\n")] == ["[web-1] "] * 3


def test_secrets_of_a_file_are_as_they_stand_there(tmp_path: Path) -> None:
    file = tmp_path / "secrets.env"
    text = "\ufeff# why\nexport A='x # y' # z\r\nB = plain # note\nC=a#b=c\nD=\"1\\n2\"\nE=$A\nF=\n"
    text += "G=a\u2028b\n"  # no line ends there
    file.write_text(text, encoding="utf-8")
    found = {key: value.decode() for _, key, value in lines_in(file)}
    assert found == {
        "A": "x # y",
        "B": "plain",
        "C": "a#b=c",
        "D": "1\n2",
        "E": "$A",
        "F": "",
        "G": "a\u2028b",
    }


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"A=1\nnot-a-pair canary\n", ":2"),
        (b"A=1\nB='canary\nC=lines'\n", ":2"),
        (b"# no\n", ""),
        ("A=canary\n".encode("utf-16"), ""),  # as PowerShell writes it
    ],
)
def test_a_bad_file_of_secrets_is_told_by_its_line_only(
    tmp_path: Path, content: bytes, line: str
) -> None:
    file = tmp_path / "secrets.env"
    file.write_bytes(content)
    with pytest.raises(Failure) as told:
        lines_in(file)
    (wrong,) = told.value.problems
    assert (wrong.code, wrong.object) == ("secrets-file", f"{file}{line}")
    assert "canary" not in str(told.value)
