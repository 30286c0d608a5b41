"""`morrow build`: a real image by buildah, in the cluster's registry, and in the cluster."""

from __future__ import annotations

import json
import re
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.built import buildable, commit, git
from tests.e2e.cluster import Cluster, Image
from tests.e2e.images import INSECURE
from tests.e2e.tool_project import ToolProject
from tests.ports import free_ports
from tools.build import program

pytestmark = pytest.mark.timeout(900)


@pytest.fixture
def project(cluster: Cluster, hello_image: Image, namespace: str, tmp_path: Path) -> ToolProject:
    """A service whose image is hello's with a layer of its own."""
    made = buildable(tmp_path, cluster, namespace, hello_image)
    base = f"{hello_image.repository}@{hello_image.digest}"
    (made.folder / "Dockerfile").write_text(f"FROM {base}\nCOPY . /app/own\n")
    (made.folder / "marker").write_text("one")
    values = made.hello(image={"repository": f"{cluster.registry}/built", "digest": ""})
    made.write(values)
    commit(made)
    return made


def asked(project: ToolProject, digest: str, kind: str) -> Any:
    """Return what the registry has under this very digest."""
    url = f"http://{project.cluster.registry}/v2/built/manifests/{digest}"
    ask = urllib.request.Request(url, headers={"Accept": kind})
    with urllib.request.urlopen(ask, timeout=10) as answer:  # noqa: S310
        return json.load(answer)


def test_it_is_named_by_its_commit_and_deployed_by_its_digest(project: ToolProject) -> None:
    name = git(project, "rev-parse", "--short=12", "HEAD")
    file = project.folder / "environments" / "test.yaml"
    before = file.read_text()
    assert project.morrow("build").out.startswith(f"built {project.cluster.registry}/built:{name}")
    assert file.read_text() == before, "what is not pushed is named nowhere"

    told = project.morrow("build", "test", "--push", "--json")
    assert told.code == 0, told
    digest = told.answer["digest"]
    named = yaml.safe_load(file.read_text())["image"]
    assert (named["tag"], named["digest"]) == (name, digest)
    assert asked(project, digest, "application/vnd.oci.image.manifest.v1+json")["layers"]

    assert project.morrow("up", "test").code == 0
    look = "print(open('/app/own/marker').read())"
    assert project.morrow("exec", "test", "--", "python3", "-c", look).out == "one\n"

    # The digest in the file makes nothing dirty; a change of the code does, and says so.
    again = project.morrow("build", "test", "--push", "--json").answer
    assert again["image"].endswith(f":{name}")
    (project.folder / "marker").write_text("two")
    dirty = project.morrow("build", "test", "--json").answer
    assert dirty["image"].endswith(f":{name}-dirty")


BOTH = ("linux/amd64", "linux/arm64")
# No program of the other kind can be had here, and nothing is run while it is built.
FOR_BOTH = """\
ARG TARGETARCH
FROM {base} AS amd64
FROM scratch AS arm64
FROM $TARGETARCH
ARG TARGETARCH
COPY marker /app/own/$TARGETARCH
"""


def test_one_image_for_two_kinds_of_machines(project: ToolProject) -> None:
    base = f"{project.image.repository}@{project.image.digest}"
    (project.folder / "Dockerfile").write_text(FOR_BOTH.format(base=base))
    commit(project)
    for _ in range(2):  # a second build adds nothing to the first
        told = project.morrow("build", "test", "--push", "--platform", ",".join(BOTH), "--json")
        assert told.code == 0, told
    kind = "application/vnd.oci.image.index.v1+json"
    index = asked(project, told.answer["digest"], kind)
    found = [one["platform"] for one in index["manifests"]]
    assert {f"{one['os']}/{one['architecture']}" for one in found} == set(BOTH)

    assert project.morrow("up", "test").code == 0
    look = "import os; print(os.listdir('/app/own'))"
    assert project.morrow("exec", "test", "--", "python3", "-c", look).out == "['amd64']\n"


@pytest.mark.parametrize("takes_a_time", [True, False])
def test_two_builds_of_one_commit_are_one_image(project: ToolProject, takes_a_time: bool) -> None:
    """The control: a Dockerfile that takes no time gets the clock's."""
    file = project.folder / "Dockerfile"
    stamp = "ARG SOURCE_DATE_EPOCH\n" if takes_a_time else ""
    file.write_text(f"{file.read_text()}{stamp}")
    (project.folder / ".dockerignore").write_text("environments\n.git\n.morrow\n")
    commit(project)
    digests = set()
    for _ in range(2):
        told = project.morrow("build", "test", "--push", "--json")
        assert told.code == 0, told
        digests.add(told.answer["digest"])
        (project.folder / "marker").touch()
        time.sleep(1.1)
    assert len(digests) == (1 if takes_a_time else 2)


@pytest.fixture
def closed(project: ToolProject, tmp_path: Path) -> Iterator[str]:
    """A registry that knows nobody."""
    (port,) = free_ports(1)
    (tmp_path / "nobody").touch()
    config = tmp_path / "registry.yaml"
    config.write_text(
        f"version: 0.1\nstorage:\n  inmemory: {{}}\nhttp: {{addr: '127.0.0.1:{port}'}}\n"
        f"auth:\n  htpasswd: {{realm: closed, path: {tmp_path / 'nobody'}}}\n"
    )
    place = f"127.0.0.1:{port}"
    with (tmp_path / "registries.conf").open("a") as file:
        file.write(INSECURE.format(place))
    with (tmp_path / "registry.log").open("w") as log:
        running = subprocess.Popen([program("registry"), "serve", config], stdout=log, stderr=log)
    try:
        while running.poll() is None and not _refuses(place):
            time.sleep(0.1)
        yield place
    finally:
        running.terminate()
        running.wait(10)


def _refuses(place: str) -> bool:
    try:
        urllib.request.urlopen(f"http://{place}/v2/", timeout=1)
    except urllib.error.HTTPError as told:
        return told.code == 401
    except OSError:
        return False
    return False


def test_a_missing_login_and_secrets_in_the_folder_are_said(
    project: ToolProject, closed: str
) -> None:
    file = project.folder / "environments" / "test.yaml"
    file.write_text(file.read_text().replace(project.cluster.registry + "/built", f"{closed}/x"))
    before = file.read_text()
    told = project.morrow("build", "test", "--push", "--json")
    assert (told.code, told.problem["code"]) == (1, "push-unauthorised"), told
    assert told.problem["fix"].startswith(f"buildah login {closed},")
    assert file.read_text() == before, "no digest of what was not pushed"

    (project.folder / ".env").write_text("TOKEN=canary")
    told = project.morrow("build", "test", "--json")
    assert (told.code, told.problem["code"]) == (2, "build-secrets")
    assert re.search(r"echo \.env >> \.dockerignore", told.problem["fix"])
    (project.folder / ".dockerignore").write_text("**/.env*\n")
    assert project.morrow("build", "test").code == 0
