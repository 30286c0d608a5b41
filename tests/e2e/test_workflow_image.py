"""The workflows that build an image, rotate secrets and make a release."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from morrow import __version__
from morrow.tool.programs.cosign import Signer, signed, statements
from tests.e2e.cluster import ROOT, Cluster, Image
from tests.e2e.images import buildah
from tests.e2e.tool_project import ToolProject
from tests.e2e.workflow import Workflow
from tests.e2e.workflow_project import (
    LEFT_OUT,
    callers_project,
    commit_all,
    proposed,
    variables,
    workflow,
)
from tools.build import program

pytestmark = pytest.mark.timeout(900)


@pytest.fixture
def project(cluster: Cluster, namespace: str, hello_image: Image, tmp_path: Path) -> ToolProject:
    return callers_project(cluster, namespace, hello_image, tmp_path / "project")


# What a scanner wrote of an image: no database of faults can be fetched on this machine.
REPORT = {
    "matches": [],
    "descriptor": {"name": "grype", "db": {"status": {"built": "BUILT", "valid": True}}},
}

# No program of the other kind of machine can be had here: its image has the same files.
FOR_BOTH = """\
ARG TARGETARCH
FROM {base} AS amd64
FROM scratch AS arm64
COPY --from=amd64 / /
FROM $TARGETARCH
COPY pyproject.toml /app/
"""


@pytest.mark.full  # the bill of materials is the real program's, which takes minutes to build
def test_image_builds_judges_signs_and_proposes(
    project: ToolProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if shutil.which("buildah") is None:
        pytest.skip("no buildah: building an image")
    programs = project.folder / "bin"
    for name in ("cosign", "syft"):
        (programs / name).symlink_to(program(name))
    (programs / "grype").write_text("#!/bin/sh\ncp recorded.json report.json\n")
    (programs / "grype").chmod(0o755)
    recorded = project.folder / "recorded.json"
    now = datetime.now(UTC).isoformat()
    recorded.write_text(json.dumps(REPORT).replace("BUILT", now))
    project.variables |= buildah(tmp_path, project.cluster.registry) | {
        "COSIGN_PASSWORD": "",
        "SYFT_REGISTRY_INSECURE_USE_HTTP": "true",
        "SYFT_CHECK_FOR_APP_UPDATE": "false",
    }
    project.write(project.hello(image={"repository": f"{project.cluster.registry}/built"}))
    base = f"{project.image.repository}@{project.image.digest}"
    (project.folder / "Dockerfile").write_text(FOR_BOTH.format(base=base))
    origin = commit_all(project)
    made = [str(program("cosign")), "generate-key-pair", "--output-key-prefix", "ours"]
    subprocess.run(made, cwd=project.folder, env=project.environment(), check=True)

    run = workflow(project, "image")
    run.secrets = {"signing_key": (project.folder / "ours.key").read_text()}
    run.known["github"] = {
        "sha": "0123456789abcdef", "ref_name": "main", "repository": "example/web",
        "workflow_ref": "example/web/.github/workflows/image.yml@refs/heads/main",
    }  # fmt: skip
    left_out = LEFT_OUT | {
        "log in": "this registry asks nobody",
        "prepare for other machines": "nothing is run while the image is built",
    }
    done = run.job("image", left_out)
    assert [one.code for one in done] == [0] * 6, done
    image = run.known["steps"]["build"]["outputs"]["image"]
    for kind in ("amd64", "arm64"):
        bill = json.loads((project.folder / f"sbom-linux-{kind}.json").read_text())
        assert {"flask", "granian"} <= {part["name"] for part in bill["components"]}
    named = proposed(origin, "image-test-0123456789ab")
    assert image.partition("@")[2] in named
    assert "pr create --base main" in (project.folder / "gh.txt").read_text()
    monkeypatch.setenv("MORROW_COSIGN", str(program("cosign")))
    signer = Signer(key=str(project.folder / "ours.pub"))
    assert signed(image, signer) == ("", "")
    kinds = ("https://cyclonedx.org/bom", "https://slsa.dev/provenance/v1")
    assert all(statements(image, signer, kind)[0] for kind in kinds)

    # What the scanner could not judge is neither signed nor proposed.
    recorded.write_text(json.dumps(REPORT).replace("BUILT", "2026-01-01T00:00:00Z"))
    done = run.job("image", left_out)
    assert (done[-1].name, done[-1].code) == ("judge it", 1), done
    assert "scan-blind" in done[-1].told


@pytest.mark.full  # waits for two minutes of the clock
def test_rotate_by_a_clock_of_minutes_proposes_each_revision_that_runs(
    project: ToolProject,
) -> None:
    project.write(project.hello(secrets={"provider": "generated", "revision": "1"}))
    assert project.morrow("up", "test").code == 0
    origin = commit_all(project)
    for revision in ("2", "3"):  # nobody merged the first one's proposal when the second began
        subprocess.run(["git", "switch", "--quiet", "main"], cwd=project.folder, check=True)
        time.sleep(60 - time.time() % 60)  # cron: "* * * * *"
        run = workflow(project, "rotate", "schedule")
        run.known["github"] = {"run_id": revision, "ref_name": "main"}
        done = run.job("rotate", LEFT_OUT)
        assert [one.code for one in done] == [0] * 3, done
        named = proposed(origin, f"secrets-test-{revision}")
        assert re.search(rf'"?revision"?: "?{revision}"?', named)
        pods = project.morrow("secrets", "status", "test", "--json").answer["pods"]
        assert {pod["secret"] for pod in pods} == {f"web-{revision}"}


@pytest.mark.full  # makes an environment and every page of its own
def test_a_release_is_built_by_one_job_and_published_by_another(
    project: ToolProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The version is this checkout's; the changelog gets a part for it, as a release would."""
    folder = project.folder / "clone"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True)
    log = folder / "CHANGELOG.md"
    log.write_text(log.read_text().replace("## Unreleased", f"## {__version__}", 1))
    programs = project.folder / "bin"
    (programs / "cosign").symlink_to(program("cosign"))
    # The lab's registry speaks plain HTTP.
    helm = f'#!/bin/sh\n[ "$1" != push ] || set -- "$@" --plain-http\nexec {program("helm")} "$@"\n'
    (programs / "helm").write_text(helm)
    (programs / "helm").chmod(0o755)
    made = [str(program("cosign")), "generate-key-pair", "--output-key-prefix", "ours"]
    project.variables |= {"COSIGN_PASSWORD": ""}
    subprocess.run(made, cwd=folder, env=project.environment(), check=True)

    secret = {"SIGNING_KEY": (folder / "ours.key").read_text()}
    run = Workflow("release", folder, variables(project), {}, secret)
    run.told["env"]["REGISTRY"] = project.cluster.registry
    run.known["github"] = {
        "ref_name": "v9.9.9", "repository": "example/morrow", "repository_owner": "example",
    }  # fmt: skip
    left_out = LEFT_OUT | {"log in": "this registry asks nobody"}
    done = run.job("build", left_out)
    assert (done[-1].name, done[-1].code) == ("judge the tag", 1)
    assert f"the tag is v9.9.9, and the package is {__version__}" in done[-1].told

    run.known["github"]["ref_name"] = f"v{__version__}"
    done = run.job("build", left_out) + run.job("publish", left_out)
    assert [one.code for one in done] == [0] * 5, done
    assert "### Added" in (folder / "release" / "notes.md").read_text()
    assert {file.suffix for file in (folder / "packages").iterdir()} == {".whl", ".gz"}
    digest = re.search(r"^Digest: (\S+)", (folder / "pushed.txt").read_text(), re.MULTILINE)
    assert digest is not None
    monkeypatch.setenv("MORROW_COSIGN", str(program("cosign")))
    chart = f"{project.cluster.registry}/example/charts/morrow@{digest[1]}"
    assert signed(chart, Signer(key=str(folder / "ours.pub"))) == ("", "")
    told = (folder / "gh.txt").read_text()
    assert told.startswith(f"release create v{__version__}")
    assert "morrow-terraform-" in told

    # What was changed between the two jobs is not published.
    (folder / "release" / "sums.txt").write_text("0" * 64 + "  notes.md\n")
    done = run.job("publish", left_out)
    assert (done[-1].name, done[-1].code) == ("keep what was built", 1)
