import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { buildTestImages } from '../lib/images.ts';
import { createProject, eventually, type Project } from '../lib/project.ts';

/**
 * A server that answers GET / with its name, user, host name and the addresses of the connection. It answers
 * /via/HOST/PORT with what that other server answers, and /resolve/NAME with the addresses of a name.
 */
const SERVER = `
import http.server, json, os, socket, sys, urllib.request
def resolve(name):
    return sorted({found[4][0] for found in socket.getaddrinfo(name, 80, socket.AF_INET)})
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    def do_GET(self):
        if self.path.startswith('/via/'):
            _, _, host, port = self.path.split('/')
            body = urllib.request.urlopen('http://%s:%s/' % (host, port), timeout=5).read()
        elif self.path.startswith('/resolve/'):
            body = json.dumps(resolve(self.path.split('/')[2])).encode()
        else:
            body = json.dumps({'name': sys.argv[1], 'uid': os.getuid(), 'host': socket.gethostname(),
              'peer': self.client_address[0], 'self': self.connection.getsockname()[0],
              'remote': self.connection.getpeername()[0]}).encode()
        self.send_response(200)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *a): pass
http.server.ThreadingHTTPServer(('', int(sys.argv[2])), Handler).serve_forever()
`;

const COMPOSE = `
services:
  front:      # unboxed, on both networks
    image: boxer-test/tools:1
    command: ["python3", "-c", $SERVER, "front", "8000"]
    networks: [a, b]
  alpha:      # a function with a published port
    image: boxer-test/tools:1
    command: ["python3", "-c", $SERVER, "alpha", "8000"]
    x-boxer: lambda
    ports: ["127.0.0.1::8000"]
    healthcheck:
      test: ["CMD", "curl", "-sf", "http://127.0.0.1:8000/"]
      interval: 1s
      timeout: 5s
      retries: 60
    networks: { a: { aliases: [first] }, b: {} }
  beta:       # another function, started when the first is healthy
    image: boxer-test/tools:1
    command: ["python3", "-c", $SERVER, "beta", "9000"]
    x-boxer: lambda
    depends_on: { alpha: { condition: service_healthy } }
    networks: [a]
  gamma:      # a boxed container
    image: boxer-test/tools:1
    command: ["python3", "-c", $SERVER, "gamma", "8000"]
    x-boxer: container
    networks: [a]
  delta:      # a function that shares no network with beta
    image: boxer-test/tools:1
    command: ["python3", "-c", $SERVER, "delta", "8000"]
    x-boxer: lambda
    networks: [b]
  sidecar:    # unboxed, in the network namespace of the container that stands for alpha's function
    image: boxer-test/tools:1
    command: ["python3", "-c", $SERVER, "sidecar", "8600"]
    network_mode: "service:alpha"
  db:         # unboxed
    image: boxer-test/tools:1
    command: ["redis-server", "--save", ""]
    networks: [a]
networks: { a: {}, b: {} }
`.replaceAll('$SERVER', JSON.stringify(SERVER.replaceAll('$', '$$$$')));

beforeAll(buildTestImages, 300_000);

