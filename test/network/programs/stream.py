"""stream.py HOST PORT CONNECTIONS [PAUSE]: sends random bytes to an echo server until SIGTERM.

Prints "flowing" when every connection has had its first answer. At its end it prints, in JSON, how many bytes
came back unchanged, how many came back changed, and for each connection the address to which its packets went
and the errno with which it broke, or null. PAUSE: seconds between two blocks of a connection.
"""

import errno
import json
import os
import signal
import socket
import sys
import threading

from wire import wire_of

BLOCK = 16_384

host, port, connections = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
pause = float(sys.argv[4]) if len(sys.argv) > 4 else 0.01
stop = threading.Event()
total = {"bytes": 0, "wrong": 0, "ends": []}
lock = threading.Lock()


def receive(sock, size):
    chunks = []
    while size:
        data = sock.recv(size)
        if not data:
            raise OSError(errno.ENODATA, "end of file in the middle of an answer")
        chunks.append(data)
        size -= len(data)
    return b"".join(chunks)


def flow(sock, first):
    remote = wire_of(sock)["remote"].split(":")[0]
    code = None
    try:
        while True:
            block = os.urandom(BLOCK)
            sock.sendall(block)
            answer = receive(sock, BLOCK)
            with lock:
                total["bytes"] += BLOCK
                total["wrong"] += sum(a != b for a, b in zip(block, answer)) if answer != block else 0
            first()
            if stop.wait(pause):
                break
        # The echo server shuts down in turn.
        sock.shutdown(socket.SHUT_WR)
        if sock.recv(1):
            raise OSError(errno.EPROTO, "bytes that nobody sent")
    except OSError as error:
        code = errno.errorcode.get(error.errno, str(error))
    finally:
        with lock:
            total["ends"].append({"remote": remote, "errno": code})
        first()
        sock.close()


signal.signal(signal.SIGTERM, lambda *_: stop.set())
barrier = threading.Barrier(connections + 1)
threads = []
for _ in range(connections):
    sock = socket.create_connection((host, port))
    passed = threading.Event()

    def first(passed=passed):
        if not passed.is_set():
            passed.set()
            barrier.wait()

    threads.append(threading.Thread(target=flow, args=(sock, first)))
    threads[-1].start()
barrier.wait()
print("flowing", flush=True)
for thread in threads:
    thread.join()
print(json.dumps(total))
