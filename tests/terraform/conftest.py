"""Terraform's tests run with the fixtures of `fixtures.py`, which the end-to-end tests use too."""

from tests.terraform.fixtures import copy, provider, pytest_terminal_summary, terraform

__all__ = ["copy", "provider", "pytest_terminal_summary", "terraform"]
