"""The bucket for the states: made by the second command of docs/aws.md, its own state moved in."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.terraform.aws import account as accounts
from tests.terraform.aws.estate import NUMBER, Estate, copied

OWN = "example-own-states"
BACKEND = """\
terraform {
  backend "s3" {
    bucket       = "example-own-states"
    key          = "platform/bootstrap.tfstate"
    region       = "eu-west-1"
    use_lockfile = true
  }
}
"""


@pytest.mark.full
@pytest.mark.timeout(7200)
def test_an_empty_account_gets_its_bucket_and_keeps_it(tmp_path: Path) -> None:
    copied(tmp_path)
    with accounts.running(tmp_path / "account") as account:
        live = Estate(tmp_path, account, "bootstrap")
        told = live.platform("plan", "bootstrap", "--json")
        assert told.code != 0, "111122223333 is nobody's account here"
        assert told.problem["code"] == "aws-account"
        live.tell("111122223333", NUMBER)
        live.tell("example-terraform-state", OWN)

        told = live.platform("up", "bootstrap", "--json")
        assert told.code == 0, told.err[-4000:]
        assert (told.answer["result"], told.answer["month"]) == ("applied", None)
        assert account.ask("s3", "get_bucket_versioning", Bucket=OWN)["Status"] == "Enabled"
        (live.root / "backend.tf").write_text(BACKEND)
        done = live.terraform("init", "-migrate-state", "-force-copy", "-no-color")
        assert done.returncode == 0, done.stderr
        held = account.ask("s3", "head_object", Bucket=OWN, Key="platform/bootstrap.tfstate")
        assert held["ServerSideEncryption"] == "aws:kms"
        (live.root / "terraform.tfstate").unlink()
        told = live.platform("plan", "bootstrap", "--detailed-exitcode")
        assert told.code == 0, told.out + told.err

        # Every platform's memory: it does not go by a command of ours.
        told = live.platform("down", "bootstrap", "--confirm", "bootstrap", "--json")
        assert (told.code, told.problem["code"]) == (2, "platform-protected")
        assert told.problem["object"] == "aws_s3_bucket.states"
        assert account.ask("s3", "head_bucket", Bucket=OWN) is not None
        assert not account.crashes()
