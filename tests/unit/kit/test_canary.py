"""A secret's value is searched for in everything that a service says."""

from __future__ import annotations

import json
from pathlib import Path

from tests.unit.kit.served import HELLO, run, served

CANARY = "c4nary-v4lue-0f-the-test"


def said_by_hello(**env: str) -> str:
    """Return every byte that hello gives away, on all ports and streams, to the end."""
    said: list[str] = []
    with served("hello.app:service", **(HELLO | {"MORROW_DRAIN": "100ms"} | env)) as one:
        for path in ("/", "/config", "/nowhere", "/healthz", "/%ff?x=1"):
            answer = one.get(path, headers={"X-Request-ID": "x"})
            said += [answer.text, json.dumps(answer.headers)]
        said.append(one.get("/", method="POST", body=b"x" * 70_000).text)
        for path in ("/startupz", "/readyz", "/livez", "/metrics", "/info", "/nowhere"):
            said.append(one.admin(path).text)
        one.stop()
        said += [*one.lines, *one.errors]
    return "\n".join(said)


def test_hello_says_no_secret() -> None:
    assert CANARY not in said_by_hello(SECRET_KEY=CANARY, DB_PASSWORD=CANARY)


def test_the_search_finds_a_planted_one() -> None:
    assert CANARY in said_by_hello(SECRET_KEY=CANARY, REVEAL_SECRETS="true")
    assert CANARY in said_by_hello(MORROW_RELEASE=CANARY)


def test_error_pages_tracebacks_and_dumps_say_no_secret() -> None:
    with served("sample:service", TOKEN=CANARY) as one:
        said = [one.get(path).text for path in ("/environ", "/raise", "/thread", "/log")]
        said.append(one.admin("/info").text)
        one.stop()
        said += [*one.lines, *one.errors]
        assert any("on purpose" in text for text in said)
        assert not [text for text in said if CANARY in text]


def test_failed_starts_say_no_secret(tmp_path: Path) -> None:
    (tmp_path / "SECRET_KEY").write_text(CANARY)
    starts = [
        {"SECRET_KEY": CANARY},
        {"SECRET_KEY": CANARY, "MORROW_SECRETS_DIR": str(tmp_path)},
        HELLO | {"SECRET_KEY": CANARY, "MAX_CONNECTIONS": CANARY},
        HELLO | {"SECRET_KEY": CANARY, "API_BASE_URL": CANARY, "MORROW_PORT": CANARY},
        HELLO | {"SECRET_KEY": CANARY, "MORROW_THREADS": CANARY, "LOG_LEVEL": CANARY},
    ]
    for env in starts:
        ended = run("hello.app:service", **env)
        assert ended.returncode == 78
        assert CANARY not in ended.stdout + ended.stderr
    for env in ({"TOKEN": CANARY},):
        for target in ("sample:raising", "sample:nothing"):
            ended = run(target, **env)
            assert ended.returncode == 1
            assert CANARY not in ended.stdout + ended.stderr
    asked = json.dumps({"values": {"SECRET_KEY": CANARY, "MAX_CONNECTIONS": CANARY}})
    checked = run("check", "hello.app", stdin=asked)
    assert checked.returncode == 0
    assert "MAX_CONNECTIONS" in checked.stdout
    assert CANARY not in checked.stdout + checked.stderr
