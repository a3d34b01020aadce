"""churn.py HOST PORT COUNT PARALLEL: opens, uses and closes COUNT connections, PARALLEL at a time.

Each connection carries up to 8 KiB of random bytes to an echo server and back, and is shut down in both
directions. Prints, in JSON, how many connections went well, how many bytes were wrong, the errnos of the
failed connections, and the longest time in seconds until a failure was reported.
"""

import errno
import json
import os
import random
import socket
import sys
import threading
import time

port, count, parallel = (int(word) for word in sys.argv[2:5])
address = socket.gethostbyname(sys.argv[1])
total = {"good": 0, "wrong": 0, "errors": {}, "slowest": 0.0}
lock = threading.Lock()
left = iter(range(count))


def once():
    sent = os.urandom(random.randint(1, 8192))
    with socket.create_connection((address, port)) as sock:
        sock.sendall(sent)
        sock.shutdown(socket.SHUT_WR)
        got = b""
        while data := sock.recv(65536):
            got += data
    if got != sent:
        return abs(len(sent) - len(got)) + sum(a != b for a, b in zip(sent, got))
    return 0


def work():
    while True:
        with lock:
            if next(left, None) is None:
                return
        start = time.monotonic()
        try:
            wrong = once()
            with lock:
                total["good"] += wrong == 0
                total["wrong"] += wrong
        except OSError as error:
            name = errno.errorcode.get(error.errno, str(error))
            with lock:
                total["errors"][name] = total["errors"].get(name, 0) + 1
                total["slowest"] = max(total["slowest"], time.monotonic() - start)


threads = [threading.Thread(target=work) for _ in range(parallel)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(json.dumps(total))
