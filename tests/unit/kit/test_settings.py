"""Declarations: loading, refusals, places, schema, table."""

from __future__ import annotations

import copy
import json
import logging
import os
import pickle
from contextlib import suppress
from pathlib import Path
from typing import Literal

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from morrow import Duration, Secret, Settings, Size, Url, setting
from morrow.kit.settings import values
from morrow.kit.settings.loading import SettingsError, masked
from tests.unit.kit.shop import GOOD, Shop, problems


@pytest.mark.parametrize(("name", "text", "value"), GOOD)
def test_good_values(name: str, text: str, value: object) -> None:
    loaded = getattr(Shop.load({"TOKEN": "t", name: text}), name.lower())
    assert loaded == value
    assert isinstance(loaded, bool) == isinstance(value, bool)


BAD = [
    ("TOKEN", "", "is missing: set it, such as TOKEN=abc"),
    ("URL", "example.com", "is no URL: write it with scheme and host, such as https://example.com"),
    ("URL", "https://exa mple.com", "is no URL: "),
    ("URL", "https://[::1", "is no URL: "),
    ("URL", "https://h:99999", "is no URL: "),
    ("COUNT", "10 MB", "is no integer: write digits only, such as 10"),
    ("COUNT", "1_0", "is no integer"),
    ("COUNT", "\u0661", "is no integer"),
    ("COUNT", "0", "is below 1"),
    ("COUNT", "100", "is above 99"),
    ("RATIO", "nan", "is no number: write it such as 0.5"),
    ("RATIO", "1e999", "is a number too large"),
    ("RATIO", "1.1", "is above 1"),
    ("WAIT", "30 s", "is no duration: write 250ms, 30s, 5m, 2h or 1d"),
    ("WAIT", "500ms", "is below 1s"),
    ("SIZE", "10mb", "is no size: write 512B, 64KiB, 10MiB or 1GiB"),
    ("SIZE", "0.5B", "is no whole number of bytes"),
    ("LEVEL", "middle", "must be one of low, high"),
    ("STEP", "3", "must be one of 1, 2"),
    ("FLAG", "ture", "is no boolean: write true or false"),
    ("NUMBERS", "1,x", "is no integer"),
    ("NUMBERS", "1,10", "is above 9"),
    ("TOKEN_FILE", "/nonexistent", ""),
]


@pytest.mark.parametrize(("name", "text", "message"), BAD)
def test_bad_values_are_named_and_never_repeated(name: str, text: str, message: str) -> None:
    environ = {"TOKEN": "t", name: text}
    with pytest.raises(SettingsError) as caught:
        Shop.load(environ)
    (one,) = caught.value.problems
    assert one.variable == name.removesuffix("_FILE")
    assert message in one.message
    if len(text) > 4:
        assert text not in str(caught.value).replace("https://example.com", "")


def test_every_problem_comes_at_once() -> None:
    found = problems(TOKEN="", COUNT="x", FLAG="y", LEVEL="z")
    assert set(found) == {"TOKEN", "COUNT", "FLAG", "LEVEL"}
    with pytest.raises(SettingsError, match=r"^4 bad settings: "):
        Shop.load({"COUNT": "x", "FLAG": "y", "LEVEL": "z"})


def test_protected_environment_refuses() -> None:
    assert problems(RISKY="true") == {}
    assert problems(RISKY="false", MORROW_PROTECTED="true") == {}
    assert problems(RISKY="true", MORROW_PROTECTED="true") == {
        "RISKY": "is refused in a protected environment: remove it"
    }


def test_files_and_the_folder(tmp_path: Path) -> None:
    (tmp_path / "..data_1").mkdir()
    (tmp_path / "..data_1/TOKEN").write_text("from the folder\n")
    (tmp_path / "..data").symlink_to("..data_1")
    (tmp_path / "TOKEN").symlink_to("..data/TOKEN")
    folder = {"MORROW_SECRETS_DIR": str(tmp_path)}
    assert Shop.load(folder).token.reveal() == "from the folder"
    named = tmp_path / "elsewhere"
    named.write_bytes(b"\xef\xbb\xbfline\r\n")
    assert Shop.load({"TOKEN_FILE": str(named)}).token.reveal() == "line"
    named.write_bytes(b"one\r\ntwo\rthree\n")
    assert Shop.load({"TOKEN_FILE": str(named)}).token.reveal() == "one\r\ntwo\rthree"
    assert problems(TOKEN="t", **folder) == {
        "TOKEN": "is given twice, by TOKEN and MORROW_SECRETS_DIR: keep one"
    }
    assert "TOKEN and TOKEN_FILE" in problems(TOKEN_FILE=str(named))["TOKEN"]
    unreadable = problems(TOKEN="", TOKEN_FILE=str(tmp_path / "nowhere"))["TOKEN"]
    assert unreadable == "cannot be read: TOKEN_FILE: No such file or directory"
    named.write_bytes(b"\xff")
    assert "is no UTF-8 text" in problems(TOKEN="", TOKEN_FILE=str(named))["TOKEN"]
    named.write_text("\n")
    assert "is missing" in problems(TOKEN="", TOKEN_FILE=str(named))["TOKEN"]


