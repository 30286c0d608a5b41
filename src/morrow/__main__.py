"""Serve a service without the tool: `python -m morrow MODULE:ATTRIBUTE`."""

import sys

from morrow.kit.serve import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
