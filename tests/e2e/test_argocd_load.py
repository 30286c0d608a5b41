"""The proof for Argo CD: sync, self-heal, a bad release and the way back lose no request.

hello is delivered by commits alone. The control delivers the same without the recipe.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.argocd import argo, needs_argocd
from tests.e2e.cluster import ROOT, Cluster, Image, eventually, needs_lab
from tests.e2e.conftest import proving
from tests.e2e.delivered import Delivered, project_of
from tests.e2e.rig import FOLDER, NOTHING

pytestmark = [pytest.mark.proof, pytest.mark.timeout(900), needs_lab("has an Argo CD beside it")]


@pytest.fixture(scope="module")
def delivered(
    cluster: Cluster,
    hello_images: dict[str, Image],
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Delivered]:
    needs_argocd()
    work: Path = tmp_path_factory.mktemp("argocd") / "work"
    with proving("argocd", cluster, hello_images, request, FOLDER / "argocd") as rig:
        project = project_of(rig, work)
        shutil.copytree(ROOT / "chart", work / "chart")
        (work / "pyproject.toml").write_text("[tool.morrow]\n")
        with argo(cluster, work, rig.namespace) as (made, server):
            server.send("The chart")
            made.add(made.application("test", rig.namespace, "hello"))
            shop = Delivered("Argo CD", rig, project, made.sync)
            shop.first()
            yield shop


def test_a_sync(delivered: Delivered) -> None:
    delivered.commit()


@pytest.mark.full  # without a load in test_argocd.py, by a load in test_no_lost_request.py
def test_self_heal(delivered: Delivered) -> None:
    rig = delivered.rig
    with rig.under_load("Argo CD: changes by hand are undone", NOTHING) as run:
        for replicas in (1, 4):
            run.mark(f"scale to {replicas} by hand")
            where = ("deployment/hello", "-n", rig.namespace)
            rig.cluster.kubectl("scale", *where, f"--replicas={replicas}")
            eventually("it heals itself", lambda: delivered.replicas() == 2, within=60)
            run.settle()
    assert len(rig.pods()) == 2
    rig.nothing_lost()


def test_a_bad_release(delivered: Delivered) -> None:
    delivered.bad_release()


def test_the_way_back(delivered: Delivered) -> None:
    delivered.way_back()


@pytest.mark.full  # the control of the rig itself is in test_no_lost_request.py
def test_control_a_sync_without_the_recipe(delivered: Delivered) -> None:
    delivered.control()
