"""A schedule on this machine: `python -m morrow.tool.targets.process.cron SCHEDULE ZONE -- WORDS`.

One run at a time; a run that would overlap the one before it is left out. The output is the
command's own.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from datetime import datetime
from types import FrameType
from zoneinfo import ZoneInfo

from morrow.tool.base.schedule import following


def main(schedule: str, zone: str, command: list[str]) -> None:
    """Run it at each of its times until a signal ends this."""
    running: subprocess.Popen[bytes] | None = None

    def stop(number: int, frame: FrameType | None) -> None:
        if running is not None and running.poll() is None:
            running.terminate()
            running.wait()
        sys.exit(0)

    signal.signal(signal.SIGTERM, stop)
    while True:
        moment = following(schedule, datetime.now(ZoneInfo(zone)))
        if moment is None:
            sys.exit(f"the schedule {schedule} names no time")
        while (left := moment.timestamp() - time.time()) > 0:  # the clock may be put back
            time.sleep(min(left, 30.0))
        if running is None or running.poll() is not None:
            running = subprocess.Popen(command)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[4:])
