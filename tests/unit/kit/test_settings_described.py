"""What settings say of themselves: schema, check, example, and where they are found."""

from __future__ import annotations

import pytest

from morrow import Settings
from morrow.kit.serving.target import load_settings_class
from morrow.kit.settings import description
from morrow.kit.settings.own_settings import KitSettings, unknown
from morrow.kit.settings.problem import StartError
from tests.unit.kit.shop import GOOD, Shop


def test_unknown_names_of_ours_are_refused() -> None:
    known = {"MORROW_PORT": "1", "MORROW_PORT_FILE": "x", "MORROW_CONTEXT": "c", "OTHER": ""}
    assert list(unknown(known)) == []
    assert [one.message for one in unknown({"MORROW_QQQQ": ""})] == ["is not known: remove it"]

    class Own(Settings):
        morrow_shop: str

    assert list(unknown({"MORROW_SHOP": ""}, Own)) == []


def test_schema_says_what_the_loader_does() -> None:
    import jsonschema

    told = description.schema(Shop)
    jsonschema.Draft7Validator.check_schema(told)
    assert told["description"] == "What the shop reads."
    assert told["required"] == ["TOKEN"]
    assert told["properties"]["TOKEN"]["x-morrow-secret"] is True
    assert "default" not in told["properties"]["TOKEN"]
    assert told["properties"]["WAIT"]["default"] == "30s"
    assert told["properties"]["RISKY"]["x-morrow-unprotected-only"] is True
    assert told["properties"]["COUNT"]["x-morrow-maximum"] == 99
    for name, text, _ in GOOD:
        if text:
            jsonschema.validate({"TOKEN": "t", name: text}, told)
    for name, text in (("COUNT", "x"), ("LEVEL", "middle"), ("WAIT", "30 s")):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({"TOKEN": "t", name: text}, told)

    class Silent(Settings):
        x: int = 1

    assert description.schema(Silent)["description"] == ""


def test_check_judges_what_is_not_set_yet() -> None:
    said: set[str] = set()

    def judged(values: dict[str, str], *secrets: str) -> set[tuple[str, str]]:
        answer = description.check(Shop, {"values": values, "secrets": list(secrets)})
        said.update(one["message"] for one in answer["problems"])
        return {(one["variable"], one["code"]) for one in answer["problems"]}

    assert judged({}, "TOKEN") == set()
    assert judged({}) == {("TOKEN", "setting-missing")}
    assert judged({"COUNT": "0"}, "TOKEN") == {("COUNT", "setting-bounds")}
    assert judged({"CUONT": "1"}, "TOKEN") == {("CUONT", "setting-undeclared")}
    assert judged({"TOKEN": "open"}) == {("TOKEN", "setting-open-secret")}
    assert judged({"COUNT": "1"}, "TOKEN", "COUNT") == {("COUNT", "setting-twice")}
    assert judged({}, "TOKEN", "OTHER") == {("OTHER", "setting-undeclared")}
    assert judged({"MORROW_DRAIN": "x"}, "TOKEN") == {("MORROW_DRAIN", "setting-malformed")}
    assert judged({"MORROW_X": "x"}, "TOKEN") == {("MORROW_X", "setting-unknown")}
    assert said >= {
        "is a secret: move it to the secrets",
        "is not read by the service",
        "is given twice: as value and as secret",
    }


def test_example_env_can_be_read_back() -> None:
    example = description.example_env(Shop)
    assert "\nTOKEN=abc\n" in "\n" + example
    assert "# COUNT=10\n" in example
    given_back = dict(
        line.removeprefix("# ").split("=", 1) for line in example.splitlines() if "=" in line
    )
    assert Shop.load(given_back).count == 10


def test_settings_class_is_found_by_name() -> None:
    assert load_settings_class("hello.app").__name__ == "HelloSettings"
    assert load_settings_class("hello.app:HelloSettings").__name__ == "HelloSettings"
    assert load_settings_class("hello.app:service").__name__ == "HelloSettings"
    assert load_settings_class("morrow.kit.settings.own_settings") is KitSettings
    with pytest.raises(StartError, match="declares none"):
        load_settings_class("json")
    with pytest.raises(StartError, match="is no Settings class"):
        load_settings_class("json:dumps")
