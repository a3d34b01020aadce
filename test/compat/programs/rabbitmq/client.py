"""Speaks AMQP 0-9-1 to server:5672; prints one "ok" or "not ok" line for each behaviour."""
import socket
import struct

END = b"\xce"


def short(text):
    return bytes([len(text)]) + text.encode()


def long(data):
    return struct.pack(">I", len(data)) + data


class Client:
    def __init__(self):
        self.socket = socket.create_connection(("server", 5672), 10)
        self.stream = self.socket.makefile("rb")
        self.socket.sendall(b"AMQP\0\0\x09\x01")
        self.expect(10, 10)
        self.method(0, 10, 11, long(b"") + short("PLAIN") + long(b"\0guest\0guest") + short("en_US"))
        self.expect(10, 30)
        self.method(0, 10, 31, struct.pack(">HIH", 2047, 131072, 0))
        self.method(0, 10, 40, short("/") + short("") + b"\0")
        self.expect(10, 41)
        self.method(1, 20, 10, short(""))
        self.expect(20, 11)

    def frame(self, kind, channel, body):
        self.socket.sendall(struct.pack(">BHI", kind, channel, len(body)) + body + END)

    def method(self, channel, cls, number, body):
        self.frame(1, channel, struct.pack(">HH", cls, number) + body)

    def read(self):
        kind, channel, size = struct.unpack(">BHI", self.stream.read(7))
        body = self.stream.read(size)
        assert self.stream.read(1) == END
        return kind, body

    def expect(self, cls, number):
        while True:
            kind, body = self.read()
            if kind == 1 and struct.unpack(">HH", body[:4]) == (cls, number):
                return body[4:]
            assert kind == 8 or kind == 1, (kind, body)

    def declare(self, queue):
        self.method(1, 50, 10, struct.pack(">H", 0) + short(queue) + b"\0" + long(b""))
        self.expect(50, 11)

    def publish(self, queue, data):
        self.method(1, 60, 40, struct.pack(">H", 0) + short("") + short(queue) + b"\0")
        self.frame(2, 1, struct.pack(">HHQH", 60, 0, len(data), 0))
        for at in range(0, len(data), 100000):
            self.frame(3, 1, data[at : at + 100000])

    def consume(self, queue):
        self.method(1, 60, 20, struct.pack(">H", 0) + short(queue) + short("") + b"\x02" + long(b""))
        self.expect(60, 21)

    def message(self):
        self.expect(60, 60)
        kind, header = self.read()
        (size,) = struct.unpack(">Q", header[4:12])
        data = b""
        while len(data) < size:
            data += self.read()[1]
        return data


def check(name, behaviour):
    try:
        print(f"{'ok' if behaviour() else 'not ok'} - {name}", flush=True)
    except Exception as error:
        print(f"not ok - {name}\n# {error!r}", flush=True)


def through(count, size):
    one, two = Client(), Client()
    name = f"queue-{count}-{size}"
    one.declare(name)
    two.consume(name)
    for i in range(count):
        one.publish(name, bytes([i % 256]) * size)
    return all(two.message() == bytes([i % 256]) * size for i in range(count))


check("a message", lambda: through(1, 5))
check("500 messages, in order", lambda: through(500, 100))
check("1 MB", lambda: through(1, 1 << 20))
check("30 connections at once", lambda: len([Client() for _ in range(30)]) == 30)
