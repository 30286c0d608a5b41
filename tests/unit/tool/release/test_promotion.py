"""What is promoted: a digest with a proof, and no forged, stale or foreign one."""

from __future__ import annotations

import base64
import json
import shutil
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from morrow.tool.base.project import Project
from morrow.tool.environment import load
from morrow.tool.rules.signed import KIND, unshown
from tests.unit.frame.repository import ROOT
from tests.unit.tool.release.signing import INDEX, Shop
from tools.build import program


@pytest.fixture(autouse=True)
def cosign(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MORROW_COSIGN", str(program("cosign")))


def codes(shop: Shop) -> list[str]:
    found = unshown(load.read(Project.find(shop.folder), "prod"))
    return [one.code for one in found]


def statement(shop: Shop, **more: Any) -> dict[str, Any]:
    from morrow.tool.release.statement import chart_sum

    told = {
        "service": "shop",
        "environment": "dev",
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "chart": chart_sum(load.read(Project.find(shop.folder), "dev")),
        "requests": 3000,
        "lost": 0,
        "p99": 12,
        "broken": [],
    }
    return {**told, **more}


def test_only_a_proven_digest_is_promoted(shop: Shop) -> None:
    ours, theirs = shop.key("ours"), shop.key("theirs")
    old, digest = shop.push("old"), shop.push("good")
    shop.sign(digest, ours)
    wanted = {"key": "ours.pub", "proof": {"from": "dev", "within": "2h"}}
    shop.write("dev", digest)
    file = shop.write("prod", old, wanted)
    before = file.read_text()

    def refused(code: str, *words: str) -> None:
        told = shop.morrow("promote", "dev", "prod", "--json", *words)
        assert (told.code, told.problem["code"]) == (2, code), told
        assert file.read_text() == before

    refused("proof-missing")
    shop.attest(digest, theirs, KIND, statement(shop))
    refused("proof-missing")
    shop.attest(digest, ours, "https://morrow.example.com/other/v1", statement(shop))
    refused("proof-missing")
    shop.attest(digest, ours, KIND, statement(shop, environment="local"))
    refused("proof-short")
    old_day = (datetime.now(UTC) - timedelta(hours=3)).isoformat()
    shop.attest(digest, ours, KIND, statement(shop, time=old_day))
    refused("proof-stale")
    refused("signature-missing", "--check")  # of the digest that stands there
    shop.attest(digest, ours, KIND, statement(shop))
    told = shop.morrow("promote", "dev", "prod", "--json")
    assert (told.code, told.answer["result"]) == (0, "written"), told
    assert file.read_text() == before.replace(old, f'"{digest}"'), "one line"
    told = shop.morrow("promote", "dev", "prod", "--check")
    assert told.code == 0, told
    assert told.out.startswith(f"shop {digest}\n  proven in dev"), told.out

    # A chart that was changed since is another one than was proven.
    (shop.folder / "pyproject.toml").write_text('[tool.morrow]\nchart = "chart"\n')
    chart = shop.folder / "chart"
    (chart / "files").mkdir(parents=True)
    (chart / "Chart.yaml").write_text("name: shop\n")
    shutil.copy(ROOT / "chart" / "values.schema.json", chart)
    before = file.read_text()
    refused("proof-short")
    refused("proof-short", "--check")


def test_a_statement_is_of_the_digest_that_it_names(shop: Shop) -> None:
    """Forged by whoever can write to the registry, and not sign."""
    ours = shop.key("ours")
    good, bad = shop.push("good"), shop.push("bad")
    wanted = {"key": "ours.pub", "proof": {"from": "dev"}}
    shop.write("dev", good)
    for digest in (good, bad):
        shop.sign(digest, ours)
    shop.attest(good, ours, KIND, statement(shop))
    shop.write("prod", good, wanted)
    assert codes(shop) == []
    shop.write("prod", bad, wanted)
    assert codes(shop) == ["proof-missing"]
    tag = bad.replace(":", "-")
    proven = json.loads(shop.get(f"manifests/{good.replace(':', '-')}"))
    signed = json.loads(shop.get(f"manifests/{tag}"))

    def attach(*bundles: dict[str, Any]) -> None:
        told = {**signed, "manifests": [*signed["manifests"], *bundles]}
        shop.put(json.dumps(told).encode(), tag, INDEX)

    attach(*proven["manifests"])
    assert codes(shop) == ["proof-missing"], "the statement of the other digest"

    # The same statement, its subject rewritten, its signature left as it is.
    for bundle in proven["manifests"]:
        manifest = json.loads(shop.get(f"manifests/{bundle['digest']}", bundle["mediaType"]))
        blob = json.loads(shop.get(f"blobs/{manifest['layers'][0]['digest']}"))
        payload = base64.b64decode(blob["dsseEnvelope"]["payload"]).decode()
        forged = payload.replace(good.removeprefix("sha256:"), bad.removeprefix("sha256:"))
        assert forged != payload
        blob["dsseEnvelope"]["payload"] = base64.b64encode(forged.encode()).decode()
        content = json.dumps(blob).encode()
        manifest["layers"][0] |= {"digest": shop.blob(content), "size": len(content)}
        manifest["subject"]["digest"] = bad
        text = json.dumps(manifest).encode()
        name = shop.put(text, f"forged-{bundle['digest'][7:19]}", bundle["mediaType"])
        bundle |= {"digest": name, "size": len(text)}
    attach(*proven["manifests"])
    assert codes(shop) == ["proof-missing"]
