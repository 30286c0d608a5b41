"""What is asked of a registry, and what is made of its answers."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from morrow.tool.base.project import Project
from morrow.tool.cluster.site import Site
from morrow.tool.doctor.cluster import image_checks
from morrow.tool.programs.registry import Answer, ask_for
from tests.environments import load
from tests.serving import serving

SCOPE = "repository:shop:pull"
REALMS = {"port": "http://HOST:x/", "bracket": "http://[bad", "file": "file:///etc/passwd"}


class Public(BaseHTTPRequestHandler):
    """A registry that wants a token of everybody and gives one to everybody, for what is public."""

    def do_HEAD(self) -> None:
        if self.headers.get("Authorization") != "Bearer for-everybody":
            host = self.headers["Host"]
            scope = self.path.split("/")[2]
            realm = f'realm="{REALMS.get(scope, "http://HOST/token?x=1")}",service="HOST"'
            realm = realm.replace("HOST", host)
            self.send_response(401)
            challenge = f'Bearer {realm},scope="repository:{scope}:pull"'
            self.send_header("WWW-Authenticate", "Basic" if scope == "basic" else challenge)
        else:
            self.send_response(200 if self.path == "/v2/shop/manifests/1" else 404)
        self.end_headers()

    def do_GET(self) -> None:
        asked = parse_qs(urlsplit(self.path).query)
        public = [[SCOPE.replace("shop", one)] for one in ("shop", "ends", "nothing")]
        given = asked["scope"] in public and asked["service"] and asked["x"] == ["1"]
        self.send_response(200 if given else 403)
        self.end_headers()
        token = "a\nb" if asked["scope"] == [SCOPE.replace("shop", "ends")] else "for-everybody"
        nothing = asked["scope"] == [SCOPE.replace("shop", "nothing")]
        self.wfile.write(json.dumps([] if nothing else {"token": token}).encode())


@pytest.fixture
def public() -> Iterator[str]:
    with serving(Public) as place:
        yield place


def test_a_public_registry_is_asked_with_the_token_that_everybody_gets(public: str) -> None:
    assert ask_for(public, "shop", "1") == Answer(200, with_token=True)
    assert ask_for(public, "shop", "2") == Answer(404, with_token=True)
    assert ask_for(public, "private", "1") == Answer(401)
    assert ask_for(public, "basic", "1") == Answer(401)


@pytest.mark.parametrize("repository", ["port", "bracket", "ends"])
def test_a_registry_that_answers_nonsense_is_not_reached(public: str, repository: str) -> None:
    with pytest.raises(OSError, match=r"\S"):
        ask_for(public, repository, "1")


@pytest.mark.parametrize("repository", ["nothing", "file"])
def test_a_registry_that_gives_no_token_keeps_its_answer(public: str, repository: str) -> None:
    assert ask_for(public, repository, "1") == Answer(401)


def test_an_open_registry_is_asked_once(registry: str) -> None:
    host, _, path = registry.partition("/")
    assert ask_for(host, path, "1") == Answer(200)
    assert ask_for(host, path, "2") == Answer(404)


@pytest.mark.parametrize(
    ("repository", "more", "state", "said"),
    [
        ("HOST/shop", 'tag: "1"', "ok", "shop:1"),
        ("HOST/shop", 'tag: "2"', "warn", "does not have HOST/shop:2"),
        ("HOST/private", 'tag: "1"', "skip", "401 without a password"),
        ("shop", 'tag: "1"', "skip", "names no registry"),
        ("CLOSED/shop", 'tag: "1"', "skip", "is not reached from here"),
    ],
)
def test_the_image_is_missing_for_sure_only_where_the_registry_can_know(
    project_folder: Path, public: str, repository: str, more: str, state: str, said: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        nobody = f"127.0.0.1:{closed.getsockname()[1]}"
    repository = repository.replace("HOST", public).replace("CLOSED", nobody)
    base = project_folder / "environments" / "base.yaml"
    table = f"image: {{repository: '{repository}', {more}}}"
    old = 'image: {repository: registry.example.com/shop, tag: "1"}'
    assert old in base.read_text()
    base.write_text(base.read_text().replace(old, table))
    line = next(image_checks(Site(load(Project.find(), "dev"))))
    assert (line.name, line.state) == ("image", state)
    assert said.replace("HOST", public) in line.text
    assert (line.problem is not None) == (state == "warn")


def test_the_image_of_a_cron_alone_is_asked_for(
    project_folder: Path, public: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pods = {"spec": {"containers": [{"image": f"{public}/shop:{tag}"} for tag in "12"]}}
    cron = {"kind": "CronJob", "spec": {"jobTemplate": {"spec": {"template": pods}}}}
    site = Site(load(Project.find(), "dev"))
    monkeypatch.setitem(site.__dict__, "objects", [cron, {"kind": "Service"}])
    assert [one.state for one in image_checks(site)][1:] == ["ok", "warn"]
    monkeypatch.setitem(site.__dict__, "objects", [])
    assert list(image_checks(site))[1:] == []
