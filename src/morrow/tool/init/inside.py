"""Listen in a network of one's own, hand the sockets out of it, and become another program.

    python inside.py CHANNEL PORT,PORT PROGRAM...       # the number of an inherited socket

It imports nothing of Morrow. Whoever has the sockets serves them, without this network.
"""

from __future__ import annotations

import fcntl
import os
import socket
import struct
import sys

SET_FLAGS, UP = 0x8914, 1  # Linux: of an interface


def main(channel: int, ports: list[int], words: list[str]) -> None:
    """Bring `lo` up, listen, become the program."""
    with socket.socket() as any_:
        fcntl.ioctl(any_, SET_FLAGS, struct.pack("16sh22x", b"lo", UP))
    listeners = [socket.create_server(("127.0.0.1", port)) for port in ports]
    with socket.socket(fileno=channel) as out:
        socket.send_fds(out, [b"."], [one.fileno() for one in listeners])
    os.execvp(words[0], words)  # noqa: S606 - as it was asked to


if __name__ == "__main__":
    main(int(sys.argv[1]), [int(one) for one in sys.argv[2].split(",")], sys.argv[3:])
