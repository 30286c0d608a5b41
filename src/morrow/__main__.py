"""Serve a service without the tool: `python -m morrow MODULE:ATTRIBUTE`."""

import signal
import sys

if __name__ == "__main__":
    # Until the server has its own handlers, Ctrl-C ends this without Python's traceback.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from morrow.kit.serving.serve import main

    sys.exit(main(sys.argv[1:]))
