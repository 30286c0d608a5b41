"""What the workflow `image` refuses before it fetches or builds anything; its steps are run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.workflow import Workflow


@pytest.mark.parametrize(
    ("inputs", "code"),
    [
        ({"platforms": ""}, 1),
        ({"platforms": " , "}, 1),
        ({"platforms": "linux/arm64"}, 0),
        ({}, 0),  # as it is when nothing is said
    ],
)
def test_no_platform_at_all_is_refused_first(
    inputs: dict[str, str], code: int, tmp_path: Path
) -> None:
    run = Workflow("image", tmp_path, {}, {"environment": "test", **inputs}, {})
    first, *rest = run.told["jobs"]["image"]["steps"]
    later = {str(one.get("name") or one["uses"].partition("@")[0]): "later" for one in rest}
    (done,) = run.job("image", later)
    assert (done.name, done.code) == (first["name"], code), done
    assert ("platforms is empty" in done.told) is bool(code)
