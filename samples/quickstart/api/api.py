"""A small HTTP service that says where it runs."""

import json
import os
import signal
import socket
import sys
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from redis_counter import RedisCounter

PORT = 8080
BOOT = uuid.uuid4().hex[:12]
counter = RedisCounter("redis")


def log(message):
    print(f"[{BOOT}] {message}", flush=True)


def about():
    """What this process can see of its place."""
    count = counter.increment("requests")
    own, redis = counter.ends
    return {
        "counter": count,
        "boot": BOOT,
        "hostname": socket.gethostname(),
        "pid": os.getpid(),
        "uid": os.getuid(),
        "function": os.environ.get("BOXER_FUNCTION_NAME"),
        "request": os.environ.get("BOXER_REQUEST_ID"),
        "readOnlyRoot": bool(os.statvfs("/").f_flag & os.ST_RDONLY),
        "addresses": {"own": own, "redis": redis},
    }


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/":
            self.answer(200, about())
        elif self.path == "/health":
            self.answer(200, {"ok": True})
        elif self.path == "/crash":
            self.answer(200, {"crashing": BOOT})
            log("crashing as asked")
            os._exit(3)
        else:
            self.answer(404, {"error": f"no {self.path} here"})

    def answer(self, status, body):
        text = json.dumps(body).encode() + b"\n"
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)
        self.wfile.flush()

    def log_message(self, form, *values):
        if getattr(self, "path", "") != "/health":
            log(form % values)


def stop(signal_number, _frame):
    log(f"{signal.Signals(signal_number).name}: stopping")
    sys.exit(0)


def main():
    signal.signal(signal.SIGTERM, stop)
    server = ThreadingHTTPServer(("", PORT), Handler)
    log(f"serving on port {PORT} as {socket.gethostname()}")
    server.serve_forever()


main()