def test_links_out_of_the_folder_are_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text("stolen")
    folder = tmp_path / "secrets"
    folder.mkdir()
    (folder / "TOKEN").symlink_to(outside)
    found = problems(TOKEN="", MORROW_SECRETS_DIR=str(folder))
    assert found == {"TOKEN": "is a link that leads out of MORROW_SECRETS_DIR"}


def test_load_reads_and_cleans_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", "once")
    assert Shop.load().token.reveal() == "once"
    assert "TOKEN" not in os.environ


@hypothesis.settings(deadline=None)
@given(st.text())
def test_no_text_breaks_a_parser(text: str) -> None:
    for kind in (int, float, bool, Url, Duration, Size, Literal["a"], list[int]):
        with suppress(values.ValueRefused):
            assert values.parse(kind, text) is not None


@hypothesis.settings(deadline=None)
@given(st.integers(min_value=0, max_value=10**9))
def test_sizes_and_durations_survive_being_written(number: int) -> None:
    assert values.parse(Size, values.render(Size(number))) == number
    assert values.parse(int, values.render(number)) == number


def test_what_the_page_of_settings_says_of_types_holds() -> None:
    class Wide(Settings):
        levels: list[Literal["a", "b"]]
        maybe: int | None

    assert Wide.load({"LEVELS": "a, b"}) == Wide(levels=["a", "b"], maybe=None)
    assert Wide.load({"LEVELS": "a", "MAYBE": "3"}).maybe == 3
    with pytest.raises(SettingsError, match=r"^1 bad setting: LEVELS must be one of a, b"):
        Wide.load({"LEVELS": "a,c"})


def test_declarations_that_cannot_work_are_refused() -> None:
    with pytest.raises(TypeError, match=r"Bad\.x: a setting cannot have the type dict"):

        class Bad(Settings):
            x: dict[str, str]

    with pytest.raises(TypeError, match="a minimum needs a number, not text"):

        class Bound(Settings):
            x: str = setting("", minimum=1)

    assert not values.is_supported(int | str)
    assert not values.is_supported(list[Secret])


def test_secret_shows_itself_only_when_asked(caplog: pytest.LogCaptureFixture) -> None:
    secret = Secret("canary")
    settings = Shop.load({"TOKEN": "canary"})
    logging.getLogger("test").warning("%s %r", secret, settings)
    shown = [repr(secret), str(secret), f"{secret}", f"{secret:>20}", "%s" % secret]  # noqa: UP031
    shown += [
        repr(settings),
        str(settings),
        caplog.text,
        json.dumps(masked(settings)),
        str([secret]),
    ]
    shown += [repr(copy.copy(secret)), repr(copy.deepcopy(settings)), str(vars(settings))]
    assert not [text for text in shown if "canary" in text]
    assert secret.reveal() == "canary"
    for dump in (pickle.dumps, json.dumps):
        with pytest.raises(TypeError, match=r"cannot be pickled|not JSON serializable"):
            dump(secret)
    with pytest.raises(AttributeError, match="cannot be changed"):
        secret.value = "x"
    assert {secret: 1}[Secret("canary")] == 1
    assert bool(secret)
    assert not Secret("")
    assert secret != "canary"


def test_failed_assert_shows_no_secret() -> None:
    text = "can" + "ary"
    one, other = Secret(text), Secret("other")
    with pytest.raises(AssertionError) as caught:
        assert one == other, one
    assert text not in str(caught.value)
    with pytest.raises(AssertionError) as caught:
        assert vars(Shop.load({"TOKEN": text})) == {}
    assert text not in str(caught.value)
