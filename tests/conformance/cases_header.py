"""What applications are told: paths, addresses, headers. None may be moved by a stranger."""

from __future__ import annotations

import json

from tests.conformance.case import At, case
from tests.conformance.exchange import Answer, Wrong, request, right


def parsed(answer: Answer) -> dict[str, str]:
    try:
        found: dict[str, str] = json.loads(answer.body)
    except ValueError:
        raise Wrong(f"the body is {answer.body[:40]!r}") from None
    return found


def told(at: At, path: str, *lines: str) -> dict[str, str]:
    answer = at.ask(path, *lines)
    right(answer.status == 200, f"status {answer.status}")
    return parsed(answer)


@case("Headers", "a path is decoded once; its query is not", "environ")
def decoded(at: At) -> None:
    found = told(at, at["environ"] + "caf%C3%A9%20%2541?q=%20%41")
    path = found["PATH_INFO"].encode("latin-1").decode()
    right(path == at["environ"] + "café %41", f"the path is {path!r}")
    right(found["QUERY_STRING"] == "q=%20%41", f"the query is {found['QUERY_STRING']!r}")


@case("Headers", "an encoded slash is a slash or stays encoded; dots are left alone", "environ")
def dots(at: At) -> None:
    found = told(at, at["environ"] + "a%2Fb/../c")["PATH_INFO"]
    right(found in (at["environ"] + "a/b/../c", at["environ"] + "a%2Fb/../c"), f"{found!r}")


@case("Headers", "an absolute address gives path, query and Host", "environ")
def absolute(at: At) -> None:
    found = told(at, f"http://example.com{at['environ']}x?q=1")
    right(found["PATH_INFO"] == at["environ"] + "x", f"the path is {found['PATH_INFO']!r}")
    right(found["QUERY_STRING"] == "q=1", "another query")


@case("Headers", "a name with an underscore does not take the place of one with a dash", "environ")
def underscore(at: At) -> None:
    for lines in (("X-User: real", "X_User: false"), ("X_User: false", "X-User: real")):
        found = told(at, at["environ"], *lines)
        right(found.get("HTTP_X_USER") == "real", f"X-User is {found.get('HTTP_X_USER')!r}")


@case("Headers", "a header SCRIPT_NAME or PATH_INFO moves nothing", "environ")
def script_name(at: At) -> None:
    found = told(at, at["environ"] + "x", "SCRIPT_NAME: /environ", "PATH_INFO: /evil")
    right(found.get("SCRIPT_NAME", "") == "", f"SCRIPT_NAME is {found.get('SCRIPT_NAME')!r}")
    right(found["PATH_INFO"] == at["environ"] + "x", f"PATH_INFO is {found['PATH_INFO']!r}")


@case("Headers", "X-Forwarded-* of somebody who is not trusted changes nothing", "environ")
def forwarded(at: At) -> None:
    found = told(at, at["environ"], "X-Forwarded-For: 9.9.9.9", "X-Forwarded-Proto: https",
                 "X-Forwarded-Host: evil.example.com", "Forwarded: for=9.9.9.9")  # fmt: skip
    right(found["REMOTE_ADDR"] == "127.0.0.1", f"REMOTE_ADDR is {found['REMOTE_ADDR']}")


@case("Headers", "REMOTE_ADDR, SERVER_PORT, scheme and protocol are the connection's", "environ")
def connection(at: At) -> None:
    found = told(at, at["environ"])
    right(found["REMOTE_ADDR"] == "127.0.0.1", f"REMOTE_ADDR is {found['REMOTE_ADDR']}")
    right(found["SERVER_PORT"] == str(at.port), f"SERVER_PORT is {found['SERVER_PORT']}")
    right(found["wsgi.url_scheme"] == "http", "another scheme")
    right(found["SERVER_PROTOCOL"] == "HTTP/1.1", f"protocol {found['SERVER_PROTOCOL']}")


@case("Headers", "a header that comes twice reaches the application twice, or joined", "environ")
def joined(at: At) -> None:
    found = told(at, at["environ"], "X-List: one", "X-List: two").get("HTTP_X_LIST", "")
    right("one" in found and "two" in found, f"X-List is {found!r}")


@case("Headers", "an X-Request-ID that comes twice goes out once at most", "environ")
def request_id(at: At) -> None:
    with at.line() as line:
        lines = ("X-Request-ID: first", "X-Request-ID: second")
        answer = line.send(request(at["environ"], *lines)).answer()
        right(len(answer.all("x-request-id")) < 2, "twice")
        right("," not in answer.one("x-request-id"), "joined")


@case("Headers", "Content-Type and Content-Length come under their own names", "environ")
def content(at: At) -> None:
    kind = "Content-Type: text/x-odd"
    found = parsed(at.ask(at["environ"], kind, method="POST", body=b"abc"))
    right(found.get("CONTENT_TYPE") == "text/x-odd", f"{found.get('CONTENT_TYPE')!r}")
    right(found.get("CONTENT_LENGTH") == "3", f"{found.get('CONTENT_LENGTH')!r}")


@case("Headers", "Latin-1 in a header's value arrives", "latin")
def latin(at: At) -> None:
    right(at.ask(at["latin"]).one("x-latin") == "caf\xe9", "another value")
