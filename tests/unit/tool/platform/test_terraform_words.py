"""What the tool reads of a root's files without Terraform."""

from __future__ import annotations

from pathlib import Path

import pytest

from morrow.tool.programs.terraform_words import Object, Unknown, read_values, unknown_keys

REPOSITORY = Path(__file__).resolve().parents[4]
ROOTS = sorted(file.parent for file in (REPOSITORY / "terraform").glob("*/*/terraform.tfvars"))
VARIABLES = """\
variable "cluster" {
  description = "type = nothing { that counts"
  type = object({
    version = optional(string, "1.36")
    compute = object({ types = optional(list(string), []), min = number }) # one
    admins  = map(object({ role = string }))
    rules   = optional(list(object({ port = number })), [])
  })
  validation {
    condition     = alltrue([for name, one in var.cluster.admins : can(regex("^{", one.role))])
    error_message = "admins: ${join(", ", keys(var.cluster.admins))}"
  }
}
variable "free" {
  default = { type = "x" }
}
variable "anything" { type = any }
variable "name" {
  type = string
}
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "variables.tf").write_text(VARIABLES)
    return tmp_path


def found(root: Path, values: str) -> list[tuple[int, str, str]]:
    (root / "terraform.tfvars").write_text(values)
    return [(one.line, one.where, one.key) for one in unknown_keys(root)]


def test_every_shipped_root_is_read_and_has_no_unknown_key() -> None:
    assert len(ROOTS) >= 5
    for root in ROOTS:
        assert read_values(root / "terraform.tfvars") is not None, root
        assert list(unknown_keys(root)) == []


def test_a_misspelt_key_of_the_shipped_root_is_found(tmp_path: Path) -> None:
    shipped = REPOSITORY / "terraform" / "platform" / "prod"
    for file in ("variables.tf", "terraform.tfvars"):
        text = (shipped / file).read_text()
        (tmp_path / file).write_text(
            text.replace('image = "bottlerocket"', 'imge = "bottlerocket"')
        )
    (one,) = unknown_keys(tmp_path)
    assert (one.where, one.key) == ("cluster.compute", "imge")
    assert "image" in one.known


def test_unknown_keys_are_found_at_every_depth(root: Path) -> None:
    assert found(
        root,
        """\
# no = { thing = 1 }
cluster = {
  verson  = "1.36" /* one */
  compute = { type = ["a"], min = 1 }, "admins" : { me = { role = "a", rolle = "b" } }
  rules = [
    { port = 1 },
    { prot = 2 }, // two
  ]
}
free     = { whatever = 1 }
anything = { whatever = 1 }
nme      = "x"
""",
    ) == [
        (3, "cluster", "verson"),
        (4, "cluster.compute", "type"),
        (4, "cluster.admins.me", "rolle"),
        (7, "cluster.rules[1]", "prot"),
        (12, "", "nme"),
    ]


def test_known_keys_and_what_only_terraform_reads_are_let_through(root: Path) -> None:
    assert found(root, 'cluster = { compute = { min = 1 }, admins = {} }\nname = "a # b"') == []
    for unread in ('name = "a', "name = a ? b : c", 'name = "${oops}"', "name", "cluster = {", "]"):
        assert found(root, unread) == []
        assert read_values(root / "terraform.tfvars") is None, unread


def test_files_that_terraform_reads_by_itself_are_read_too(root: Path) -> None:
    (root / "more.auto.tfvars").write_text("nmae = <<-EOT\n  a = {\n  EOT\n")
    assert list(unknown_keys(root)) == [
        Unknown(root / "more.auto.tfvars", 1, "", "nmae", ("cluster", "free", "anything", "name"))
    ]


def test_values_are_found_by_their_path(root: Path) -> None:
    found(root, 'cluster = { compute = { types = ["a", "b"], min = -2.5 } }\n')
    values = read_values(root / "terraform.tfvars")
    assert isinstance(values, Object)
    assert values.at("cluster", "compute", "types") == ("a", "b")
    assert values.at("cluster", "compute", "min") == "-2.5"
    assert values.at("cluster", "compute", "min", "deeper") is None
    assert values.at("nowhere") is None
