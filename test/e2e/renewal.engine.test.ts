import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { buildTestImages } from '../lib/images.ts';
import { createProject, eventually, type Project, run } from '../lib/project.ts';

/**
 * Says who it is, at once or after two seconds; told to end, it takes no connection any more, answers what it
 * has, and exits with 7.
 */
const server = `
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
 * Asks again and again over new connections, by name, until it has met so many servers; slow requests are
 * always under way.
 */
const client = `
import http.client, json, os, socket, sys, threading, time
wanted = int(sys.argv[1])
ids, failures, counts, lock, done = [], [], {"/": 0, "/slow": 0}, threading.Lock(), threading.Event()
def ask(path):
    at = "lookup"
    try:
        address = socket.getaddrinfo("web", 8000, socket.AF_INET, socket.SOCK_STREAM)[0][4]
        at = "connect to %s" % address[0]
        connection = http.client.HTTPConnection(*address, timeout=20)
        connection.connect()
        at = "request to %s" % address[0]
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
        with lock: failures.append("%.3f %s %s: %r" % (time.time(), path, at, error))
def loop(path, pause):
    while not done.is_set():
        ask(path)
        time.sleep(pause)
for _ in range(600):
    try:
        socket.create_connection(("web", 8000), 5).close()
        break
    except OSError: time.sleep(0.2)
threads = [threading.Thread(target=loop, args=args) for args in [("/", 0.02), ("/", 0.02), ("/slow", 0), ("/slow", 0.5)]]
for thread in threads: thread.start()
end = time.time() + 240
while len(ids) < wanted and time.time() < end: time.sleep(0.1)
done.set()
for thread in threads: thread.join()
print(json.dumps({"ids": len(ids), "failures": failures, **counts}), flush=True)
`;

const ASKED = 4;
let project: Project;

beforeAll(buildTestImages, 300_000);
afterAll(() => project?.remove(), 60_000);

const logs = async (service: string) => (await project.compose('logs', '--no-log-prefix', service)).stdout;
const webState = async () => {
  const { stdout } = await run('docker', [
    ...['inspect', '-f', '{{.State.Status}} {{.State.ExitCode}} {{.RestartCount}}', `${project.name}-web-1`],
  ]);
  return stdout.trim();
};

test('who connects anew again and again never finds nobody, whether it is boxed or not', async () => {
  const from = (name: string, more: string) => `
  ${name}:
    image: boxer-test/tools:1
    command: ["python3", "-u", "/srv/client.py", "${ASKED}"]
    volumes: ["./client.py:/srv/client.py:ro"]
    stop_signal: SIGKILL
    ${more}`;
  project = createProject({
    'server.py': server,
    'client.py': client,
    'compose.yaml': `
services:
  web:
    image: boxer-test/tools:1
    command: ["python3", "-u", "/srv/server.py"]
    volumes: ["./server.py:/srv/server.py:ro"]
    environment: { BOXER_LOG: debug }
    stop_grace_period: 8s
    x-boxer: { timeout: 40, lifetime: 38, renew: { before: 32 } }
