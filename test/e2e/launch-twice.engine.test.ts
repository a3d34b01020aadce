import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { buildTestImages } from '../lib/images.ts';
import { createProject, eventually, type Project, run } from '../lib/project.ts';

/** A proxy before the local Lambda that sends every invocation twice, as a network may repeat a request. */
const duplicatingProxy = `
import http.client, http.server, threading
def send(h, body):
    c = http.client.HTTPConnection("boxer-lambda", 9000)
    c.request(h.command, h.path, body, {k: v for k, v in h.headers.items() if k.lower() != "connection"})
    r = c.getresponse()
    return r.status, r.getheaders(), r.read()
class Handler(http.server.BaseHTTPRequestHandler):
    def handle_any(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        if "invocations" in self.path:
            open("/tmp/event", "wb").write(body)
            again = lambda: print("again:", send(self, body)[2], flush=True)
            threading.Thread(target=again, daemon=True).start()
        status, headers, answer = send(self, body)
        print("once:", answer, flush=True)
        self.send_response(status)
        for k, v in headers:
            if k.lower() in ("transfer-encoding", "content-length", "connection", "date", "server"): continue
            self.send_header(k, v)
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)
    do_GET = do_POST = do_PUT = handle_any
http.server.ThreadingHTTPServer(("", 9000), Handler).serve_forever()
`;

let project: Project;

beforeAll(async () => {
  await buildTestImages();
  project = createProject({
    'twice.py': duplicatingProxy,
    'compose.yaml': `
services:
  worker:
    image: boxer-test/tools:1
    command: ["sh", "-c", "echo the guest runs; sleep 5; echo the guest ends; exit 7"]
    stop_signal: SIGKILL
    x-boxer: lambda
`,
  });
  const { exitCode, all } = await project.boxer('up', '-d');
  expect([exitCode, all]).toEqual([0, expect.anything()]);
}, 300_000);
afterAll(() => project.remove(), 60_000);

test('an event that is delivered twice starts one guest, and one function reports a duplicate', async () => {
  const override = parse(readFileSync(project.state('override.yaml'), 'utf8'));
  const config = override.services.worker.environment.BOXER.replace('boxer-lambda:9000', 'twice:9000');
  project.write(
    'twice.yaml',
    JSON.stringify({
      services: {
        worker: { environment: { BOXER: config }, depends_on: ['twice'] },
        twice: {
          image: 'boxer-test/tools:1',
          command: ['python3', '-u', '/twice.py'],
          stop_signal: 'SIGKILL',
          volumes: ['./twice.py:/twice.py:ro'],
          networks: { default: null, boxer: null },
        },
      },
    }),
  );
  const files = ['compose.yaml', project.state('override.yaml'), 'twice.yaml'].flatMap((file) => [
    '-f',
    file,
  ]);
  const { exitCode, all } = await project.compose(...files, 'up', '-d', '--timeout', '1');
  expect([exitCode, all]).toEqual([0, expect.anything()]);
  const worker = `${project.name}-worker-1`;
  const status = await eventually('the guest has ended', async () => {
    const { stdout } = await run('docker', [
      'inspect',
      '-f',
      '{{.State.Status}} {{.State.ExitCode}}',
      worker,
    ]);
    return stdout.startsWith('exited') ? stdout.trim() : undefined;
  });
  const logs = (await run('docker', ['logs', worker])).stdout;
  expect([status, logs.trim().split('\n')]).toEqual(['exited 7', ['the guest runs', 'the guest ends']]);
  const deliveries = await eventually('both functions have answered', async () => {
    const answers = (await run('docker', ['logs', `${project.name}-twice-1`])).stdout.split('\n');
    const ended = answers.filter((line) => /"type":|type\\":/.test(line));
    return ended.length >= 2 ? ended : undefined;
  });
  expect(deliveries.filter((line) => line.includes('duplicate'))).toHaveLength(1);
  expect(deliveries.find((line) => line.includes('duplicate'))).toContain('this launch has been used');
  expect(deliveries.filter((line) => line.includes('exit'))).toHaveLength(1);
  // The event names the identity of this one launch, and holds none of the project's keys.
  const event = (await run('docker', ['exec', `${project.name}-twice-1`, 'cat', '/tmp/event'])).stdout;
  expect(event).toMatch(/"identity":"launch\/worker\/\d+\//);
  const read = (name: string) => readFileSync(project.state(name), 'utf8').trim();
  const keys = ['key', ...readdirSync(project.state('keys')).map((name) => `keys/${name}`)].map(read);
  expect(keys.length).toBeGreaterThan(1);
  for (const key of keys)
    for (const form of ['hex', 'base64', 'base64url', 'latin1'] as const)
      expect(event).not.toContain(Buffer.from(key, 'hex').toString(form).replace(/=+$/, ''));
});
