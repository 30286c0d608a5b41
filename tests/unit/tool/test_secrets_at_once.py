"""Two commands change one environment's secrets at once: neither takes away what the other wrote.

The other one comes between: after this one has read the files, before it has the lock.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from morrow.tool.base.errors import Failure, problem
from morrow.tool.rules.open import VALID, open_site
from morrow.tool.secrets.change import rotate
from morrow.tool.stores.store import store_of
from morrow.tool.targets.process.target import Process
from tests.unit.tool import sealing
from tests.unit.tool.command import MORROW
from tests.unit.tool.sealing import Sealed

SET = ("secrets", "set", "local", "API_TOKEN")


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sealed:
    made = Sealed(tmp_path / "project", sealing.identity(tmp_path / "me.txt"))
    assert made.morrow(*SET, stdin="first").code == 0
    monkeypatch.chdir(made.folder)
    for name, value in sealing.variables(made.who).items():
        monkeypatch.setenv(name, value)
    return made


def held_by(shop: Sealed) -> dict[str, bytes]:
    site = open_site("local", None, VALID)
    return store_of(site.environment).values(site)


@pytest.mark.parametrize("code", ["secrets-overtaken", "environment-locked"])
@pytest.mark.parametrize("provider", ["sops", "generated"])
def test_what_was_written_meanwhile_stays(
    shop: Sealed, monkeypatch: pytest.MonkeyPatch, code: str, provider: str
) -> None:
    if provider == "generated":
        assert shop.morrow("secrets", "move", "local", "--to", provider).code == 0
    changing: Callable[..., Any] = Process.changing

    @contextmanager
    def overtaken(*words: Any, **more: Any) -> Iterator[None]:
        assert shop.morrow(*SET, stdin="theirs").code == 0
        if code == "environment-locked":
            raise Failure(problem(code, "local", "held", holder="another", command="kill 1"))
        with changing(*words, **more):
            yield

    site = open_site("local", None, VALID)
    monkeypatch.setattr(Process, "changing", overtaken)
    with pytest.raises(Failure) as caught:
        rotate(site, ["API_TOKEN"], None)
    assert caught.value.problems[0].code == code
    assert held_by(shop) == {"API_TOKEN": b"theirs"}
    monkeypatch.setattr(Process, "changing", changing)
    rotate(open_site("local", None, VALID), ["API_TOKEN"], None)
    assert held_by(shop) != {"API_TOKEN": b"theirs"}, "the control: nobody comes between"


def test_an_editor_that_was_open_meanwhile_writes_over_nothing(
    shop: Sealed, tmp_path: Path
) -> None:
    editor = tmp_path / "editor"
    command = shlex.join([*MORROW, *SET])
    editor.write_text(f'#!/bin/sh\necho theirs | {command} >&2\nsed -i s/first/mine/ "$1"\n')
    editor.chmod(0o755)
    told = shop.morrow("secrets", "edit", "local", "--json", EDITOR=str(editor))
    assert (told.code, told.problem["code"]) == (2, "secrets-overtaken"), told
    assert held_by(shop) == {"API_TOKEN": b"theirs"}