${from('plain', '')}
${from('boxed', 'x-boxer: container')}
${from('function', 'x-boxer: { renew: false }')}
`,
  });
  const { exitCode, all } = await project.boxer('up', '-d');
  expect([exitCode, all]).toEqual([0, expect.anything()]);
  const seen = new Set<string>();
  const summaries = await eventually(
    'all clients have met so many servers',
    async () => {
      const { stdout } = await project.boxer('ps', '--format', 'json', 'web');
      seen.add(stdout.split('\n').length === 1 ? 'one line' : stdout);
      const found = await Promise.all(['plain', 'boxed', 'function'].map(logs));
      const last = found.map((text) => /^\{.*\}$/m.exec(text)?.[0]);
      return last.every((line) => line !== undefined)
        ? last.map((line) => JSON.parse(line ?? ''))
        : undefined;
    },
    280,
    3_000,
  );
  for (const summary of summaries) {
    expect(summary).toMatchObject({ ids: ASKED, failures: [] });
    expect(summary['/']).toBeGreaterThan(100);
    expect(summary['/slow']).toBeGreaterThan(5);
  }
  expect([...seen]).toEqual(['one line']);
  expect(await webState()).toBe('running 0 0');

  // Whatever is there when it is stopped has its say, and the last one's exit code is the container's.
  await project.compose('stop', 'web');
  expect(await webState()).toBe('exited 7 0');
  const text = await logs('web');
  const count = (word: string) => text.split('\n').filter((line) => line.startsWith(word)).length;
  expect(count('serves ')).toBeGreaterThanOrEqual(ASKED);
  expect([count('told to end '), count('has ended ')]).toEqual([count('serves '), count('serves ')]);
  expect(count('boxer: node-')).toBeGreaterThanOrEqual(3 * (ASKED - 1));
}, 400_000);

/**
 * Three services whose renewal is cut across: the successor has joined then, and its guest is not ready yet.
 */
describe('in the middle of a renewal', () => {
  const SERVICES = ['bereft', 'stopped', 'orphaned'];

  interface Line {
    service: string;
    status: string;
    id: string;
  }
  const lines = async (): Promise<Line[]> => {
    const { stdout } = await project.boxer('ps', '--all', '--format', 'json');
    return stdout.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]));
  };
  const lineOf = async (service: string) => (await lines()).find((line) => line.service === service);
  const inTheMiddle = (service: string) =>
    eventually(
      `${service} is being renewed`,
      async () => {
        const line = await lineOf(service);
        return line?.status.endsWith(' standby') ? line : undefined;
      },
      120,
    );
  const servers = async (service: string) =>
    (await logs(service)).split('\n').flatMap((line) => /^serves (.+)/.exec(line)?.[1] ?? []);
  /** Sandboxes of a service's function, in the order of their making. */
  const sandboxes = async (service: string) => {
    const { stdout } = await run('docker', [
      ...['ps', '--format', '{{.ID}} {{.Label "lambda-local.function"}}'],
    ]);
    const found = stdout.split('\n').map((line) => line.split(' '));
    return found
      .flatMap(([id = '', name]) => (name?.startsWith(`${project.name}-${service}-`) ? [id] : []))
      .reverse();
  };
  /** Guests in its functions; a sandbox may be there without one, for the next launch. */
  const guests = async (service: string) => {
    const tops = (await sandboxes(service)).map((id) => run('docker', ['top', id, '-eo', 'pid,args']));
    return (await Promise.all(tops)).filter(({ stdout }) => stdout.includes('python3 -u')).length;
  };
  const haveBoth = (service: string) =>
    eventually(`two guests of ${service} run`, async () =>
      (await guests(service)) === 2 ? true : undefined,
    );
  const gone = (service: string) =>
    eventually(`no guest of ${service} is left`, async () =>
      (await guests(service)) === 0 ? true : undefined,
    );
  const state = async (service: string) => {
    const format = '{{.State.Status}} {{.State.ExitCode}} {{.RestartCount}}';
    return (await run('docker', ['inspect', '-f', format, `${project.name}-${service}-1`])).stdout.trim();
  };
  const askedBy = (service: string) =>
    project.compose('exec', '-T', 'plain', 'curl', '-sS', '--max-time', '20', `http://${service}:8000/`);

  beforeAll(async () => {
    await project?.remove();
    const service = (name: string) => `
  ${name}:
    image: boxer-test/tools:1
    command: ["python3", "-u", "/srv/server.py"]
    volumes: ["./server.py:/srv/server.py:ro"]
    environment: { WARM_UP: "6" }
    restart: always
    x-boxer: { timeout: 120, renew: { before: 105 } }`;
    project = createProject({
      'server.py': server,
      'compose.yaml': `
services:
  plain:
    image: boxer-test/tools:1
    command: ["sleep", "infinity"]
    stop_signal: SIGKILL
${SERVICES.map(service).join('')}
`,
    });
    const { exitCode, all } = await project.boxer('up', '-d');
    expect([exitCode, all]).toEqual([0, expect.anything()]);
  }, 300_000);

  test('a function that dies is followed by the successor that is under way, and Docker starts no third', async () => {
    const { id } = await inTheMiddle('bereft');
    const [oldest = ''] = await sandboxes('bereft');
    await haveBoth('bereft');
    await run('docker', ['kill', oldest]);
    const found = await eventually('the successor serves', async () => {
      const ids = await servers('bereft');
      return ids.length > 1 ? ids : undefined;
    });
    const answer = await eventually('it answers at the old place', async () => {
      const { exitCode, stdout } = await askedBy('bereft');
      return exitCode === 0 ? stdout : undefined;
    });
    expect(found).toHaveLength(2);
    expect(answer).toBe(found[1]);
    expect(await state('bereft')).toBe('running 0 0');
    expect((await lineOf('bereft'))?.id).toBe(id);
  }, 240_000);

  test('a container that is stopped ends as its guest does, and nobody is left', async () => {
    await inTheMiddle('stopped');
    const before = await servers('stopped');
    await haveBoth('stopped');
    await project.compose('stop', 'stopped');
    expect(await state('stopped')).toBe('exited 7 0');
    await gone('stopped');
    // The one that stood by never came to serve.
    expect(await servers('stopped')).toEqual(before);
  }, 240_000);

  test('a phantom that is killed leaves no function', async () => {
    await inTheMiddle('orphaned');
    await haveBoth('orphaned');
    await project.compose('kill', 'orphaned');
    await gone('orphaned');
  }, 240_000);
});

test('a guest that ends by itself is not renewed, nor is a function that shall not be', async () => {
  await project?.remove();
  project = createProject({
    'compose.yaml': `
services:
  short:
    image: boxer-test/tools:1
    command: ["sh", "-c", "echo runs; sleep 6; exit 3"]
    x-boxer: { timeout: 60, renew: { before: 30 } }
  unrenewed:
    image: boxer-test/tools:1
    command: ["sh", "-c", "echo runs; sleep 100"]
    x-boxer: { timeout: 12, renew: false }
`,
  });
  expect((await project.boxer('up', '-d')).exitCode).toBe(0);
  const codes = await eventually(
    'both have ended',
    async () => {
      const format = ['-a', '--format', '{{.Service}} {{.ExitCode}}'];
      const { stdout } = await project.compose('ps', ...format, '--status', 'exited', 'short', 'unrenewed');
      const found = stdout.split('\n').filter((line) => line !== '');
      return found.length === 2 ? found.sort() : undefined;
    },
    120,
  );
  expect(codes).toEqual(['short 3', 'unrenewed 124']);
  expect((await logs('unrenewed')).match(/^runs$/gm)).toHaveLength(1);
}, 240_000);
