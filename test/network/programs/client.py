"""client.py ECHO_PORT WITNESS_PORT CLOSED_PORT TARGET...: connects to each target with every kind of socket.

Prints the results in JSON; test/network/lib/client.ts describes their form.
"""

import errno
import hashlib
import json
import os
import select
import socket
import sys
import threading
import time

from wire import endpoint_text, wire_of

SIZE = 200_000
TIMEOUT = 20.0
VARIANTS = [
    (family, blocking)
    for family in (socket.AF_INET, socket.AF_INET6)
    for blocking in (True, False)
]


def connect(address, port, family, blocking):
    sock = socket.socket(family, socket.SOCK_STREAM)
    to = (f"::ffff:{address}" if family == socket.AF_INET6 else address, port)
    try:
        if blocking:
            sock.connect(to)
        else:
            # Event loops register a socket before they connect it.
            sock.setblocking(False)
            poll = select.epoll()
            poll.register(sock.fileno(), select.EPOLLOUT)
            code = sock.connect_ex(to)
            if code not in (0, errno.EINPROGRESS):
                raise OSError(code, os.strerror(code))
            if code and not poll.poll(TIMEOUT):
                raise OSError(errno.ETIMEDOUT, "no event")
            poll.close()
            code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if code:
                raise OSError(code, os.strerror(code))
        # settimeout() would make the socket non-blocking in the kernel.
        sock.setblocking(True)
        return sock
    except OSError:
        sock.close()
        raise


def read_all(sock):
    chunks = []
    while data := sock.recv(65536):
        chunks.append(data)
    return b"".join(chunks)


def exchange(sock):
    """Sends SIZE random bytes, shuts down, and returns whether exactly these bytes came back."""
    sent = os.urandom(SIZE)
    writer = threading.Thread(target=lambda: (sock.sendall(sent), sock.shutdown(socket.SHUT_WR)))
    writer.start()
    got = read_all(sock)
    writer.join()
    return hashlib.sha256(sent).digest() == hashlib.sha256(got).digest()


def error_of(work):
    try:
        return work()
    except OSError as error:
        return errno.errorcode.get(error.errno, str(error))


def connect_and_exchange(address, family, blocking):
    start = time.monotonic()
    with connect(address, ECHO, family, blocking) as sock:
        took = time.monotonic() - start
        peer, wire = endpoint_text(sock.getpeername()), wire_of(sock)
        intact = exchange(sock)
    with connect(address, WITNESS, family, blocking) as sock:
        local = endpoint_text(sock.getsockname())
        sock.sendall(b"?")
        server = json.loads(read_all(sock))
    return {"peer": peer, "wire": wire, "intact": intact, "ms": took * 1e3, "local": local, "server": server}


def refusal(address, family, blocking):
    connect(address, CLOSED, family, blocking).close()
    return "connected"


def cases(target):
    address = socket.getaddrinfo(target, None, socket.AF_INET, socket.SOCK_STREAM)[0][4][0]
    for family, blocking in VARIANTS:
        family_name = "v4" if family == socket.AF_INET else "mapped"
        variant = f"{family_name} {'blocking' if blocking else 'non-blocking'}"
        result = error_of(lambda: connect_and_exchange(address, family, blocking))
        refused = error_of(lambda: refusal(address, family, blocking))
        yield {"target": target, "address": address, "variant": variant, "result": result, "refused": refused}


ECHO, WITNESS, CLOSED = (int(port) for port in sys.argv[1:4])
print(json.dumps([case for target in sys.argv[4:] for case in cases(target)]))
