"""`morrow scan`: judge what a scanner found in an image."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from morrow.tool.cli.options import answers, finish

FILE = click.Path(path_type=Path, dir_okay=False)


@click.command(
    help="Judge REPORT, what Grype found in an image (`grype sbom:sbom.json -o json`).\n\n"
    "A critical fault that can be mended stops it, unless the file of exceptions lets it pass for "
    "a time. A scanner that could not look stops it too."
)
@click.argument("report", type=FILE)
@click.option("--sbom", "bill", type=FILE, required=True, help="What was scanned: CycloneDX, JSON.")
@click.option(
    "--exceptions",
    type=FILE,
    default=Path("vulnerabilities.yaml"),
    show_default=True,
    help='Its lines: CVE-2026-1234: {package: zlib, until: "2026-12-31", reason: why}.',
)
@answers
def command(report: Path, bill: Path, exceptions: Path) -> None:
    """Hand over."""
    from morrow.tool.release.scan import scan

    finish(scan(report, bill, exceptions, datetime.now(UTC)))
