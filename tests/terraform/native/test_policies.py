"""Every policy of the modules says what the table says, and nothing that no policy may say."""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.terraform.fixtures import REPOSITORY
from tests.terraform.native import documents, rules
from tests.terraform.native.conftest import Run

HERE = Path(__file__).resolve().parent
Documents = dict[str, list[dict[str, Any]]]

# The bootstrap asks AWS which account it is in; here nobody answers.
OFFLINE = """
provider "aws" {
  allowed_account_ids         = null
  access_key                  = "testing"
  secret_key                  = "testing"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}
"""


def carriers() -> set[str]:
    """Return the types in the modules whose JSON may be a policy."""
    text = "".join(file.read_text() for file in REPOSITORY.glob("terraform/*/*/*.tf"))
    return {word for word in documents.CARRIERS if f'resource "{word}"' in text}


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory, bare: Run) -> Documents:
    """Plan everything that can make a policy; return the policies."""
    top = tmp_path_factory.mktemp("policies")
    root = top / "tests" / "terraform" / "native" / "policies"
    shutil.copytree(HERE / "policies", root)
    shutil.copytree(
        REPOSITORY / "terraform", top / "terraform", ignore=shutil.ignore_patterns(".terraform*")
    )
    (top / "terraform/platform/bootstrap/offline_override.tf").write_text(OFFLINE)
    for command in (("init",), ("plan", "-out=test.tfplan")):
        done = bare(root, *command, "-input=false", "-no-color")
        assert done.returncode == 0, done.stderr
    shown = bare(root, "show", "-json", "test.tfplan")
    return documents.found(json.loads(shown.stdout))


def test_every_policy_says_what_the_table_says(planned: Documents) -> None:
    table = yaml.safe_load((HERE / "policies.yaml").read_text())
    assert sorted(planned) == sorted(table)
    for address, statements in table.items():
        assert planned[address] == statements, address


def test_every_kind_of_policy_is_in_the_plan(planned: Documents) -> None:
    kinds = {address.split("[")[0].split(".")[-2] for address in planned}
    assert kinds == carriers()


def test_no_policy_says_what_none_may(planned: Documents) -> None:
    for address, statements in planned.items():
        assert rules.wrong(statements) == [], address


def pod(planned: Documents) -> dict[str, Any]:
    found: dict[str, Any] = planned['module.identity.aws_iam_role.service["hello"]'][0]
    return found


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda s: s.update(Action="*"), "allows *"),
        (lambda s: s.update(Action=["s3:*"]), "allows s3:*"),
        (lambda s: s.update(Resource="*"), "is on every resource"),
        (lambda s: s.update(Principal="*"), "is for everybody"),
        (lambda s: s["Condition"].pop("ArnEquals"), "without aws:SourceArn"),
        (lambda s: s["Condition"]["StringEquals"].pop("aws:SourceAccount"), "aws:SourceAccount"),
        (
            lambda s: s["Condition"]["StringEquals"].pop("aws:RequestTag/kubernetes-namespace"),
            "without aws:RequestTag/kubernetes-namespace",
        ),
        (
            lambda s: s["Condition"]["StringEquals"].update(
                {"aws:RequestTag/kubernetes-service-account": "*"}
            ),
            "kubernetes-service-account has a *",
        ),
    ],
)
def test_the_rules_can_be_broken(
    planned: Documents, spoil: Callable[[dict[str, Any]], Any], said: str
) -> None:
    statement = copy.deepcopy(pod(planned))
    assert rules.wrong([statement]) == []
    spoil(statement)
    assert any(said in fault for fault in rules.wrong([statement]))
