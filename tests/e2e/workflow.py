"""A small runner of GitHub's workflows: every `run:` of a job, in order, in a real shell.

What it does not run is named by the test, with the reason. Programs of GitHub's own (`gh`) are
stand-ins that write down what they were asked.
"""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.e2e.cluster import ROOT

EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")
COMPARED = re.compile(r"([\w.]+) (==|!=) '([^']*)'")


@dataclass
class Done:
    """What one step did."""

    name: str
    code: int
    told: str


@dataclass
class Workflow:
    """One workflow, run in a folder with variables and secrets of the test's own."""

    name: str
    folder: Path
    variables: dict[str, str]
    inputs: dict[str, str]
    secrets: dict[str, str]
    event: str = "push"
    known: dict[str, Any] = field(default_factory=dict)  # github, needs: what expressions name
    skipped: list[str] = field(default_factory=list)
    written: dict[str, str] = field(default_factory=dict)  # by a step, for the steps after it

    def __post_init__(self) -> None:
        text = (ROOT / ".github" / "workflows" / f"{self.name}.yml").read_text()
        self.told: dict[Any, Any] = yaml.safe_load(text)
        called = self.told[True].get("workflow_call", {})  # `on`
        self.given = {
            name: str(self.inputs.get(name, one.get("default", "")))
            for name, one in called.get("inputs", {}).items()
        }
        # GitHub's rule: one that need not be given is an empty text.
        self.unset = {
            name: "" for name, one in called.get("secrets", {}).items() if not one["required"]
        }
        assert set(self.inputs) <= set(self.given)

    def job(self, name: str, skip: dict[str, str]) -> list[Done]:
        """Run a job's steps until one fails; `skip`: those that are left out, and why."""
        job, done = self.told["jobs"][name], []
        self.known["steps"], self.written = {}, {}
        if not self._holds(job.get("if", "")):
            return []
        for step in job["steps"]:
            title = str(step.get("name") or step["uses"].partition("@")[0])
            if "run" not in step or title in skip:
                self.skipped.append(f"{title}: {skip[title]}")
                continue
            if self._holds(step.get("if", "")):
                done.append(self._run(title, step))
                if done[-1].code:
                    break
        return done

    def _run(self, title: str, step: dict[str, Any]) -> Done:
        outputs, variables = self.folder / ".outputs", self.folder / ".variables"
        for file in (outputs, variables):
            file.write_text("")
        own = {**self.told.get("env", {}), **step.get("env", {})}
        runner = {"GITHUB_OUTPUT": outputs, "GITHUB_ENV": variables, "RUNNER_TEMP": self.folder}
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", self._filled(step["run"])],
            cwd=self.folder,
            env=os.environ | self.variables | self.written
            | {key: self._filled(str(value)) for key, value in own.items()}
            | {key: str(value) for key, value in runner.items()},
            capture_output=True,
            text=True,
            check=False,
        )  # fmt: skip
        self.written |= _pairs(variables)
        if "id" in step:
            self.known["steps"][step["id"]] = {"outputs": _pairs(outputs)}
        return Done(title, done.returncode, done.stdout + done.stderr)

    def _filled(self, text: str) -> str:
        return EXPRESSION.sub(lambda found: self._value(found[1]), text)

    def _value(self, path: str) -> str:
        place: Any = {
            "inputs": self.given,
            "secrets": self.unset | self.secrets,
            "github": {"event_name": self.event, "token": "none", **self.known.get("github", {})},
            **{key: value for key, value in self.known.items() if key != "github"},
        }
        for part in path.split("."):
            assert part in place, f"{path}: nothing of that name"
            place = place[part]
        return str(place)

    def _holds(self, condition: str) -> bool:
        """Judge comparisons with texts, joined by &&: more is not used here."""
        for part in filter(None, condition.split(" && ")):
            found = COMPARED.fullmatch(part)
            assert found is not None, f"this runner does not know the condition {part!r}"
            if (self._value(found[1]) == found[3]) != (found[2] == "=="):
                return False
        return True


def _pairs(file: Path) -> dict[str, str]:
    return dict(line.split("=", 1) for line in file.read_text().splitlines())
