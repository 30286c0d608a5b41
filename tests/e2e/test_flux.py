"""Flux's own controllers and the objects of `gitops/flux`: signatures, secrets, old releases.

Artifacts are made as docs/gitops.md says; there is no `flux` program here, a few lines push them.
"""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.cluster import ROOT, Cluster, Image, eventually, needs_lab
from tests.e2e.flux import APPLIED, OURS, SOURCE, THEIRS, UNSIGNED, Flux, flux
from tests.e2e.test_hello_install import GREETING
from tests.e2e.tool_project import CRASHES, ToolProject
from tests.unit.tool import sealing
from tests.unit.tool.sealing import Identity
from tools.build import program

pytestmark = [pytest.mark.full, pytest.mark.timeout(900), needs_lab("has a Flux in it")]
KEPT = 10  # old ReplicaSets: Kubernetes' own number
SEALED = ("decrypt", "data key")
GET = """
import os, urllib.request as u
print(u.urlopen(f"http://127.0.0.1:{os.environ['MORROW_PORT']}/").read().decode())
"""
TOLD = "import os; print(os.environ['LEVEL'], open('/run/secrets/morrow/SECRET_KEY').read())"
PAGE = (ROOT / "docs" / "gitops.md").read_text()


@dataclass
class Release:
    """An environment whose secrets are an encrypted file, and the Flux that delivers it."""

    project: ToolProject
    flux: Flux
    me: Identity

    def values(
        self, values: dict[str, Any], revision: str = "1", *, holds: str = "", **more: object
    ) -> None:
        """Write the environment's files: a new revision has new secrets."""
        keys = ["SECRET_KEY", "DB_PASSWORD"]
        secrets = {"provider": "sops", "revision": revision, "keys": keys}
        self.project.write({**values, "secrets": secrets, **more})
        file = self.project.folder / "environments" / "test.secrets.yaml"
        file.write_text(f"SECRET_KEY: key-{holds or revision}\nDB_PASSWORD: |\n  two\n  lines\n")
        self._run(str(program("sops")), "encrypt", "--in-place", str(file))

    def push(self, *signers: str, revision: str = "1") -> str:
        """Render, seal the Secret of a revision by the page's own lines, and push both."""
        (lines,) = re.findall(r"```sh\n(sops decrypt .*?)```", PAGE, re.DOTALL)
        names = {"prod": "test", "hello-7": f"web-{revision}"}
        for ours, theirs in names.items():
            lines = lines.replace(ours, theirs)
        out = self.project.folder / "out"
        shutil.rmtree(out, ignore_errors=True)
        told = self.project.morrow("render", "test", "--output", "out")
        assert told.code == 0, told
        self._run("sh", "-euc", lines)
        sealed = (out / "secret.yaml").read_text()
        assert "ENC[AES256_GCM" in sealed
        assert f"key-{revision}" not in sealed
        return self.flux.push(out, *signers)

    def there(self) -> set[str]:
        """Name what is in the namespace of all that a release brings."""
        kinds = "deployments,services,secrets,configmaps"
        found = self.project.kubectl("get", kinds, "-o", "name").split()
        return {one for one in found if "/web" in one}

    def settle(self) -> None:
        self.project.kubectl("rollout", "status", "deployment/web", "--timeout=120s")

    def _run(self, *words: str) -> None:
        folder = str(program("sops").parent)
        variables = self.project.environment()
        variables["PATH"] = f"{folder}:{variables['PATH']}"
        done = subprocess.run(
            words, cwd=self.project.folder, env=variables, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr


@pytest.fixture
def release(
    cluster: Cluster, hello_image: Image, namespace: str, tmp_path: Path
) -> Iterator[Release]:
    me = sealing.identity(tmp_path / "me.txt")
    variables = sealing.variables(me)
    project = ToolProject(tmp_path / "work", cluster, namespace, hello_image, variables)
    sealing.rule(project.folder, me.recipient)
    with flux(cluster, namespace, tmp_path / "keys") as made:
        made.open_with(me.file)
        made.add()
        yield Release(project, made, me)


def test_only_what_we_signed_is_taken_and_its_secrets_are_opened(
    release: Release, tmp_path: Path
) -> None:
    flux, project = release.flux, release.project
    release.values(project.hello())
    for signers in ((), (THEIRS,)):
        release.push(*signers)
        flux.refuses(SOURCE, *UNSIGNED)
    assert release.there() == set(), "nothing of it was applied"

    # Signed by us, and sealed for somebody else than Flux: nothing of it is applied either.
    flux.open_with(sealing.identity(tmp_path / "other.txt").file)
    first = release.push(OURS)
    flux.refuses(APPLIED, *SEALED)
    assert release.there() == set()
    flux.open_with(release.me.file)
    flux.look(APPLIED)
    flux.applies(first)
    release.settle()
    (pod,) = project.ready_pods()
    assert GREETING in project.kubectl("exec", pod, "--", "python3", "-c", GET)
    secret = json.loads(project.kubectl("get", "secret", "web-1", "-o", "json"))
    made = {key: base64.b64decode(value).decode() for key, value in secret["data"].items()}
    assert made == {"SECRET_KEY": "key-1", "DB_PASSWORD": "two\nlines\n"}

    # The tool opens the same file and finds what Flux made of it; the control is another file.
    def stale() -> bool:
        checks = project.morrow("doctor", "test", "--json").answer["checks"]
        return "secrets-stale" in json.dumps(checks)

    assert not stale()
    release.values(project.hello(), holds="2")
    assert stale()

    # Under the same tag: nobody's, somebody else's, and at last ours.
    release.values(project.hello(), replicas=2)
    for signers in ((), (THEIRS,)):
        release.push(*signers)
        flux.refuses(SOURCE, *UNSIGNED)
        flux.look(APPLIED)
        flux.applies(first)
        assert project.kubectl("get", "deploy", "web", "-o", "jsonpath={.spec.replicas}") == "1"
    second = release.push(OURS)
    flux.applies(second)
    assert project.kubectl("get", "deploy", "web", "-o", "jsonpath={.spec.replicas}") == "2"

    # To go back is to move the tag: it stays there, however often Flux applies it.
    flux.follow(first)
    flux.applies(first)
    for _ in range(5):
        flux.apply_again()
        assert project.kubectl("get", "deploy", "web", "-o", "jsonpath={.spec.replicas}") == "1"


def test_flux_opens_the_file_of_secrets_itself_as_one_whole(release: Release) -> None:
    """A `secretGenerator` names the very file that the tool reads: one key, its text all values."""
    release.values(release.project.hello())
    file = release.project.folder / "environments" / "test.secrets.yaml"
    generator = {"name": "web-file", "files": [f"secrets.yaml={file.name}"]}
    options = {"disableNameSuffixHash": True}
    with tempfile.TemporaryDirectory() as name:
        shutil.copy(file, name)
        told = {"secretGenerator": [generator], "generatorOptions": options}
        Path(name, "kustomization.yaml").write_text(json.dumps(told))
        release.flux.applies(release.flux.push(Path(name), OURS))
    made = json.loads(release.project.kubectl("get", "secret", "web-file", "-o", "json"))["data"]
    assert base64.b64decode(made["secrets.yaml"]).decode().startswith("SECRET_KEY: key-1\n")


def test_an_old_pod_keeps_its_settings_and_ten_old_replicasets_remain(release: Release) -> None:
    flux, project = release.flux, release.project
    flags = {"web-flags": {"apiVersion": "v1", "kind": "ConfigMap", "data": {"beta": "on"}}}
    for number in range(KEPT + 3):
        level = project.simple(env={"LEVEL": str(number)})
        release.values(level, extra=flags if number == 0 else {})
        flux.applies(release.push(OURS))
        assert ("configmap/web-flags" in release.there()) == (number == 0), "what goes is gone"
    release.settle()
    sets = json.loads(project.kubectl("get", "rs", "-o", "json"))["items"]
    assert len([one for one in sets if one["spec"]["replicas"] == 0]) == KEPT
    (pod,) = project.ready_pods()

    # A bad release with secrets of its own hangs: the old pod that is deleted meanwhile comes back
    # with its own settings, and finds the Secret of its revision.
    release.values(project.simple(env={"LEVEL": "bad"}, **CRASHES), "2")
    flux.applies(release.push(OURS, revision="2"))
    assert {"secret/web-1", "secret/web-2"} <= release.there()
    project.kubectl("delete", "pod", pod)
    eventually("the pod that came back is ready", lambda: len(project.ready_pods() - {pod}) == 1)
    (again,) = project.ready_pods() - {pod}
    told = project.kubectl("exec", again, "--", "python3", "-c", TOLD)
    assert told.split() == [str(KEPT + 2), "key-1"]
    told = project.kubectl("get", "pods", "-o", "json")
    assert "CrashLoopBackOff" in told or '"exitCode": 3' in told, "the bad one was tried"


def test_a_release_task_is_a_job_as_others_to_it(release: Release) -> None:
    """docs/gitops.md warns of it: it runs beside the pods, and a changed one stops the release."""
    flux, project = release.flux, release.project

    def values(word: str) -> None:
        command = ["/usr/bin/python3", "-c", f"print({word!r})"]
        release.values(project.simple(processes={"migrate": {"kind": "job", "command": command}}))

    values("first")
    first = release.push(OURS)
    flux.applies(first)
    ran = project.kubectl("get", "job", "web-migrate", "-o", "jsonpath={.metadata.uid}")
    release.settle()
    values("second")
    release.push(OURS)
    flux.refuses(APPLIED, "immutable")
    assert project.kubectl("get", "job", "web-migrate", "-o", "jsonpath={.metadata.uid}") == ran
    flux.follow(first)
    flux.applies(first)