describe('the overlay', () => {
  let project: Project;
  let port: string;

  beforeAll(async () => {
    project = createProject({ 'compose.yaml': COMPOSE });
    const up = await project.boxer('up', '-d');
    if (up.exitCode !== 0) throw new Error(up.all);
    port = (await project.compose('port', 'alpha', '8000')).stdout.split(':')[1] ?? '';
    await eventually('all nodes listen', async () => {
      const answers = await Promise.all(
        ['alpha', 'gamma', 'beta:9000', 'delta'].map((name) => fromFront(name)),
      );
      return answers.every((answer) => answer !== undefined) ? true : undefined;
    });
  }, 300_000);
  afterAll(() => project.remove(), 120_000);

  const parse = (text: string) => {
    try {
      return JSON.parse(text);
    } catch {
      return undefined;
    }
  };
  /** The body that the unboxed service `front` gets from `url`; empty when the request fails. */
  const curl = async (url: string) =>
    (await project.compose('exec', '-T', 'front', 'curl', '-s', '-m', '5', url)).stdout;
  const fromFront = async (target: string) => {
    const [host, targetPort = '8000'] = target.split(':');
    return parse(await curl(`http://${host}:${targetPort}/`));
  };
  /** What alpha's function answers to a request for `path` at its published port. */
  const fromAlpha = async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(10_000) });
    return parse(await response.text());
  };

  test('a published port leads into the function', async () => {
    expect(await fromAlpha('/')).toMatchObject({ name: 'alpha', uid: 993 });
  });

  test('guests see overlay addresses on both ends of a connection', async () => {
    const seen = await fromAlpha('/via/beta/9000');
    expect(seen).toMatchObject({ name: 'beta', uid: 993 });
    for (const address of [seen.peer, seen.self, seen.remote]) expect(address).toMatch(/^198\.1[89]\./);
    expect(seen.self).not.toBe(seen.peer);
  });

  test("a function connects to a boxed container, which sees the function's overlay address", async () => {
    const seen = await fromAlpha('/via/gamma/8000');
    expect(seen.name).toBe('gamma');
    expect(seen.peer).toMatch(/^198\.18\./);
  });

  test('a function connects to an unboxed service through the seed', async () => {
    expect(await fromAlpha('/via/front/8000')).toMatchObject({ name: 'front', uid: 0 });
  });

  test('a boxed container connects to a function', async () => {
    const stdout = await curl('http://gamma:8000/via/alpha/8000');
    expect(parse(stdout)).toMatchObject({ name: 'alpha', uid: 993 });
  });

  test("unboxed services, boxed containers and functions reach a port of a function's sidecar", async () => {
    expect(await fromFront('alpha:8600')).toMatchObject({ name: 'sidecar' });
    expect(parse(await curl('http://gamma:8000/via/alpha/8600'))).toMatchObject({ name: 'sidecar' });
    expect(parse(await curl('http://beta:9000/via/alpha/8600'))).toMatchObject({ name: 'sidecar' });
  });

  test('a function reaches itself by its own name', async () => {
    expect(await fromAlpha('/via/alpha/8000')).toMatchObject({ name: 'alpha' });
  });

  test('a network alias resolves to the same address as the service name', async () => {
    expect(await fromAlpha('/resolve/first')).toEqual(await fromAlpha('/resolve/alpha'));
  });

  test('a connection to a closed port is refused without delay', async () => {
    const before = Date.now();
    const stdout = await curl('http://alpha:8000/via/beta/9999');
    expect(stdout).toBe('');
    expect(Date.now() - before).toBeLessThan(4000);
  });

  test('a service does not resolve the name of a service with which it shares no network', async () => {
    const stdout = await curl('http://beta:9000/resolve/delta');
    expect(stdout).toBe('');
    expect(await fromAlpha('/via/delta/8000')).toMatchObject({ name: 'delta' });
  });

  test('docker boxer ps lists the target, node and overlay address of each replica', async () => {
    const { stdout, exitCode } = await project.boxer('ps');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/alpha-1\s+alpha\s+lambda\s+node-\d+\s+198\.18\./);
    expect(stdout).toMatch(/gamma-1\s+gamma\s+container\s+node-\d+\s+198\.18\./);
  });

  test('a second up recreates no container', async () => {
    const before = (await project.compose('ps', '-q')).stdout;
    const up = await project.boxer('up', '-d');
    expect(up.exitCode).toBe(0);
    expect((await project.compose('ps', '-q')).stdout).toBe(before);
  });

  test('after scale each replica is a function of its own that answers to the service name', async () => {
    expect((await project.boxer('scale', 'beta=3')).exitCode).toBe(0);
    const hosts = await eventually('three functions answer', async () => {
      const seen = await Promise.all(Array.from({ length: 12 }, () => fromAlpha('/via/beta/9000')));
      const names = new Set(seen.map((answer) => answer?.host));
      return names.size === 3 ? names : undefined;
    });
    expect(hosts.size).toBe(3);
  });

  test('down leaves no container of the project or its local Lambda', async () => {
    expect((await project.boxer('down')).exitCode).toBe(0);
    const { run } = await import('../lib/project.ts');
    for (const label of [
      `com.docker.compose.project=${project.name}`,
      `lambda-local.instance=${project.name}`,
    ])
      expect((await run('docker', ['ps', '-aq', '--filter', `label=${label}`])).stdout).toBe('');
  });
});
