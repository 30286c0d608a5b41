"""AWS Secrets Manager as the tool drives it. The service is moto's, on loopback: not AWS."""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from morrow.tool.base.errors import Failure
from morrow.tool.stores.place import Version, place_of
from morrow.tool.stores.secrets_manager import PATIENCE, SecretsManager
from tests.terraform.aws import account as accounts
from tests.terraform.aws.account import Account

ENTRY, SERVICE = "test/shop", "secretsmanager"
SPEC = {"service": "SecretsManager", "region": accounts.REGION}
NONE = Version("", {})


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    with accounts.running(tmp_path_factory.mktemp("aws")) as running:
        yield running


@pytest.fixture
def there(account: Account, monkeypatch: pytest.MonkeyPatch) -> Account:
    for name, value in account.environment.items():
        monkeypatch.setenv(name, value)
    return account


def code(failure: pytest.ExceptionInfo[Failure]) -> str:
    return failure.value.problems[0].code


def test_a_version_waits_until_it_is_settled_and_old_ones_are_let_go(there: Account) -> None:
    there.ask(SERVICE, "create_secret", Name=ENTRY, SecretString='{"A": "one", "N": 1}')
    place, pin = place_of({"aws": SPEC}, ENTRY, "SecretStore aws")
    assert pin == "uuid/"
    first = place.newest()
    assert first.values == {"A": b"one", "N": b"1"}
    second = place.put({"A": b"two"}, "2", NONE)
    assert place.newest() == first, "nobody reads it yet"
    assert place.version(second).values == {"A": b"two"}
    third = place.put({"A": b"three"}, "3", NONE)
    assert place.make_current(third, ["2", "3"]) == []
    assert place.newest().id == third
    assert place.make_current(third, ["2", "3"]) == [], "done already: nothing to do"
    assert place.make_current(third, ["3"]) == ["2"]
    told = there.ask(SERVICE, "describe_secret", SecretId=ENTRY)["VersionIdsToStages"]
    assert "morrow-2" not in [label for labels in told.values() for label in labels]
    again = place.put({"A": b"four"}, "3", NONE)
    labels = there.ask(SERVICE, "describe_secret", SecretId=ENTRY)["VersionIdsToStages"]
    assert "morrow-3" in labels[again], "the label of a revision that was begun anew moves"


def test_what_else_an_entry_holds_stays_as_it_is(there: Account) -> None:
    table = {"A": "one", "N": 1.5, "T": True, "Z": None, "D": {"a": [1, "é"]}}
    there.ask(SERVICE, "create_secret", Name="mixed", SecretString=json.dumps(table))
    place = SecretsManager(SPEC, "mixed")
    present = place.newest()
    delivered = {"A": "one", "N": "1.5", "T": "true", "Z": "", "D": '{"a": [1, "é"]}'}
    assert {key: value.decode() for key, value in present.values.items()} == delivered
    version = place.put({"A": b"two", "B": b"new"}, "2", present)
    told = there.ask(SERVICE, "get_secret_value", SecretId="mixed", VersionId=version)
    assert json.loads(told["SecretString"]) == table | {"A": "two", "B": "new"}


@pytest.mark.parametrize("given", [{"SecretString": "word"}, {"SecretString": "[1]"},
                                   {"SecretBinary": "e30="}])  # fmt: skip
def test_what_is_no_table_is_named_and_stays(there: Account, given: dict[str, Any]) -> None:
    name = "".join(given.values()).strip("[]=")
    there.ask(SERVICE, "create_secret", Name=name, **given)
    with pytest.raises(Failure) as caught:
        SecretsManager(SPEC, name).newest()
    assert (code(caught), caught.value.exit_code) == ("entry-shape", 2)
    assert "word" not in caught.value.problems[0].cause


def test_an_entry_without_a_version_gets_its_first(there: Account) -> None:
    there.ask(SERVICE, "create_secret", Name="bare")
    place = SecretsManager(SPEC, "bare")
    assert place.newest() == NONE
    first = place.put({"A": b"one"}, "2", place.newest())
    assert place.make_current(first, ["2"]) == []
    assert place.newest() == Version(first, {"A": b"one"}, {"A": "one"})


