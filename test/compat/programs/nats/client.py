"""Speaks NATS' text protocol to server:4222; prints one "ok" or "not ok" line for each behaviour."""
import json
import socket


class Client:
    def __init__(self, **options):
        self.socket = socket.create_connection(("server", 4222), 5)
        self.lines = self.socket.makefile("rb")
        self.info = json.loads(self.line().split(b" ", 1)[1])
        self.send("CONNECT", json.dumps({"verbose": False, **options}))
        self.flush()

    def line(self):
        return self.lines.readline().rstrip()

    def send(self, *words):
        self.socket.sendall(" ".join(words).encode() + b"\r\n")

    def flush(self):
        self.send("PING")
        while self.line() != b"PONG":
            pass  # The server's own PING and INFO.

    def publish(self, subject, text, reply=""):
        self.send("PUB", subject, *filter(None, [reply]), f"{len(text)}\r\n{text}")

    def message(self):
        head = []
        while not head or head[0] != b"MSG":
            head = self.line().split()
        body = self.lines.read(int(head[-1]) + 2)[:-2]
        return head, body


def check(name, behaviour):
    try:
        good = behaviour()
        print(f"{'ok' if good else 'not ok'} - {name}", flush=True)
    except Exception as error:
        print(f"not ok - {name}\n# {error!r}", flush=True)


def pair():
    one, two = Client(), Client()
    one.send("SUB", "news", "1")
    one.flush()
    two.publish("news", "hello")
    return one.message()[1] == b"hello"


def request():
    server, client = Client(), Client()
    server.send("SUB", "ask", "1")
    server.flush()
    client.send("SUB", "inbox", "2")
    client.publish("ask", "?", "inbox")
    server.publish(server.message()[0][3].decode(), "!")
    return client.message()[1] == b"!"


def queue():
    workers = [Client() for _ in range(4)]
    for worker in workers:
        worker.send("SUB", "jobs", "group", "1")
        worker.flush()
    sender = Client()
    for i in range(200):
        sender.publish("jobs", str(i))
    sender.flush()
    counts = []
    for worker in workers:
        worker.send("UNSUB", "1")
        worker.send("PING")
        count = 0
        while worker.line() != b"PONG":
            worker.lines.readline()
            count += 1
        counts.append(count)
    return sum(counts) == 200 and all(counts)


def fan_out():
    clients = [Client() for _ in range(100)]
    for client in clients:
        client.send("SUB", "all", "1")
        client.flush()
    clients[0].publish("all", "x" * 10000)
    return all(client.message()[1] == b"x" * 10000 for client in clients)


check("info", lambda: Client().info["port"] == 4222)
check("the server sees the client's address", lambda: Client().info["client_ip"] == socket.gethostbyname(socket.gethostname()))
check("publish and subscribe", pair)
check("request and reply", request)
check("a queue group shares 200 messages", queue)
check("100 subscribers get 10 kB", fan_out)
