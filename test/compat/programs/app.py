"""Serves the files of /srv/www as a WSGI and as an ASGI application. /pid answers with the worker's process id."""
import os


def answer(path):
    if path == "/pid":
        return 200, str(os.getpid()).encode()
    try:
        with open("/srv/www" + path, "rb") as file:
            return 200, file.read()
    except OSError:
        return 404, b"not found\n"


def wsgi(environ, start_response):
    status, body = answer(environ["PATH_INFO"])
    start_response(f"{status} OK", [("Content-Length", str(len(body)))])
    return [body] if environ["REQUEST_METHOD"] != "HEAD" else []


async def asgi(scope, receive, send):
    if scope["type"] != "http":
        return
    status, body = answer(scope["path"])
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", str(len(body)).encode())]})
    await send({"type": "http.response.body", "body": body if scope["method"] != "HEAD" else b""})
