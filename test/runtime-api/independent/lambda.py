"""A small Lambda, written from AWS's public documentation only, with Python's standard library.

Port 9000 serves the operations of the Lambda API that callers need. Port 9001 serves the Runtime API for one
execution environment. The program prints a line of JSON for each event; the line {"violation": ...} reports that
the runtime has broken a rule of the documentation. The program takes the place of AWS's emulator and shares no
code with lambda-local.
"""

import base64
import json
import queue
import re
import struct
import sys
import threading
import time
import uuid
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BASE = "/2018-06-01/runtime/"
TIMEOUT = float(sys.argv[1]) if len(sys.argv) > 1 else 900
ERROR_TYPE = re.compile(r"^(Runtime|Function|Extension)\.[A-Z][A-Za-z]*$")
lock = threading.Lock()


def say(**line):
    with lock:
        print(json.dumps(line), flush=True)


def violation(text):
    say(violation=text)


class Invocation:
    def __init__(self, payload):
        self.id = str(uuid.uuid4())
        self.payload = payload
        self.deadline = int((time.time() + TIMEOUT) * 1000)
        # Tuples ("chunk", bytes), and at last ("end", error type or None, error body).
        self.output = queue.Queue(maxsize=64)


class Environment:
    """The state of one environment, whose runtime handles one invocation at a time."""

    def __init__(self):
        self.waiting = queue.Queue()
        self.current = None
        self.responding = False
        self.inited = False


environment = Environment()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def reply(self, status, value, headers=()):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, text in headers:
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(body)

    def whole_body(self):
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))


class RuntimeApi(Handler):
    """Serves the Runtime API to the function."""

    def do_GET(self):
        if self.path != BASE + "invocation/next":
            violation(f"GET {self.path}")
            return self.reply(404, {"errorType": "NotFound", "errorMessage": self.path})
        if environment.current is not None:
            violation("next before the response to the last invocation")
            return self.reply(403, {"errorType": "InvalidStateTransition", "errorMessage": "busy"})
        environment.inited = True
        say(call="next")
        invocation = environment.waiting.get()
        environment.current = invocation
        environment.responding = False
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        # Header names are case-insensitive, so a runtime must not depend on AWS's spelling.
        self.send_header("lambda-runtime-aws-request-id", invocation.id)
        self.send_header("LAMBDA-RUNTIME-DEADLINE-MS", str(invocation.deadline))
        self.send_header("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:eu-west-1:123456789012:function:independent")
        self.send_header("Lambda-Runtime-Trace-Id", "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=1")
        # HTTP allows that the body comes in several chunks.
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for at in range(0, len(invocation.payload), 1000):
            piece = invocation.payload[at : at + 1000]
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        self.wfile.write(b"0\r\n\r\n")
        self.wfile.flush()

    def do_POST(self):
        if self.path == BASE + "init/error":
            return self.init_error()
        match = re.match(f"^{BASE}invocation/([^/]+)/(response|error)$", self.path)
        if not match:
            violation(f"POST {self.path}")
            return self.reply(404, {"errorType": "NotFound", "errorMessage": self.path})
        invocation = environment.current
        if invocation is None or invocation.id != match[1]:
            violation(f"{match[2]} for an invocation that is not the current one")
            self.close_connection = True
            return self.reply(400, {"errorType": "InvalidRequestID", "errorMessage": "Invalid request ID"})
        if environment.responding:
            violation(f"{match[2]} after a response had begun")
            self.close_connection = True
            return self.reply(403, {"errorType": "InvalidStateTransition", "errorMessage": "second response"})
        environment.responding = True
        if match[2] == "response":
            self.response(invocation)
        else:
            self.error(invocation)
        environment.current = None
        self.reply(202, {"status": "OK"})

    def init_error(self):
        body = self.whole_body()
        kind = self.headers.get("Lambda-Runtime-Function-Error-Type", "")
        if environment.inited:
            violation("init/error after INIT")
            return self.reply(403, {"errorType": "InvalidStateTransition", "errorMessage": "not in INIT"})
        say(call="init/error", type=kind, body=check_error(kind, body))
        self.reply(202, {"status": "OK"})

    def response(self, invocation):
        mode = self.headers.get("Lambda-Runtime-Function-Response-Mode")
        say(call="response", mode=mode, type=self.headers.get("Content-Type"))
        trailers = {}
        if mode == "streaming":
            if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
                violation("a streamed response that is not chunked")
            for chunk in self.chunks(trailers):
                say(chunk=chunk.decode(errors="replace"))
                invocation.output.put(("chunk", chunk))
        else:
            invocation.output.put(("chunk", self.whole_body()))
        kind = trailers.get("lambda-runtime-function-error-type")
        body = base64.b64decode(trailers.get("lambda-runtime-function-error-body", ""))
        say(call="response ended", trailers=trailers)
        invocation.output.put(("end", kind, body.decode()))

    def error(self, invocation):
        body = self.whole_body()
        kind = self.headers.get("Lambda-Runtime-Function-Error-Type", "")
        say(call="error", type=kind, body=check_error(kind, body))
        invocation.output.put(("end", kind, body.decode()))

    def chunks(self, trailers):
        while True:
            size = int(self.rfile.readline().split(b";")[0], 16)
            if size == 0:
                break
            yield self.rfile.read(size)
            if self.rfile.readline() != b"\r\n":
                violation("a chunk whose length differs from its header")
        while (line := self.rfile.readline().strip()) != b"":
            name, _, value = line.decode().partition(":")
            trailers[name.strip().lower()] = value.strip()


