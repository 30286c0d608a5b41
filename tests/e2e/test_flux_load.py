"""The proof for Flux: a commit, a bad release and the way back lose no request.

hello is delivered by commits alone; a stand-in for a pipeline signs what each renders, and the real
controllers take it. The control delivers the same without the recipe.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.cluster import Cluster, Image, needs_lab
from tests.e2e.conftest import proving
from tests.e2e.delivered import Delivered, project_of
from tests.e2e.flux import needs_flux
from tests.e2e.flux_pipeline import line
from tests.e2e.rig import FOLDER

pytestmark = [
    pytest.mark.full,
    pytest.mark.proof,
    pytest.mark.timeout(900),
    needs_lab("has a Flux in it"),
]


@pytest.fixture(scope="module")
def delivered(
    cluster: Cluster,
    hello_images: dict[str, Image],
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Delivered]:
    needs_flux(cluster)
    scratch: Path = tmp_path_factory.mktemp("flux")
    with proving("flux", cluster, hello_images, request, FOLDER / "flux") as rig:
        project = project_of(rig, scratch / "work")
        with line(project, scratch) as made:
            shop = Delivered("Flux", rig, project, made.flux.apply_again)
            shop.first()
            yield shop


def test_a_commit(delivered: Delivered) -> None:
    delivered.commit()


def test_a_bad_release(delivered: Delivered) -> None:
    delivered.bad_release()


def test_the_way_back(delivered: Delivered) -> None:
    delivered.way_back()


def test_control_a_commit_without_the_recipe(delivered: Delivered) -> None:
    delivered.control()
