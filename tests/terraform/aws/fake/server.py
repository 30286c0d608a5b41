"""One process that is an AWS account on loopback: our EKS, and moto for all else.

    python -m tests.terraform.aws.fake.server PORT_FILE LOG_FILE REGION…

A request whose signature is for `eks` is ours; the rest is moto's. One lock serves all: neither
half is made for two at once. Nothing answers 500, which would make clients try for minutes: a
crash is written to the log and answered with 400, and the tests look whether the log is empty.
"""

from __future__ import annotations

import json
import os
import re
import sys
import threading
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"

from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import make_server

from tests.terraform.aws.fake import (
    access,
    addons,
    changes,
    clusters,
    identities,
    inventory,
    mends,
    nodes,
    protocol,
)
from tests.terraform.aws.fake.state import Region, answer

OPERATIONS = (access, addons, changes, clusters, identities, nodes)  # importing fills the table
SCOPE = re.compile(r"Credential=[^/]+/\d{8}/([\w-]+)/(\w+)/")

Start = Callable[..., Any]


class Account:
    """The WSGI application."""

    def __init__(self, log: Path) -> None:
        self.moto = DomainDispatcherApplication(create_backend_app)
        self.regions: dict[str, Region] = {}
        self.lock = threading.Lock()
        self.log = log

    def __call__(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        """Answer one request."""
        with self.lock:
            try:
                return self._answer(environ, start)
            except Exception:
                self._crashed(environ, traceback.format_exc())
                return _send(start, 400, "InternalFailure", {"message": "the fake crashed"})

    def _answer(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/fake/inventory":
            body = json.dumps(inventory.everything(self.regions)).encode()
            return _write(start, 200, body, {})
        scope = SCOPE.search(environ.get("HTTP_AUTHORIZATION", ""))
        if scope and scope[2] == "eks":
            region = self.regions.setdefault(scope[1], Region(scope[1]))
            return self._eks(region, environ, start)
        return self._moto(environ, start)

    def _eks(self, region: Region, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        size = int(environ.get("CONTENT_LENGTH") or 0)
        address = urlsplit(environ["RAW_URI"])
        try:
            call = protocol.read(
                environ["REQUEST_METHOD"],
                address.path,
                address.query,
                environ["wsgi.input"].read(size),
            )
            body = protocol.written(call.operation, answer(region, call))
        except protocol.Refused as refused:
            return _send(start, refused.status, refused.code, {"message": str(refused)})
        return _write(start, 200, body, {})

    def _moto(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        kept: list[Any] = []
        parts = self.moto(environ, lambda *words: kept.append(words))
        body = b"".join(parts)
        status, headers = kept[-1][0], kept[-1][1]
        if int(status.split()[0]) >= 500:
            self._crashed(environ, body.decode(errors="replace")[:4000])
            status = "400 Bad Request"
        start(status, headers)
        return [body]

    def _crashed(self, environ: dict[str, Any], why: str) -> None:
        with self.log.open("a") as log:
            where = f"{environ['REQUEST_METHOD']} {environ.get('RAW_URI')}"
            target = environ.get("HTTP_X_AMZ_TARGET", "")
            log.write(f"{where} {target}\n{why}\n")


def _send(start: Start, status: int, code: str, body: dict[str, Any]) -> Iterable[bytes]:
    return _write(start, status, json.dumps(body).encode(), {"x-amzn-ErrorType": code})


def _write(start: Start, status: int, body: bytes, headers: dict[str, str]) -> Iterable[bytes]:
    all_headers = {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}
    start(f"{status} -", list(all_headers.items()))
    return [body]


class _Quiet(MotoRequestHandler):  # type: ignore[misc]
    protocol_version = "HTTP/1.1"

    def log(self, *words: Any) -> None:
        """Say nothing."""


def main() -> None:
    """Serve until killed; the port goes into a file once requests are answered."""
    port_file, log, regions = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:]
    mends.mend()
    inventory.prepare(regions)
    server = make_server("127.0.0.1", 0, Account(log), threaded=True, request_handler=_Quiet)
    draft = port_file.with_suffix(".part")
    draft.write_text(str(server.server_port))
    draft.rename(port_file)
    server.serve_forever()


if __name__ == "__main__":
    main()
