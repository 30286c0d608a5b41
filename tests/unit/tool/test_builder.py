"""What the builders are told of time and of attestations, and which names they may take.

A stand-in writes down its words; buildah is the real one where it is there.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from morrow.tool.programs.builder import Builder, Order
from tests.e2e.images import buildah

STAND_IN = """\
#!{python}
import pathlib, sys
if sys.argv[1:] == ["build", "--help"]:
    print("{knows}")
else:
    pathlib.Path(__file__).with_name("words").write_text(" ".join(sys.argv[1:]))
"""
TIMES = ("--timestamp", "--rewrite-timestamp", "--build-arg")


@pytest.mark.parametrize(
    ("name", "knows", "made_at", "words"),
    [
        ("buildah", "--timestamp int", "17", ["--build-arg", "--timestamp"]),
        # Newer ones take the argument for the time, and refuse the older word beside it.
        ("podman", "--rewrite-timestamp", "17", ["--build-arg", "--rewrite-timestamp"]),
        ("docker", "", "17", ["--build-arg"]),
        ("buildah", "--timestamp int", "", []),
    ],
)
def test_each_builder_is_told_the_time_in_its_own_words(
    name: str,
    knows: str,
    made_at: str,
    words: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    program = tmp_path / name
    program.write_text(STAND_IN.format(python=sys.executable, knows=knows))
    program.chmod(0o755)
    monkeypatch.setenv(f"MORROW_{name.upper()}", str(program))
    file = tmp_path / "Dockerfile"
    Builder(name).build(Order(tmp_path, file, "x", {}, made_at), push=False)
    said = (tmp_path / "words").read_text().split()
    assert [word for word in said if word in TIMES] == words
    assert ("SOURCE_DATE_EPOCH=17" in said) is bool(made_at)


NOTES_ITS_VARIABLE = """\
#!/bin/sh
printf '%s' "${BUILDX_NO_DEFAULT_ATTESTATIONS:-unset}" >"$0.told"
"""


@pytest.mark.parametrize("platforms", [("linux/amd64",), ("linux/amd64", "linux/arm64")])
@pytest.mark.parametrize(("name", "told"), [("docker", "1"), ("podman", "unset")])
def test_docker_adds_no_attestation_of_its_own(
    name: str,
    told: str,
    platforms: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    program = tmp_path / name
    program.write_text(NOTES_ITS_VARIABLE)
    program.chmod(0o755)
    monkeypatch.setenv(f"MORROW_{name.upper()}", str(program))
    monkeypatch.delenv("BUILDX_NO_DEFAULT_ATTESTATIONS", raising=False)
    order = Order(tmp_path, tmp_path / "Dockerfile", "x", {}, platforms=platforms)
    Builder(name).build(order, push=False)
    assert (tmp_path / f"{name}.told").read_text() == told


BOTH = ("linux/amd64", "linux/arm64")
IMAGE = "localhost/web:1"
NO_LIST = """\
#!/bin/sh
echo "$*" >>"$0.told"
case "$*" in "manifest rm"*) exit 1 ;; esac
"""


def test_podman_takes_one_name_away_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a name it would take away all that the image has."""
    program = tmp_path / "podman"
    program.write_text(NO_LIST)
    program.chmod(0o755)
    monkeypatch.setenv("MORROW_PODMAN", str(program))
    order = Order(tmp_path, tmp_path / "Dockerfile", IMAGE, {}, platforms=BOTH)
    Builder("podman").build(order, push=False)
    said = (tmp_path / "podman.told").read_text().splitlines()
    assert [line for line in said if "untag" in line] == [f"untag {IMAGE} {IMAGE}"]


def test_an_image_for_one_kind_gives_its_name_to_one_for_two(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if shutil.which("buildah") is None:
        pytest.skip("no buildah: building an image")
    for key, value in buildah(tmp_path, "localhost").items():
        monkeypatch.setenv(key, value)
    file = tmp_path / "Dockerfile"
    file.write_text("FROM scratch\nCOPY Dockerfile /\n")

    def build(*platforms: str) -> None:
        Builder("buildah").build(Order(tmp_path, file, IMAGE, {}, platforms=platforms), push=False)

    def listed() -> list[str]:
        words = ["buildah", "manifest", "inspect", IMAGE]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        found = json.loads(done.stdout)["manifests"] if done.returncode == 0 else []
        return sorted(f"linux/{one['platform']['architecture']}" for one in found)

    build()
    assert listed() == [], "the control: it is no list"
    for _ in range(2):  # a second build adds nothing to the first
        build(*BOTH)
        assert listed() == [*BOTH]
    build()
    assert listed() == [], "and back"
