"""What Helm keeps of a release may be broken: the Secret is named, by a fix that can be typed."""

from __future__ import annotations

import base64
import gzip
import json
from types import SimpleNamespace
from typing import Any

import pytest

from morrow.tool.base.errors import Failure
from morrow.tool.programs.helm import records


def kubectl(content: bytes) -> Any:
    data = {"release": base64.b64encode(content).decode()}
    secret = {"metadata": {"name": "sh.helm.release.v1.web.v1"}, "data": data}
    return SimpleNamespace(list=lambda *_: [secret], typed="kubectl -n demo")


def packed(record: object) -> bytes:
    return base64.b64encode(gzip.compress(json.dumps(record).encode(), mtime=0))


def test_a_record_is_read() -> None:
    assert records(kubectl(packed({"version": 1})), "web") == {1: {"version": 1}}


@pytest.mark.parametrize(
    "content",
    [b"", b"no base64!", base64.b64encode(b"no gzip"), packed({})[:40], packed({}), packed([])],
)
def test_what_is_no_record_is_named(content: bytes) -> None:
    with pytest.raises(Failure) as told:
        records(kubectl(content), "web")
    (problem,) = told.value.problems
    assert problem.code == "release-record-broken"
    assert "kubectl -n demo delete secret sh.helm.release.v1.web.v1, then" in problem.fix
