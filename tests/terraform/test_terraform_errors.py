"""What Terraform and its provider say, turned into the tool's words: no program runs here."""

from __future__ import annotations

import pytest

from morrow.tool.programs.terraform_errors import (
    Diagnostic,
    FixContext,
    as_printed,
    needs_init,
    parse_lock,
    problems_of,
)

AT = FixContext(
    "prod", "environments/prod.yaml", "terraform/environments/prod", "hello", "shop", "p"
)
LOCK = """operation error S3: PutObject, https response error StatusCode: 412, PreconditionFailed
Lock Info:
  ID:        95ca8f5e-b37d-9c1c-0b6a-0a0e3f9e3b0c
  Path:      bucket/hello/prod.tfstate
  Operation: OperationTypeApply
  Who:       ann@laptop
  Version:   1.11.4
  Created:   2026-01-02 03:04:05 +0000 UTC
  Info:

Terraform acquires a state lock to protect the state."""

CASES = [
    (("Error acquiring the state lock", LOCK), "terraform-locked", "state of prod"),
    (("Failed to query available provider packages", "Could not retrieve the list of available"
      " versions for provider hashicorp/aws: could not connect to registry.terraform.io: 403"),
     "terraform-provider-missing", "provider hashicorp/aws"),
    (("Failed to install provider", "Error while installing hashicorp/helm v3.1.1: 404"),
     "terraform-provider-missing", "provider hashicorp/helm"),
    (("Failed to query available provider packages", "Could not retrieve the list"),
     "terraform-provider-missing", "provider of the root"),
    (("Lint Error", "malformed chart or values: \n\t[ERROR] values.yaml: replicas is wrong"),
     "chart-invalid", "chart with environments/prod.yaml"),
    (("Error upgrading chart", "Upgrade failed: another operation (install/upgrade/rollback) is"
      " in progress"), "release-stuck", "release hello in shop"),
    (("installation failed", '"hello" has no deployed releases'),
     "release-stuck", "release hello in shop"),
    (("installation failed", 'Unable to continue with install: Service "hello" in namespace "shop"'
      " exists and cannot be imported into the current release: invalid ownership metadata"),
     "object-in-use", "Service hello"),
    (("Error", 'context "p" does not exist'), "context-missing", "context p"),
    (("installation failed", 'create: failed to create: namespaces "shop" not found'),
     "namespace-missing", "namespace shop"),
    (("Error", "Kubernetes cluster unreachable: Get https://…: connection refused"),
     "cluster-unreachable", "context p"),
    (("Error upgrading chart", "Upgrade failed: release hello failed, and has been rolled back due"
      " to atomic being set: context deadline exceeded"),
     "release-rolled-back", "release hello in shop"),
    (("Instance cannot be destroyed", "Resource terraform_data.guard[0] has"
      " lifecycle.prevent_destroy set"), "platform-protected", "terraform_data.guard[0]"),
    (("Error", 'Failed to get existing workspaces: S3 bucket "example-state" does not exist.'),
     "terraform-bucket", "bucket example-state"),
    (("Error refreshing state", "Unable to access object: StatusCode: 403"),
     "terraform-backend", "state of prod"),
    (("Failed to save state", "Error saving state: StatusCode: 403"),
     "terraform-state-unsaved", "state of prod"),
    (("Failed to persist state to backend", 'the state has been written to "errored.tfstate"'),
     "terraform-state-unsaved", "state of prod"),
    (("Invalid value for variable", 'image_digest "v1" is not'),
     "terraform-input", "terraform/environments/prod"),
    (("Failed to load plugin schemas", "Could not load the schema for provider"
      " registry.terraform.io/hashicorp/aws: timeout while waiting for plugin to start"),
     "terraform-failed", "terraform/environments/prod"),
    (("Something new", "never seen"), "terraform-failed", "terraform/environments/prod"),
]  # fmt: skip


@pytest.mark.parametrize(("said", "code", "what"), CASES)
def test_each_trouble_has_its_name(said: tuple[str, str], code: str, what: str) -> None:
    (wrong,) = problems_of([Diagnostic("error", *said)], AT, "terraform plan")
    assert (wrong.code, wrong.object) == (code, what)
    assert wrong.cause
    assert wrong.fix


def test_a_lock_says_by_whom_and_since_when() -> None:
    (wrong,) = problems_of([Diagnostic("error", "Error acquiring the state lock", LOCK)], AT, "")
    assert wrong.cause == "ann@laptop holds it since 2026-01-02 03:04:05 +0000 UTC for apply"
    assert "95ca8f5e-b37d-9c1c-0b6a-0a0e3f9e3b0c" in wrong.fix
    framed = "\n".join(f"│ {line}" for line in LOCK.splitlines())
    assert parse_lock(framed) == parse_lock(LOCK)
    assert parse_lock("no lock here") is None


def test_the_chart_s_sentences_are_told_one_by_one() -> None:
    text = (
        "malformed chart or values: \n\ttemplates/: executing: error calling include: template:"
        r' no template "\n\nThese values cannot work together:\n- route.hosts is empty: say'
        r' \"a.example.com\".\n- raise replicas to 2.\n" associated with template "gotpl"'
    )
    (wrong,) = problems_of([Diagnostic("error", "Lint Error", text)], AT, "")
    assert wrong.cause == 'route.hosts is empty: say "a.example.com".'
    assert wrong.details == ("raise replicas to 2.",)


def test_a_trouble_told_twice_is_told_once_and_two_are_two() -> None:
    said = [Diagnostic("error", "Invalid value for variable", text) for text in ("a", "b", "a")]
    assert len(problems_of(said, AT, "")) == 2


def test_a_quote_that_is_not_closed_is_told_once_where_it_is() -> None:
    file, said = "terraform.tfvars", "Quoted strings may not be split over multiple lines."
    wrong = [Diagnostic("error", "Invalid multi-line string", said, file, at) for at in (6, 7, 9)]
    (one,) = problems_of(wrong, AT, "")
    assert one.object == "terraform/environments/prod/terraform.tfvars:6"


def test_a_summary_of_several_lines_has_one_that_is_the_cause() -> None:
    said = 'S3 bucket "example-state" does not exist.\n\nThe bucket must have\n\nError: 404'
    (one,) = problems_of([Diagnostic("error", said, "")], AT, "")
    assert one.cause == 'S3 bucket "example-state" does not exist.'
    assert one.details == ("The bucket must have", "Error: 404")


@pytest.mark.parametrize(
    ("text", "needed"),
    [
        ('Error: Backend initialization required, please run "terraform init"', True),
        ("Error: Inconsistent dependency lock file", True),
        ("Error: Lint Error", False),
    ],
)
def test_a_root_is_initialised_when_terraform_asks(text: str, needed: bool) -> None:
    assert needs_init(text) is needed


def test_an_error_that_terraform_prints_for_people_is_read_without_its_frame() -> None:
    red, off = "\x1b[31m", "\x1b[0m"
    printed = f"""
{red}╷{off}{off}
{red}│{off} {off}{red}Error: {off}validating provider credentials: api error ExpiredToken: old
{red}│{off} {off}
{red}│{off} {off}  with provider["aws"]
{red}╵{off}{off}
"""
    (one,) = problems_of([as_printed(printed)], AT, "terraform output")
    assert one.code == "aws-login"
    assert one.cause.startswith("validating provider credentials: api error ExpiredToken: old")
    assert "\x1b" not in repr(one)
    assert "│" not in repr(one)
    assert as_printed("no such file").summary == "no such file"
