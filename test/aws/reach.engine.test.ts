import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { builtHome } from '../../compose-plugin/testing/home.ts';
import { buildTestImages } from '../lib/images.ts';
import { eventually } from '../lib/project.ts';
import { type Bed, type BedProject, REGION, ROLE, SEED_PORT, startBed } from './lib/bed.ts';
import { type Internet, startInternet } from './lib/internet.ts';

/**
 * Answers every HTTP request with who it is and what it sees of the connection; /via/HOST/PORT asks another
 * one.
 */
const SERVER = `
import http.server, json, os, signal, socket, sys, urllib.request
boot = os.urandom(4).hex()
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    def do_GET(self):
        if self.path.startswith('/via/'):
            _, _, host, port = self.path.split('/')
            body = urllib.request.urlopen('http://%s:%s/' % (host, port), timeout=20).read()
        elif self.path == '/large':
            body = b'0123456789abcdef' * 262144
        else:
            own = {'name': sys.argv[1], 'boot': boot, 'uid': os.getuid(), 'peer': self.client_address[0]}
            body = json.dumps(own).encode()
        self.send_response(200); self.send_header('Content-Length', str(len(body))); self.end_headers()
        self.wfile.write(body)
    def log_message(self, *a): pass
def stop(*a): print('asked to stop', flush=True); os._exit(7)
signal.signal(signal.SIGTERM, stop)
print('serving', flush=True)
http.server.ThreadingHTTPServer(('', 8000), Handler).serve_forever()
`;
const command = (name: string) =>
  `["python3", "-c", ${JSON.stringify(SERVER.replaceAll('$', '$$$$'))}, "${name}"]`;

const yaml = (address: string) => `
services:
  front: { image: "boxer-test/tools:1", command: ${command('front')} }
  alpha: { image: "boxer-test/tools:1", command: ${command('alpha')}, x-boxer: { memory: 512, timeout: 5m } }
  beta: { image: "boxer-test/tools:1", command: ${command('beta')}, x-boxer: { memory: 512, timeout: 5m } }
  gamma: { image: "boxer-test/tools:1", command: ${command('gamma')}, x-boxer: container }
x-boxer:
  provider: aws
  region: ${REGION}
  role: ${ROLE}
  seed: { advertise: "${address}:${SEED_PORT}", relay-ports: ${SEED_PORT + 30}-${SEED_PORT + 33} }
`;

let bed: Bed;
let internet: Internet;
let project: BedProject;

beforeAll(async () => {
  await buildTestImages();
  bed = await startBed(builtHome);
  internet = await startInternet(bed.lambda);
  project = bed.project(yaml(internet.address));
  const up = await project.run(['up', '-d', '--yes'], { AWS_ENDPOINT_URL_LAMBDA: internet.lambda });
  if (up.exitCode !== 0) throw new Error(up.all);
  await eventually('all services answer', async () => {
    const answers = await Promise.all(['alpha', 'beta', 'gamma'].map((name) => ask('front', name)));
    return answers.every((answer) => answer.startsWith('{')) ? true : undefined;
  });
}, 400_000);
afterAll(async () => {
  await project?.run(['down', '--volumes', '--functions', '--timeout', '1']);
  project?.remove();
  await internet?.close();
  await bed?.stop();
});

/** What `path` of `name` says to a client in `from`, which is a container with the tools of the image. */
async function ask(from: string, name: string, path = '', seconds = 25): Promise<string> {
  const words = ['curl', '-s', '--max-time', `${seconds}`, `http://${name}:8000/${path}`];
  const { stdout } = await project.run(['exec', '-T', from, ...words]);
  return stdout;
}

test('an unboxed neighbour reaches functions by their own names, through their phantoms', async () => {
  const answer = JSON.parse(await ask('front', 'alpha'));
  expect(answer).toMatchObject({ name: 'alpha', uid: 993 });
  // The seed's name for the neighbour: the guest sees an address of the overlay, whoever carries the bytes.
  expect(answer.peer).toMatch(/^198\.19\./);
  expect((await ask('front', 'alpha', 'large')).length).toBe(4 * 2 ** 20);
});

