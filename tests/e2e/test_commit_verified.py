"""From a commit of a changed line in Python to a verified environment, and what each step took."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest

from tests.e2e.built import buildable, commit
from tests.e2e.cluster import ROOT, Cluster, Image
from tests.e2e.test_tool_verify import PYPROJECT, Hello
from tests.e2e.tool_project import Told
from tests.records import record

pytestmark = [pytest.mark.full, pytest.mark.timeout(900)]

OLD = "Hello, this is a message from your Python app!"
NEW = "Hello, this line was changed!"
# The image's own modules were compiled; what is copied over one must be compiled again.
DOCKERFILE = """\
FROM {image}
COPY app.py /app/hello/app.py
USER 0
RUN ["/usr/bin/python3", "-m", "compileall", "-q", "-f", "/app/hello/app.py"]
USER 10001:10001
"""


@pytest.fixture
def hello(cluster: Cluster, namespace: str, hello_image: Image, tmp_path: Path) -> Hello:
    """hello as it is, verified, in a repository whose image can be built."""
    project = buildable(tmp_path, cluster, namespace, hello_image)
    hello = Hello(project)
    (project.folder / "pyproject.toml").write_text(PYPROJECT)
    image = f"{hello_image.repository}@{hello_image.digest}"
    (project.folder / "Dockerfile").write_text(DOCKERFILE.format(image=image))
    shutil.copy(ROOT / "apps" / "hello" / "hello" / "app.py", project.folder)
    hello.up()
    commit(project)
    return hello


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert text.count(old) == 1
    file.write_text(text.replace(old, new))


def test_a_changed_line_is_verified(hello: Hello) -> None:
    project, seconds = hello.project, {}

    def step(name: str, told: Told) -> Told:
        assert told.code == 0, told
        seconds[name] = round(told.seconds, 1)
        return told

    before = hello.template()
    change(project.folder / "app.py", OLD, NEW)
    commit(project)
    began = time.monotonic()
    # The control: what runs does not say the new line, and the contract notices.
    step("build and push", project.morrow("build", "test", "--push"))
    change(project.folder / "pyproject.toml", OLD, NEW)
    stale = hello.verify("--json")
    assert stale.code == 1
    assert NEW in str(stale.answer["first_broken"]) + stale.out
    began += stale.seconds

    step("roll out", project.morrow("up", "test"))
    step("verify", hello.verify())
    load = step("verify under load", hello.verify("--load", "100", "--for", "10s", "--json"))
    seconds["commit to verified"] = round(time.monotonic() - began, 1)
    assert (load.answer["load"]["failed"], hello.template() == before) == (0, False)
    record("commit", {"seconds": seconds})
