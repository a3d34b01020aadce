"""Load for bench/relay.ts, on 127.0.0.1: an echo server, and clients that print what they measure as JSON.

  load.py serve PORT
  load.py ping PORT COUNT SIZE       round trips of SIZE bytes on one connection, in microseconds, one by one
  load.py open PORT COUNT WORKERS    connections opened, used for one byte each way and closed, per second
"""
import json
import multiprocessing
import socket
import sys
import threading
import time

LOOPBACK = '127.0.0.1'


def echo(connection):
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with connection:
        while data := connection.recv(65536):
            connection.sendall(data)


def serve(port):
    with socket.create_server((LOOPBACK, port), backlog=1024) as server:
        print('ready', flush=True)
        while True:
            threading.Thread(target=echo, args=(server.accept()[0],), daemon=True).start()


def receive(connection, size):
    while size > 0:
        data = connection.recv(size)
        if not data:
            raise SystemExit('the connection ended early')
        size -= len(data)


def ping(port, count, size):
    message = b'x' * size
    samples = []
    with socket.create_connection((LOOPBACK, port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _ in range(count):
            started = time.perf_counter_ns()
            connection.sendall(message)
            receive(connection, size)
            samples.append((time.perf_counter_ns() - started) / 1000)
    print(json.dumps(samples))


def open_some(port, count):
    for _ in range(count):
        with socket.create_connection((LOOPBACK, port)) as connection:
            connection.sendall(b'x')
            receive(connection, 1)


def open_many(port, count, workers):
    started = time.perf_counter()
    with multiprocessing.Pool(workers) as pool:
        pool.starmap(open_some, [(port, count // workers)] * workers)
    print(json.dumps(count / (time.perf_counter() - started)))


if __name__ == '__main__':
    verb, *numbers = sys.argv[1:]
    {'serve': serve, 'ping': ping, 'open': open_many}[verb](*map(int, numbers))
