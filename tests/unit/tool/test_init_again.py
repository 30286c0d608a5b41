"""`morrow init` where it was before: what is new is added, and nobody's line is changed."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from morrow import __version__
from morrow.tool.base.project import Project
from morrow.tool.environment.load import problems_of, read
from morrow.tool.init.init import apply
from tests.unit.tool.command import morrow
from tests.unit.tool.test_init import WSGI, fill, found

GROWN = f"""{WSGI}
import os
from celery import Celery
os.environ["SHOP_NAME"], os.environ["API_TOKEN"], os.environ["DATABASE_URL"]
os.environ["PAGE_TITLE"]
tasks = Celery()
"""
# As people leave them: comments, flow style, a list in brackets, an own value.
LAID_OUT = {
    "as it was": lambda text: text,
    "in braces": lambda text: text.replace(
        'config:\n  SHOP_NAME: "local"\n', 'config: {SHOP_NAME: "ours"} # of the shop\n'
    ).replace("  keys:\n    - API_TOKEN\n", "  keys: [API_TOKEN]\n"),
    "with comments": lambda text: text.replace(
        '  SHOP_NAME: "local"\n', "  # what it is called\n  SHOP_NAME: ours  # today\n\n"
    ).replace("    - API_TOKEN\n", "    # one\n    - API_TOKEN # two\n"),
}


@pytest.fixture
def older(tmp_path: Path) -> Path:
    """What an init of long ago wrote, and an application that has grown since."""
    (tmp_path / "celery.py").write_text("class Celery: ...\n")
    (tmp_path / "wsgi.py").write_text(
        WSGI + "\nimport os\nos.environ['SHOP_NAME']\nos.environ['API_TOKEN']"
    )
    apply(found(tmp_path))
    (tmp_path / "wsgi.py").write_text(GROWN)
    docker = tmp_path / "Dockerfile"
    docker.write_text(docker.read_text().replace(f"=={__version__}", "==0.0.1") + "# ours\n")
    return tmp_path


@pytest.mark.parametrize(
    ("laid", "end"), [("as it was", "\n"), ("in braces", "\n"), ("with comments", "\r\n")]
)
def test_new_settings_and_processes_go_into_the_files_that_are_there(
    older: Path, laid: str, end: str
) -> None:
    base, local = older / "environments/base.yaml", older / "environments/local.yaml"
    text = LAID_OUT[laid](base.read_text())
    assert laid == "as it was" or text != base.read_text()
    base.write_bytes(text.replace("\n", end).encode())
    before = yaml.safe_load(text)
    apply(found(older))
    after = yaml.safe_load(base.read_text())
    assert after["config"] == {**before["config"], "PAGE_TITLE": "local"}
    assert after["secrets"].pop("keys") == ["API_TOKEN", "DATABASE_URL"]
    assert after["secrets"] == {k: v for k, v in before["secrets"].items() if k != "keys"}
    assert after["processes"]["worker"]["kind"] == "worker"
    here = yaml.safe_load(local.read_text())
    assert here["config"]["DATABASE_URL"].startswith("sqlite")
    assert here["secrets"] == {"keys": ["API_TOKEN"]}
    assert here["processes"] == {"worker": None}
    docker = (older / "Dockerfile").read_text()
    assert f"=={__version__}" in docker
    assert docker.endswith("# ours\n")
    kept = [line for line in text.splitlines() if not re.search("^$|config|keys", line)]
    now = base.read_bytes().decode().split(end)
    assert [line for line in now if line in kept] == kept, "each line of theirs, in order"
    for label in ("local", "dev", "prod"):
        assert problems_of(read(Project.find(older), label)) == []
    assert found(older).drafts == ()


def test_what_somebody_has_decided_is_not_decided_again(older: Path) -> None:
    """A control of the above: what a file names, also in a comment, is not added."""
    base = older / "environments/base.yaml"
    base.write_text(base.read_text() + "# Not ours: PAGE_TITLE, DATABASE_URL, no worker\n")
    apply(found(older))
    said = yaml.safe_load(base.read_text())
    assert "PAGE_TITLE" not in said["config"]
    assert "processes" not in said
    assert said["secrets"]["keys"] == ["API_TOKEN"]


def test_the_difference_is_shown(older: Path) -> None:
    said = morrow("init", "--dry-run", folder=older).out
    assert "  | +  PAGE_TITLE: local" in said
    assert (
        f'  | -ARG MORROW="morrow[serve]==0.0.1"\n  | +ARG MORROW="morrow[serve]=={__version__}"'
        in said
    )
    assert "SHOP_NAME" not in said.partition("environments/base.yaml")[2]


def test_a_gitignore_that_means_something_else_does_not_hide_the_environments(
    tmp_path: Path,
) -> None:
    """`env*` is for virtual environments; what CI delivers from must be in Git."""
    fill(tmp_path, wsgi_py=WSGI)
    (tmp_path / ".gitignore").write_text("env*\nlocal.*\n")
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    apply(found(tmp_path))
    listed = subprocess.run(
        ["git", "status", "--short", "-uall"], cwd=tmp_path, capture_output=True, text=True,
        check=True,
    ).stdout  # fmt: skip
    for stem in ("base", "local", "dev", "prod"):
        assert f"?? environments/{stem}.yaml" in listed
    assert found(tmp_path).drafts == ()


def test_who_keeps_only_this_machines_file_out_of_git_may(tmp_path: Path) -> None:
    fill(tmp_path, wsgi_py=WSGI)
    (tmp_path / ".gitignore").write_text("environments/local.yaml\n")
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    apply(found(tmp_path))
    assert "!/environments" not in (tmp_path / ".gitignore").read_text()


def test_what_a_dot_env_has_gained_is_null_in_this_machines_file(tmp_path: Path) -> None:
    reads = "import os\nfor line in open('.env'):\n    os.environ.setdefault(*line.split('='))\n"
    fill(tmp_path, wsgi_py=reads + WSGI)
    (tmp_path / ".env").write_text("OTHER=1\n")
    apply(found(tmp_path))
    fill(tmp_path, wsgi_py=f"{reads}os.environ['SHOP_NAME'], os.environ['PAGE_TITLE']\n{WSGI}")
    (tmp_path / ".env").write_text("OTHER=1\nSHOP_NAME=ours\n")
    apply(found(tmp_path))
    base, local = (
        yaml.safe_load((tmp_path / f"environments/{stem}.yaml").read_text())["config"]
        for stem in ("base", "local")
    )
    assert base == {"SHOP_NAME": "local", "PAGE_TITLE": "local"}, "the title is the control"
    assert local == {"SHOP_NAME": None}
