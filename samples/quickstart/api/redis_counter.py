"""As much of Redis's protocol as a counter needs, over a plain socket."""

import socket
import threading


class RedisCounter:
    """One connection, shared by all threads, made again when it breaks."""

    def __init__(self, host, port=6379):
        self._address = (host, port)
        self._lock = threading.Lock()
        self._stream = None
        self.ends = None

    def increment(self, key):
        with self._lock:
            try:
                return self._incr(key)
            except OSError:
                # Redis may have been restarted since the last request.
                self._stream = None
                return self._incr(key)

    def _incr(self, key):
        if self._stream is None:
            connection = socket.create_connection(self._address, timeout=3)
            self.ends = (connection.getsockname()[0], connection.getpeername()[0])
            self._stream = connection.makefile("rwb")
        self._stream.write(f"*2\r\n$4\r\nINCR\r\n${len(key)}\r\n{key}\r\n".encode())
        self._stream.flush()
        reply = self._stream.readline()
        if not reply.startswith(b":"):
            raise ConnectionError(f"redis said {reply!r}")
        return int(reply[1:])
