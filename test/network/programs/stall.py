"""stall.py HOST PORT COUNT: opens COUNT connections to an echo server, fills them, and never reads from them.

Prints "stalled" when no connection takes more bytes, holds them until SIGTERM, and then resets them.
"""

import selectors
import signal
import socket
import struct
import sys
import threading

host, port, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
BLOCK = b"x" * 65536
# All connections are full when none has taken bytes for so many seconds.
QUIET_SECONDS = 1.0

stop = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: stop.set())
selector = selectors.DefaultSelector()
sockets = []
for _ in range(count):
    sock = socket.create_connection((host, port))
    sock.setblocking(False)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sockets.append(sock)
    selector.register(sock, selectors.EVENT_WRITE)
written = 0
while ready := selector.select(QUIET_SECONDS):
    for key, _ in ready:
        try:
            written += key.fileobj.send(BLOCK)
        except BlockingIOError:
            pass
print(f"stalled after {written} bytes", flush=True)
stop.wait()
for sock in sockets:
    sock.close()
