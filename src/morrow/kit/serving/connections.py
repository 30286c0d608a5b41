"""The service's own connections, as the kernel knows them.

The server takes an answer in one piece and writes it as its client reads. Nothing tells when
the last byte is out but the connection's own queue. And a stream that breaks must not end like
a whole one. Both need the connection itself: it is the one whose local address is that of our
listening socket. Those that the application opened have others, and are never touched.
"""

import fcntl
import os
import socket
import stat
import struct
import sys
from collections.abc import Iterator

_SIOCOUTQ = 0x5411
Peer = tuple[str, str]


def own(port: int) -> Iterator[tuple[socket.socket, Peer]]:
    """Yield each connection that was accepted at our port, and its other end. Linux only."""
    if sys.platform != "linux":
        return
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208 - names are enough
        try:
            if not stat.S_ISSOCK(os.fstat(int(name)).st_mode):
                continue
            copy = os.dup(int(name))
        except OSError:
            continue  # closed meanwhile
        with socket.socket(fileno=copy) as one:
            try:
                if one.family not in (socket.AF_INET, socket.AF_INET6):
                    continue
                if one.getsockname()[1] != port:
                    continue
                host, peer = one.getpeername()[:2]
            except OSError:
                continue  # a listener, or closed meanwhile
            yield one, (host, str(peer))


def unsent(port: int) -> dict[Peer, int]:
    """Return the bytes that clients have not taken yet, by client."""
    left = {}
    for one, peer in own(port):
        (size,) = struct.unpack("i", fcntl.ioctl(one.fileno(), _SIOCOUTQ, b"\0" * 4))
        if size:
            left[peer] = size
    return left


def cut(port: int, peer: Peer) -> None:
    """End one connection at once: what its client has got of an answer is not all."""
    for one, other in own(port):
        if other == peer:
            one.shutdown(socket.SHUT_RDWR)
            return