def test_what_is_missing_is_named_with_the_region(
    there: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Failure) as caught:
        SecretsManager(SPEC, "no/such").newest()
    assert code(caught) == "entry-missing"
    there.ask(SERVICE, "create_secret", Name="here/only", SecretString="{}")
    elsewhere = SecretsManager({**SPEC, "region": "us-east-1"}, "here/only")
    with pytest.raises(Failure) as caught:
        elsewhere.newest()
    assert f"it is in {accounts.REGION}" in caught.value.problems[0].cause
    with pytest.raises(Failure) as caught:
        SecretsManager(SPEC, "here/only").version("0" * 36)
    assert code(caught) == "entry-missing"
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(Failure) as caught:
        SecretsManager(SPEC, ENTRY).newest()
    assert code(caught) == "aws-unreachable"


@pytest.mark.parametrize(
    ("region", "variable", "wanted"),
    [
        (accounts.REGION, "AWS_PROFILE", "aws-login"),
        (accounts.REGION, "AWS_CONFIG_FILE", "aws-login"),
        ("eu west 1", "", "aws-failed"),
        ("", "", "aws-failed"),
    ],
)
def test_what_boto3_cannot_begin_with_is_named(
    region: str, variable: str, wanted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [one for one in os.environ if one.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    if variable:
        monkeypatch.setenv(variable, __file__)
    with pytest.raises(Failure) as caught:
        SecretsManager({**SPEC, "region": region}, ENTRY)
    assert code(caught) == wanted


def test_a_service_that_never_answers_is_given_up_within_half_a_minute(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        for name, value in accounts.variables(address).items():
            monkeypatch.setenv(name, value)
        with pytest.raises(Failure) as caught:
            SecretsManager(SPEC, ENTRY).newest()
    assert code(caught) == "aws-unreachable"
    # What it waits in all, but for what a busy machine takes itself.
    assert PATIENCE["retries"]["total_max_attempts"] * PATIENCE["read_timeout"] < 30


def test_more_than_an_entry_holds_is_refused_by_its_largest_key(there: Account) -> None:
    place = SecretsManager(SPEC, "no/such")
    with pytest.raises(Failure) as caught:
        place.put({"SMALL": b"a", "LARGE": b"b" * 65_530}, "2", NONE)
    found = caught.value.problems[0]
    assert (found.code, found.object, caught.value.exit_code) == ("secret-too-large", "LARGE", 2)
    assert "65,536" in found.cause
    with pytest.raises(Failure) as caught:  # the control: it was asked for
        place.put({"SMALL": b"a", "LARGE": b"b" * 65_000}, "2", NONE)
    assert code(caught) == "entry-missing"


@pytest.mark.parametrize(
    ("answer", "message", "wanted"),
    [
        ("AccessDeniedException", "User: x is not authorized to perform: y", "aws-denied"),
        ("AccessDeniedException", "Access to KMS is not allowed", "kms-denied"),
        ("AccessDeniedException", "User: x/kms is not authorized to perform: y", "aws-denied"),
        ("DecryptionFailure", "the key is disabled", "kms-denied"),
        ("ExpiredTokenException", "the token is old", "aws-login"),
        ("LimitExceededException", "too many", "aws-failed"),
    ],
)
def test_refusals_are_named(
    answer: str, message: str, wanted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """moto refuses nobody; what answers here is a stand-in with AWS's own words."""

    class Refuses(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            text = json.dumps({"__type": answer, "message": message}).encode()
            self.send_response(400)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *words: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Refuses) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for name, value in accounts.variables(f"http://127.0.0.1:{server.server_port}").items():
            monkeypatch.setenv(name, value)
        with pytest.raises(Failure) as caught:
            SecretsManager(SPEC, ENTRY).put({"A": b"canary-51"}, "2", NONE)
        server.shutdown()
    assert code(caught) == wanted
    assert "canary" not in str(caught.value)


def test_a_store_that_the_tool_cannot_write_is_named() -> None:
    with pytest.raises(Failure) as caught:
        place_of({"vault": {"server": "x"}}, ENTRY, "SecretStore v")
    assert code(caught) == "store-not-written"


def test_the_tool_has_no_aws_without_its_extra(tmp_path: Path) -> None:
    text = (Path(__file__).parents[3] / "src/morrow/tool/stores/external.py").read_text()
    assert "boto" not in text