test.each([
  ['an unboxed service', 'front'],
  ['another function', 'beta'],
  ['a boxed container', 'gamma'],
  ['itself', 'alpha'],
])(
  'a function reaches %s',
  async (_, name) => {
    expect(JSON.parse(await ask('front', 'alpha', `via/${name}/8000`))).toMatchObject({ name });
  },
  60_000,
);

test('a boxed container reaches a function, which sees its overlay address', async () => {
  const answer = JSON.parse(await ask('front', 'gamma', 'via/alpha/8000'));
  expect(answer).toMatchObject({ name: 'alpha', uid: 993 });
  expect(answer.peer).toMatch(/^198\.18\./);
});

test('more connections at once than ports are published', async () => {
  const loop = 'for i in $(seq 24); do curl -s --max-time 25 http://alpha:8000/via/front/8000 & done; wait';
  const { stdout } = await project.run(['exec', '-T', 'front', 'sh', '-c', loop]);
  expect(stdout.match(/"front"/g)).toHaveLength(24);
});

test('how nodes connect is shown, and why', async () => {
  const { stdout } = await project.run(['ps', '--network']);
  const line = (from: string, to: string) =>
    stdout.split('\n').find((text) => text.includes(`-${from}-1`) && text.includes(`-${to}-1`)) ?? stdout;
  expect(line('gamma', 'alpha')).toMatch(/relay .*only one of the two is on the networks of the seed/);
  // Published ports are forwarded here by a program, which gives every connection another port.
  expect(line('alpha', 'beta')).toMatch(/relay .*gives every connection another port/);
});

test('output and the exit code come back, and a stop gets there', async () => {
  expect((await project.run(['stop', 'beta'])).exitCode).toBe(0);
  const { stdout } = await project.run(['logs', '--no-log-prefix', 'beta']);
  expect(stdout.trim().split('\n')).toEqual(['serving', 'asked to stop']);
  const state = project.docker('inspect', '--format', '{{.State.ExitCode}}', `${project.name}-beta-1`);
  expect(state.stdout.trim()).toBe('7');
});

test('functions outlive a seed that is killed and started again, and so does their output', async () => {
  const before = JSON.parse(await ask('front', 'alpha'));
  expect(project.docker('kill', `${project.name}-boxer-seed-1`).code).toBe(0);
  expect(project.docker('start', `${project.name}-boxer-seed-1`).code).toBe(0);
  // A connection that was under way as the seed died may be lost for good: another one is tried soon.
  const again = async () => {
    const answer = await ask('front', 'alpha', '', 5);
    return answer.startsWith('{') ? JSON.parse(answer) : undefined;
  };
  const after = await eventually('alpha answers again', again, 60);
  expect(after.boot).toBe(before.boot);
  expect((await project.run(['stop', 'alpha'])).exitCode).toBe(0);
  const { stdout } = await project.run(['logs', '--no-log-prefix', 'alpha']);
  expect(stdout.trim().split('\n')).toEqual(['serving', 'asked to stop']);
});

test('a function whose phantom was killed ends, too', async () => {
  const running = () => {
    const filters = ['label=lambda-local.instance', 'status=running'].flatMap((filter) => [
      '--filter',
      filter,
    ]);
    const { stdout } = project.docker(
      'ps',
      '--quiet',
      ...filters,
      '--filter',
      `network=${bed.lambda.network}`,
    );
    return stdout;
  };
  expect((await project.run(['start', 'alpha'])).exitCode).toBe(0);
  await eventually('alpha answers', async () =>
    (await ask('front', 'alpha')).startsWith('{') ? true : undefined,
  );
  expect(project.docker('kill', `${project.name}-alpha-1`).code).toBe(0);
  await eventually('no launch goes on', async () => {
    const { stdout } = await project.run(['cost', '--json']);
    return JSON.parse(stdout).services[0].running === 0 && running() === '' ? true : undefined;
  });
});
