"""Every command, in text and as JSON, with its exit code: done, failed and refused."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

import click
import pytest

from morrow.tool.cli.edge import group
from tests.unit.tool.local_service import LocalService

VERIFY = ("verify", "local", "--load", "5", "--for", "1s")


@dataclass(frozen=True)
class Case:
    """What one command says and how it ends; `again` is what JSON is asked with."""

    words: tuple[str, ...]
    code: int
    text: str  # a pattern: on stdout, for a problem on stderr
    keys: set[str]  # of the JSON
    again: tuple[str, ...] = ()


PLAN = {"environment", "target", "empty", "action", "settings", "secrets"}
UP = {"environment", "result", "pid", "url", "admin", "release", "secrets_revision", "next"}
STATUS = {"environment", "running", "ready", "pid", "url", "release", "current", "checks"}
DOCTOR = {"environment", "ok", "fixed", "checks"}
VERDICT = {"environment", "ok", "first_broken", "promises", "facts", "load"}
SECRETS = {"environment", "revision", "pods"}
RAN = {"environment", "command", "exit_code", "stdout", "stderr"}
LIST = {"environment", "provider", "revision", "where", "keys"}
INIT = {"app", "source", "settings", "secrets", "files", "written", "next", "path", "python"}
WRONG = {"problems"}

# In this order, on one project: before anything runs, while it runs, after its end.
STORY = (
    Case(("settings",), 0, r"^API_TOKEN +secret +required", {"properties", "required"}),
    Case(("settings", "no_such:Class"), 2, r"^error settings-unreadable: no_such", WRONG),
    Case(
        ("env", "show", "local"),
        0,
        r"^config\.GREETING +hello +environments/local\.yaml:\d+$",
        {"environment", "values", "origin", "problems"},
    ),
    Case(("env", "show", "lokal"), 2, r"^error environment-missing: lokal", WRONG),
    Case(
        ("env", "new", "qa", "--from", "local"),
        0,
        r"^made environments/qa\.yaml\n\nnext:\n  morrow env show qa\n",
        {"environment", "made"},
        ("env", "new", "qb", "--from", "local"),
    ),
    Case(("env", "new", "qa", "--from", "local"), 2, r"^error environment-exists: qa", WRONG),
    Case(("build", "local"), 2, r"^error dockerfile-missing: /", WRONG),
    Case(("doctor", "local"), 0, r"^ok +environment +schema, chart and service", DOCTOR),
    Case(("doctor", "bad"), 1, r"^fail +environment +GREETNG: .*", DOCTOR),
    Case(("plan", "local"), 0, r"^process/shop  \+ starts$", PLAN),
    Case(("plan", "local", "--detailed-exitcode"), 2, r"^process/shop  \+ starts$", PLAN),
    Case(("plan", "bad"), 2, r"^error settings-unknown: GREETNG", WRONG),
    Case(("plan", "bad", "--detailed-exitcode"), 1, r"^error settings-unknown: GREETNG", WRONG),
    Case(("status", "local"), 1, r"^shop does not run; next: morrow up local$", {"running"}),
    Case(("logs", "local"), 1, r"^shop has not run here yet; next: morrow up", {"lines"}),
    Case(VERIFY, 2, r"^error not-running: shop in local", WRONG),
    Case(("env", "list"), 0, r"^local +this machine +-", {"environments"}),
    Case(("env", "diff", "local", "qa"), 1, r"^environment +local +qa$", {"differences"}),
    Case(("env", "diff", "local", "local"), 0, r"^local and local say the same$", {"differences"}),
    Case(("history", "local"), 1, r"^shop has not run here yet; next: morrow up", {"releases"}),
    Case(("restart", "local"), 2, r"^error not-running: shop in local", WRONG),
    Case(("open", "local"), 2, r"^error not-running: shop in local", WRONG),
    Case(("port-forward", "local"), 2, r"^error (target-unsupported: local|usage: )", WRONG),
    Case(("scale", "local", "2"), 2, r"^error target-unsupported: local", WRONG),
    Case(("exec", "local", "--pod", "x"), 2, r"^error target-unsupported: local", WRONG),
    Case(("exec", "local", "--", "printenv", "NO_SUCH"), 1, "", RAN),
    Case(("exec", "local", "--", "printenv", "GREETING"), 0, r"^hello$", RAN),
    Case(("task", "local", "--", "sh", "-c", "exit 7"), 7, r'"exit_code": 7', RAN),
    Case(("task", "local"), 2, r"^error usage: morrow task", WRONG),
    Case(("up", "bad"), 2, r"^error settings-unknown: GREETNG", WRONG),
    Case(("up", "local"), 0, r"^shop runs \(pid \d+\)\n  service  http://127", UP),
    Case(("plan", "local", "--detailed-exitcode"), 0, r"^nothing to do: shop runs", PLAN),
    Case(("status", "local"), 0, r"^service +shop, pid \d+, ready$", STATUS),
    Case(("logs", "local"), 0, r'"serving"', {"lines"}),
    Case(("logs", "local", "--pretty"), 0, r"^\d\d:\d\d:\d\d info +morrow: serving", {"lines"}),
    Case(("history", "local"), 0, r"^1 .* serves +1 ", {"releases"}),
    Case(("open", "local", "--url"), 0, r"^http://127\.0\.0\.1:", {"url"}),
    Case(("restart", "local"), 0, r"^shop took over", UP),
    Case(VERIFY, 0, r"^all \d+ promises kept$", VERDICT),
    Case(("secrets", "list", "local"), 0, r"^API_TOKEN +set +\.morrow/local/secrets-1$", LIST),
    Case(("secrets", "list", "lokal"), 2, r"^error environment-missing: lokal", WRONG),
    Case(("secrets", "set", "local", "API_TOKEN"), 0, r"^local: secrets revision 2$", SECRETS),
    Case(("secrets", "set", "local", "API_TOKN"), 2, r"^error secret-unknown: API_TOKN", WRONG),
    Case(("secrets", "rotate", "local"), 0, r"^local: secrets revision 4$", SECRETS),
    Case(("secrets", "rotate", "local", "NO"), 2, r"^error secret-unknown: NO$", WRONG),
    Case(("dash", "local"), 1, r"^error prometheus-silent: local", WRONG),
    Case(("render", "local"), 2, r"^error target-unsupported: local$", WRONG),
    # What they do with an encrypted file: test_secrets_sops.py.
    *(Case(("secrets", verb, "local"), 2, r"^error provider-unsupported: env", WRONG)
      for verb in ("edit", "rekey")),
    Case(("secrets", "status", "local"), 0, r"^API_TOKEN +set +0 days", {"keys", "pods", "left"}),
    Case(("secrets", "move", "local", "--to", "external"), 2, r"^error provider-unsupp", WRONG),
    Case(("secrets", "check"), 0, r"^0 files of secrets, none can be read", {"files"}),
    Case(("rollback", "local"), 2, r"^error target-unsupported: local$", WRONG),
    # What it does with a proof: tests/unit/tool/release/test_signatures.py.
    Case(("promote", "local", "bad"), 2, r"^error digest-needed: environments/local", WRONG),
    # What it does with a report: tests/unit/tool/release/test_scan.py.
    Case(("scan", "no.json", "--sbom", "no.json"), 1, r"^error scan-blind: no.json", WRONG),
    Case(("down", "local"), 0, r"^stopped shop; logs and secrets stay", {"stopped"}),
    Case(("down", "lokal"), 2, r"^error environment-missing: lokal", WRONG),
    # What they do where there is a root: tests/terraform/test_platform_command.py.
    *(Case(("platform", verb, "local"), 2, r"^error platform-missing: local", WRONG)
      for verb in ("plan", "up", "down", "status", "write")),
    Case(("init", "--yes"), 0, r"^wrote \d+ files\nnext:\n  morrow up local$", INIT),
    Case(("init", "--app", "no.such:thing"), 2, r"^error init-no-application: ", WRONG),
    Case(
        ("eject", "chart"), 0, r"^made chart/\n\nit is yours now", {"made", "given_up"},
        ("eject", "terraform"),
    ),
    Case(("eject", "chart"), 2, r"^error copy-exists: chart$", WRONG),
    Case(("explain", "port-taken"), 0, r"^port-taken\n  Another program listens",
         {"code", "summary", "fix", "exit"}),
    Case(("explain",), 0, r"^port-taken +Another program listens on the port\.$", {"port-taken"}),
    Case(("explain", "port-taker"), 2, r"there is no error code 'port-taker'; did you", WRONG),
)  # fmt: skip


@pytest.mark.timeout(900)  # a hundred starts of the tool
def test_every_command_in_text_and_json_with_its_exit_code(shop: LocalService) -> None:
    shop.write()
    good = (shop.folder / "environments" / "local.yaml").read_text()
    bad = good.replace("environment: local", "environment: bad").replace("GREETING", "GREETNG")
    (shop.folder / "environments" / "bad.yaml").write_text(bad)
    for case in STORY:
        told = shop.morrow(*case.words, stdin="a-value")
        assert told.code == case.code, (case.words, told)
        refused = case.keys == WRONG
        shown, empty = (told.err, told.out) if refused else (told.out, told.err)
        assert re.search(case.text, shown, re.MULTILINE), (case.words, told)
        assert not refused or empty == "", "a problem is no result"
        assert not refused or "  fix: " in told.err, told
        words = [*(case.again or case.words)]
        words.insert(words.index("--") if "--" in words else len(words), "--json")
        again = shop.morrow(*words, stdin="another")
        assert again.code == case.code, (case.words, again)
        answer = json.loads(again.out)
        assert case.keys <= set(answer), (case.words, answer)
        for problem in answer.get("problems") or []:
            assert set(problem) == {"code", "object", "cause", "fix", "details"}
            assert problem["fix"], problem


def leaves(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Name every command that does something."""
    if not isinstance(command, click.Group):
        yield path
        return
    for name in command.list_commands(click.Context(command)):
        inner = command.get_command(click.Context(command), name)
        assert inner is not None
        yield from leaves(inner, (*path, name))


def test_no_command_is_left_out() -> None:
    told = {case.words[: len(leaf)] for case in STORY for leaf in leaves(group)}
    missing = {leaf for leaf in leaves(group) if leaf not in told}
    assert missing == {("run",)}, "it becomes the server, which answers nothing itself"
    refused = {case.words[0] for case in STORY if case.code}
    assert {leaf[0] for leaf in leaves(group)} - refused == {"run"}, "each fails once, too"
