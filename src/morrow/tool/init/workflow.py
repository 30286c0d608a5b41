"""The workflow that calls the reusable ones: who wants more edits it, or takes their steps."""

from __future__ import annotations

from morrow import __version__
from morrow.tool.init.write import MADE, Draft

WORKFLOW = f"""\
# Plan, approval, exactly that plan, proof, rollback: docs/ci-cd.md. {MADE}
name: deploy
on: {{push: {{branches: [main]}}, workflow_dispatch: {{}}}}
permissions: {{}}
jobs:
  dev:
    uses: example/morrow/.github/workflows/deploy.yml@v{__version__}
    with: {{environment: dev, load: 20}}
    secrets: {{kubeconfig: "${{{{ secrets.KUBECONFIG }}}}"}}
    permissions: {{contents: read, id-token: write, pull-requests: write}}
"""


def workflow() -> Draft:
    """Return the file as GitHub finds it."""
    return Draft(".github/workflows/morrow.yml", WORKFLOW)
