"""The health check: exits with 0 when the service answers."""

import socket
import sys

with socket.create_connection(("localhost", 8080), timeout=1) as connection:
    connection.sendall(b"GET /health HTTP/1.0\r\n\r\n")
    status = connection.makefile("rb").readline()
    sys.exit(b" 200 " not in status)
