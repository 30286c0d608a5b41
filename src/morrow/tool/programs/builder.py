"""docker, podman or buildah: whichever works here builds an image and pushes it.

How others use it: `Builder.find().build(Order(…), push=True)`, which returns the digest. What a
builder reads from its own files (proxies, registries without TLS, where layers are kept) is its own
business.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from morrow.tool.base.errors import Failure, problem
from morrow.tool.base.terminal import terminal
from morrow.tool.programs import runner
from morrow.tool.programs.registry import registry_of
from morrow.tool.programs.runner import Result

BUILDERS = ("docker", "podman", "buildah")
LOGIN = re.compile(r"unauthori[sz]ed|denied|authentication required|no basic auth|\b40[13]\b", re.I)
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
PATIENCE = 3600.0  # seconds for one step


@dataclass(frozen=True)
class Order:
    """What is to be built."""

    context: Path
    file: Path
    image: str
    labels: Mapping[str, str]
    made_at: str = ""
    platforms: tuple[str, ...] = ()
    more: tuple[str, ...] = ()  # the builder's own words


@dataclass(frozen=True)
class Builder:
    """One of them."""

    name: str

    @classmethod
    def find(cls, named: str = "") -> Builder:
        """Return the one that is named, or the first that answers: docker needs its daemon."""
        tried = []
        for name in (named,) if named else BUILDERS:
            try:
                done = runner.run(name, "version", timeout=20)
            except Failure as failure:
                tried.append(f"{name}: {failure.problems[0].cause}")
                continue
            if done.code == 0:
                return cls(name)
            tried.append(f"{name}: {done.last_error}")
        raise Failure(problem("builder-missing", named or "builder", "; ".join(tried)))

    def build(self, order: Order, *, push: bool) -> str:
        """Build it, with what it says as progress; pushed, return the registry's digest of it.

        With `made_at` every time in it is that one; docker takes it from its argument alone.
        """
        labels = (f"{key}={value}" for key, value in order.labels.items())
        words = [word for label in labels for word in ("--label", label)]
        if order.made_at:
            words += ["--build-arg", f"SOURCE_DATE_EPOCH={order.made_at}"]
            words += self._timed(order.made_at)
        words += ["--platform", ",".join(order.platforms)] if order.platforms else []
        words += ["-f", str(order.file), *order.more, str(order.context)]
        several = len(order.platforms) > 1
        if several and self.name == "docker":
            return self._by_buildx(order.image, words, push=push)
        if several:
            self._free(order.image)
        done = self._run("build", "--manifest" if several else "-t", order.image, *words)
        if done.code:
            raise done.failure()
        return self._push(order.image, several=several) if push else ""

    def _by_buildx(self, image: str, words: list[str], *, push: bool) -> str:
        """Let docker build for several platforms: it keeps no such image, it pushes at once."""
        with tempfile.TemporaryDirectory() as folder:
            told = Path(folder) / "built.json"
            more = ("--push",) if push else ()
            kept = ("--metadata-file", str(told))
            done = self._run("buildx", "build", *more, *kept, "-t", image, *words)
            if done.code:
                raise self._refused(done, image) if push else done.failure()
            return str(json.loads(told.read_text())["containerimage.digest"]) if push else ""

    def _free(self, image: str) -> None:
        """Take the name from what an earlier build gave it to, if there is any.

        To a list would be added, and an image for one kind of machine is refused as none.
        """
        if runner.run(self.name, "manifest", "rm", image).code:
            # Untagged without a name, an image loses all that it has.
            words = ("untag", image, image) if self.name == "podman" else ("rmi", image)
            runner.run(self.name, *words)

    def _timed(self, made_at: str) -> list[str]:
        """Return what sets the times of files: newer builders refuse the older word."""
        if self.name == "docker":
            return []
        told = runner.run(self.name, "build", "--help", timeout=20).out
        newer = "--rewrite-timestamp"
        return [newer] if newer in told else ["--timestamp", made_at]

    def _push(self, image: str, *, several: bool) -> str:
        """Push it; return the digest that the registry has it under."""
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "digest"
            words = () if self.name == "docker" else ("--digestfile", str(file))
            if several:
                done = self._run("manifest", "push", "--all", *words, image, f"docker://{image}")
            else:
                done = self._run("push", *words, image)
            output = file.read_text() if file.is_file() else done.out
        if done.code:
            raise self._refused(done, image)
        digests = DIGEST.findall(output)
        if not digests:
            raise done.failure()
        return str(digests[-1])

    def _refused(self, done: Result, image: str) -> Failure:
        if not LOGIN.search(done.err or done.out):
            return done.failure()
        command = f"{self.name} login {registry_of(image) or 'docker.io'}"
        return Failure(problem("push-unauthorised", image, done.last_error, command=command))

    def _run(self, *words: str) -> Result:
        def show(line: str) -> None:
            terminal.say(terminal.paint(f"  {line}", "dim"))

        # What buildx would add of its own is an entry for no platform, with the clock's time in it.
        # Asked for by its arguments it is still made; the older builder knows neither.
        plain = {"BUILDX_NO_DEFAULT_ATTESTATIONS": "1"} if self.name == "docker" else {}
        return runner.run(self.name, *words, timeout=PATIENCE, environment=plain, on_line=show)
