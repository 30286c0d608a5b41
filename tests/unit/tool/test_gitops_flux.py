"""What the tool makes of what Flux says; the words are the real controllers', see tests/e2e."""

from __future__ import annotations

import json

import pytest

from morrow.tool.deliver import sync
from morrow.tool.deliver.flux import MADE_OF, WAITS, Kustomization, kustomization_of
from morrow.tool.programs.kubectl import Kubectl
from morrow.tool.programs.runner import Result
from tests.unit.tool.git_server import GitServer, site_of, waited
from tests.unit.tool.stand_in import Json, StandIn, thing

OLD, NEW = "0" * 40, "HEAD"
DENIED = "ServiceAccount/shop dry-run failed (Forbidden)"
OTHERS = "dependency 'shop-dev/database' is not ready"
UNSIGNED = "no signatures found"


def objects(
    applied: str,
    fetched: str,
    *,
    fails: str = "",
    refuses: str = "",
    suspends: str = "",
    reason: str = "",
) -> tuple[Json, Json]:
    """A Kustomization at one commit, and a source that has fetched one."""

    def status(said: str, **more: object) -> Json:
        return {"conditions": [{"type": "Ready", "status": str(not said), "message": said}], **more}

    made_of = {MADE_OF: f"main@sha1:{fetched}"} if fetched else {}
    artifact = {"revision": f"dev@sha256:{fetched or 'f'}", "metadata": made_of}
    at = {"lastAppliedRevision": f"dev@sha256:{applied}"}
    if applied:
        at["lastAppliedOriginRevision"] = f"main@sha1:{applied}"
    place = {"namespace": "shop-dev"}
    reference = {"kind": "OCIRepository", "name": "shop"}
    spec = {"sourceRef": reference, "targetNamespace": "shop-dev"}
    group = "toolkit.fluxcd.io/v1"
    item = thing("Kustomization", "shop", f"kustomize.{group}", metadata=place, spec=spec)
    source = thing("OCIRepository", "shop", f"source.{group}", metadata=place, spec={})
    for one in (item, source):
        one["spec"]["suspend"] = one["kind"] == suspends
    item["status"], source["status"] = status(fails, **at), status(refuses, artifact=artifact)
    item["status"]["conditions"][0]["reason"] = reason
    if reason == "Progressing":
        item["status"]["conditions"][0]["status"] = "Unknown"
    return item, source


@pytest.mark.parametrize(
    ("said", "code", "words"),
    [
        (objects(NEW, NEW), "", ""),
        (objects(OLD, OLD), "gitops-not-synced", "is at 0000000000"),
        # What it refuses may be what was there before: it is said, and nothing is taken back.
        (objects(OLD, OLD, refuses=UNSIGNED), "gitops-not-synced", f"it says: {UNSIGNED}"),
        (objects(OLD, NEW, fails=DENIED), "gitops-refused", DENIED),
        (objects(OLD, OLD, fails=DENIED), "gitops-not-synced", "is at 0000000000"),
        (objects("", NEW, fails=DENIED), "gitops-refused", DENIED),
        # It waits for others, or for the pods: what these come to is watched.
        (objects(OLD, NEW, fails=OTHERS, reason=WAITS), "gitops-not-synced", f"says: {OTHERS}"),
        (objects(OLD, NEW, reason="Progressing"), "gitops-not-synced", "is applying"),
        # It does not say of which commit it is: the objects are compared, and they differ.
        (objects("", ""), "gitops-not-synced", "the cluster differs in"),
        (objects(OLD, OLD, suspends="Kustomization"), "gitops-paused", "Kustomization shop is su"),
        (objects(OLD, OLD, suspends="OCIRepository"), "gitops-paused", "OCIRepository shop is su"),
    ],
)
def test_flux_is_waited_for_or_named(
    server: GitServer,
    cluster: StandIn,
    monkeypatch: pytest.MonkeyPatch,
    said: tuple[Json, Json],
    code: str,
    words: str,
) -> None:
    monkeypatch.setattr(sync, "LASTS", 0.5)
    monkeypatch.setattr(sync, "PERIOD", 0.1)
    head = server.git("rev-parse", "HEAD")
    found: list[Json] = json.loads(json.dumps(said).replace(f':{NEW}"', f':{head}"'))
    monkeypatch.setattr(sync, "kustomization_of", lambda _: Kustomization(*found))
    monkeypatch.setattr(sync, "differing", lambda *_: ["Service shop"])
    told = waited(server)
    assert (told.code if told else "") == code, told
    assert words in (told.cause if told else "")


def test_its_kustomization_is_found_by_mark_or_as_the_only_one(
    server: GitServer, cluster: StandIn
) -> None:
    item, source = objects(OLD, OLD)
    other = {**item, "metadata": {"name": "other", "namespace": "shop-dev"}}
    there = cluster.world["objects"]
    cluster.says(objects=[*there, item, source])
    found = kustomization_of(site_of(server))
    assert found is not None
    assert found.title == "Kustomization shop-dev/shop"
    assert found.described == "kubectl -n shop-dev describe kustomization/shop ocirepository/shop"
    alone = thing("Deployment", "shop", "apps/v1")
    cluster.says(objects=[*there, item, source, alone])
    assert kustomization_of(site_of(server)) is None, "somebody else brought it"
    cluster.says(objects=[*there, item, other, source])
    assert kustomization_of(site_of(server)) is None, "nobody knows which"
    mark = "kustomize.toolkit.fluxcd.io/"
    labels = {f"{mark}name": "other", f"{mark}namespace": "shop-dev"}
    carried = thing("Deployment", "shop", "apps/v1", metadata={"labels": labels})
    cluster.says(objects=[*there, item, other, source, carried])
    found = kustomization_of(site_of(server))
    assert found is not None
    assert found.name == "other"


def test_a_kind_that_the_cluster_does_not_know_is_asked_for_once(
    server: GitServer, cluster: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, ...]] = []
    said = ["Unable to connect to the server: EOF"]

    def run(_: Kubectl, *words: str) -> Result:
        asked.append(words)
        return Result((), 1, "", said[-1])

    monkeypatch.setattr(Kubectl, "run", run)
    site = site_of(server)
    assert [sync.controller_of(site) for _ in range(2)] == [None, None]
    assert len(asked) == 4, "the control: nobody knows yet"
    said.append('error: the server doesn\'t have a resource type "applications"')
    assert [sync.controller_of(site) for _ in range(3)] == [None] * 3
    assert len(asked) == 6
