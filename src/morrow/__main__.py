"""Serve a service without the tool: `python -m morrow MODULE:ATTRIBUTE`."""

import os
import signal
import sys

if __name__ == "__main__":
    # Until the server has its own handlers, Ctrl-C ends this without Python's traceback.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from morrow.kit.serving.serve import main

    words = sys.argv[1:]
    # The application finds its own arguments: none. Settings of Django tell a server by the first.
    # A folder that its user may not look into is none of Django's.
    if not os.access("manage.py", os.R_OK):
        del sys.argv[1:]
    # Flask starts no server of its own below an `app.run()`.
    os.environ.setdefault("FLASK_RUN_FROM_CLI", "true")
    sys.exit(main(words))
