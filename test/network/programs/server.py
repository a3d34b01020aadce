"""server.py ECHO_PORT WITNESS_PORT: echoes on the first port, and tells clients of the second their address."""

import json
import socket
import sys
import threading

from wire import endpoint_text, wire_of


def echo(sock):
    with sock:
        while data := sock.recv(65536):
            sock.sendall(data)
        sock.shutdown(socket.SHUT_WR)


def witness(sock):
    with sock:
        sock.recv(1)
        view = {"peer": endpoint_text(sock.getpeername()), "wire": wire_of(sock)}
        sock.sendall(json.dumps(view).encode())


def serve(port, work):
    listener = socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=512)
    while True:
        sock, _ = listener.accept()
        threading.Thread(target=guarded, args=(work, sock), daemon=True).start()


def guarded(work, sock):
    try:
        work(sock)
    except OSError:
        pass  # The client reports the fault.


echo_port, witness_port = int(sys.argv[1]), int(sys.argv[2])
threading.Thread(target=serve, args=(witness_port, witness), daemon=True).start()
serve(echo_port, echo)
