#!/usr/bin/env bash
# Make .venv and install what `make up` needs, or with the argument `dev` what the tests need too.
# Every download is pinned by hash. When nothing changed since the last run, it ends at once.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '%s\n' "$*" >&2; }

key() { # key FILE...: changes with the files, the project's own metadata and the folder's place
  { printf '%s\n' "$PWD" && cat pyproject.toml "${@/#/requirements/}"; } | cksum
}

find_python() { # the first interpreter that is new enough and can make an environment
  local candidate seen=""
  for candidate in ${PYTHON:+"$PYTHON"} python3 python3.13 python3.12 python3.11 python3.14; do
    command -v "$candidate" >/dev/null || continue
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      if "$candidate" -c 'import venv, ensurepip' 2>/dev/null; then
        printf '%s\n' "$candidate"
        return
      fi
      seen="$candidate cannot make environments (on Debian and Ubuntu: apt install python3-venv)"
    else
      seen=${seen:-"$candidate is $("$candidate" --version 2>&1 | head -n 1)"}
    fi
  done
  say "error: Morrow needs Python 3.11 or newer; ${seen:-there is no python3 on PATH}."
  say "mend:  install one, or name it: make up PYTHON=/path/to/python3.13"
  return 1
}

up_files=(serve.txt tool.txt hello.txt build.txt)
up_key=$(key "${up_files[@]}")
dev_key=$(key dev.txt)
stamp=.venv/installed
have=$(cat "$stamp" 2>/dev/null || true)
if [ "${1:-}" = dev ]; then
  wanted=$dev_key files=(dev.txt)
  [ "$have" = "$dev_key" ] && .venv/bin/python -c '' 2>/dev/null && exit 0
else
  wanted=$up_key files=("${up_files[@]}")
  { [ "$have" = "$up_key" ] || [ "$have" = "$dev_key" ]; } &&
    .venv/bin/python -c '' 2>/dev/null && exit 0
fi

python=$(find_python)
rm -f "$stamp"
if ! .venv/bin/python -c 'import pip' 2>/dev/null ||
  [ "$(cat .venv/place 2>/dev/null)" != "$PWD" ]; then
  say "making .venv with $("$python" --version) ..."
  "$python" -m venv --clear .venv
  printf '%s\n' "$PWD" >.venv/place
fi
pip=(.venv/bin/python -m pip --disable-pip-version-check install --quiet)
say "installing the pinned packages of ${files[*]} ..."
# The files name everything that is needed: nothing to resolve, and bytecode comes with first use.
"${pip[@]}" --require-hashes --no-deps --no-compile "${files[@]/#/-rrequirements/}"
"${pip[@]}" --no-deps --no-build-isolation --no-index --editable .
printf '%s\n' "$wanted" >"$stamp"
