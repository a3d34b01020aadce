/**
 * A server that answers with its request id, to /slow after two seconds. On SIGTERM it stops accepting
 * connections, answers the requests that it has, and exits with 7.
 */
export const server = `
import http.server, os, signal, sys, threading, time
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/slow": time.sleep(2)
        body = os.environ["BOXER_REQUEST_ID"].encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_): pass
class Server(http.server.ThreadingHTTPServer):
    daemon_threads = False
    request_queue_size = 128
time.sleep(float(os.environ.get("WARM_UP", "0")))
httpd = Server(("", 8000), Handler)
def end(*_):
    print("told to end", os.environ["BOXER_REQUEST_ID"], flush=True)
    threading.Thread(target=httpd.shutdown).start()
signal.signal(signal.SIGTERM, end)
print("serves", os.environ["BOXER_REQUEST_ID"], flush=True)
httpd.serve_forever()
httpd.server_close()
print("has ended", os.environ["BOXER_REQUEST_ID"], flush=True)
sys.exit(7)
`;

/**
 * A client that sends each request to the name `web` over a new connection, until it has met as many servers
 * as its argument says. It prints the counts of its requests and all failures. Slow requests are always under
 * way.
 */
export const client = `
import http.client, json, os, socket, sys, threading, time
wanted = int(sys.argv[1])
ids, failures, counts, lock, done = [], [], {"/": 0, "/slow": 0}, threading.Lock(), threading.Event()
def ask(path):
    step = "lookup"
    try:
        address = socket.getaddrinfo("web", 8000, socket.AF_INET, socket.SOCK_STREAM)[0][4]
        step = "connect to %s" % address[0]
        connection = http.client.HTTPConnection(*address, timeout=20)
        connection.connect()
        step = "request to %s" % address[0]
        connection.request("GET", path)
        answer = connection.getresponse()
        id = answer.read().decode()
        connection.close()
        if answer.status != 200: raise Exception("status %d" % answer.status)
        with lock:
            counts[path] += 1
            if id not in ids:
                ids.append(id)
                print("met", id, flush=True)
    except Exception as error:
        with lock: failures.append("%.3f %s %s: %r" % (time.time(), path, step, error))
def loop(path, pause):
    while not done.is_set():
        ask(path)
        time.sleep(pause)
for _ in range(600):
    try:
        socket.create_connection(("web", 8000), 5).close()
        break
    except OSError: time.sleep(0.2)
loops = [("/", 0.02), ("/", 0.02), ("/slow", 0), ("/slow", 0.5)]
threads = [threading.Thread(target=loop, args=args) for args in loops]
for thread in threads: thread.start()
end = time.time() + 240
while len(ids) < wanted and time.time() < end: time.sleep(0.1)
done.set()
for thread in threads: thread.join()
print(json.dumps({"ids": len(ids), "failures": failures, **counts}), flush=True)
`;