def check_error(kind, body):
    if not ERROR_TYPE.match(kind):
        violation(f"error type {kind!r} is not category.reason")
    try:
        report = json.loads(body)
    except ValueError:
        violation("an error whose body is not JSON")
        return None
    for member, wanted in (("errorMessage", str), ("errorType", str), ("stackTrace", list)):
        if not isinstance(report.get(member), wanted):
            violation(f"an error without {member}")
    return report


def string_header(name, value):
    return struct.pack(">B", len(name)) + name.encode() + b"\x07" + struct.pack(">H", len(value)) + value.encode()


def event_message(kind, payload, content_type):
    """Encodes one message of application/vnd.amazon.eventstream."""
    headers = string_header(":message-type", "event") + string_header(":event-type", kind)
    headers += string_header(":content-type", content_type)
    prelude = struct.pack(">II", 16 + len(headers) + len(payload), len(headers))
    message = prelude + struct.pack(">I", zlib.crc32(prelude)) + headers + payload
    return message + struct.pack(">I", zlib.crc32(message))


class LambdaApi(Handler):
    """Serves callers: InvokeWithResponseStream, and Invoke as AWS's emulator has it."""

    def do_POST(self):
        payload = self.whole_body()
        streaming = self.path.endswith("/response-streaming-invocations")
        if not streaming and not self.path.endswith("/invocations"):
            return self.reply(404, {"Type": "User", "Message": self.path}, [("x-amzn-errortype", "ResourceNotFoundException")])
        invocation = Invocation(payload)
        say(invoked=self.path, id=invocation.id)
        environment.waiting.put(invocation)
        if streaming:
            return self.stream(invocation)
        body, kind = b"", None
        while (part := invocation.output.get())[0] == "chunk":
            body += part[1]
        _, kind, details = part
        headers = [("X-Amz-Executed-Version", "$LATEST")]
        if kind is not None:
            headers.append(("X-Amz-Function-Error", "Unhandled"))
            body = details.encode()
        self.send_response(200)
        for name, text in headers:
            self.send_header(name, text)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def stream(self, invocation):
        self.send_response(200)
        self.send_header("Content-Type", "application/vnd.amazon.eventstream")
        self.send_header("X-Amz-Executed-Version", "$LATEST")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        while (part := invocation.output.get())[0] == "chunk":
            self.piece(event_message("PayloadChunk", part[1], "application/octet-stream"))
        _, kind, details = part
        complete = {} if kind is None else {"ErrorCode": kind, "ErrorDetails": details}
        self.piece(event_message("InvokeComplete", json.dumps(complete).encode(), "application/json"))
        self.wfile.write(b"0\r\n\r\n")

    def piece(self, data):
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()


front = ThreadingHTTPServer(("0.0.0.0", 9000), LambdaApi)
back = ThreadingHTTPServer(("0.0.0.0", 9001), RuntimeApi)
threading.Thread(target=front.serve_forever, daemon=True).start()
say(ready=True)
back.serve_forever()
