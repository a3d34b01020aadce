import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { FUNCTION, startTestLambda, type TestLambda } from '../testing/test-lambda.ts';

const PORT = 8000;

/** A host on the same network that tells each client the client's address and port as the host sees them. */
async function startWitness(lambda: TestLambda) {
  const name = `${lambda.instance}-witness`;
  const script = `require('node:net').createServer((s) => s.on('error', () => {}).end(
    JSON.stringify([s.remoteAddress.replace('::ffff:', ''), s.remotePort]))).listen(${PORT})`;
  const image = FUNCTION;
  const options = ['--detach', '--name', name, '--network', lambda.network, '--entrypoint', 'node'];
  await execa('docker', ['run', ...options, image, '-e', script]);
  return {
    name,
    run: (code: string) => execa('docker', ['exec', name, 'node', '-e', code], { reject: false }),
    remove: () => execa('docker', ['rm', '--force', name]),
  };
}
type Witness = Awaited<ReturnType<typeof startWitness>>;

interface Sighting {
  readonly address: string;
  readonly port: number;
  readonly localAddress: string;
  readonly localPort: number;
}

/**
 * The address and port of a connection of the function `name`, as the witness and as the function see them.
 */
async function seen(lambda: TestLambda, witness: Witness, name: string): Promise<Sighting> {
  const code = `const s = require("node:net").connect(${PORT}, "${witness.name}");
    s.on("data", (d) => console.log(JSON.stringify([...JSON.parse(d), s.localAddress, s.localPort])))`;
  const [address, port, localAddress, localPort] = JSON.parse(await lambda.shell(name, `node -e '${code}'`));
  return { address, port, localAddress, localPort };
}

/** The connections in the tables of all gateways. */
async function connectionsOf(container: string): Promise<string> {
  const { stdout } = await execa('docker', ['exec', container, 'ip', 'netns', 'list']);
  const namespaces = stdout.split('\n').map((line) => line.split(' ')[0] ?? '');
  const tables = namespaces.map((name) =>
    execa('docker', [
      ...['exec', container, 'nsenter', `--net=/run/netns/${name}`],
      ...['cat', '/proc/net/nf_conntrack'],
    ]),
  );
  return (await Promise.all(tables)).map((table) => table.stdout).join('\n');
}

/** A command that connects from port 7777 to port 7777, sends `word` and prints what it gets. */
const open = (to: Sighting, word: string) => `node -e '
  const s = require("node:net").connect({ host: "${to.address}", port: 7777, localPort: 7777 });
  s.on("connect", () => s.write("${word}")).on("data", (d) => { console.log(String(d)); s.end(); });
  s.on("error", (e) => console.log(e.code))'`;

describe('a port-preserving NAT', () => {
  let lambda: TestLambda;
  let witness: Witness;

  beforeAll(async () => {
    lambda = await startTestLambda();
    witness = await startWitness(lambda);
    await Promise.all([lambda.create('one'), lambda.create('two')]);
  });
  afterAll(async () => {
    await witness.remove();
    await lambda.remove();
  });

  test('functions have the same private address, and each has its own public address', async () => {
    const one = await seen(lambda, witness, 'one');
    const two = await seen(lambda, witness, 'two');
    expect([one.localAddress, two.localAddress]).toEqual(['169.254.76.1', '169.254.76.1']);
    expect(new Set([one.address, two.address, lambda.address, '169.254.76.1']).size).toBe(4);
    expect([one.port, two.port]).toEqual([one.localPort, two.localPort]);
    expect(await connectionsOf(lambda.container)).toMatch(
      new RegExp(`src=169\\.254\\.76\\.1 .*dport=${PORT} .*dst=${one.address} `),
    );
  });

  test('unsolicited connections are dropped without an answer', async () => {
    const { address } = await seen(lambda, witness, 'one');
    const code = `const s = require('node:net').connect({ host: '${address}', port: 9001, timeout: 1000 });
      s.on('connect', () => console.log('connected')).on('error', (e) => console.log(e.code));
      s.on('timeout', () => { console.log('silence'); process.exit() })`;
    expect((await witness.run(code)).stdout).toBe('silence');
  });

  test('two functions that connect to each other at the same time get a connection', async () => {
    const [one, two] = await Promise.all([seen(lambda, witness, 'one'), seen(lambda, witness, 'two')]);
    const met = await Promise.all([
      lambda.shell('one', open(two, 'from one')),
      lambda.shell('two', open(one, 'from two')),
    ]);
    expect(met).toEqual(['from two\n', 'from one\n']);
  });

  test('functions resolve names of the network over UDP and TCP', async () => {
    expect(await lambda.shell('one', `getent hosts ${witness.name}`)).toContain(witness.name);
    const overTcp = `RES_OPTIONS=use-vc getent ahostsv4 ${witness.name}`;
    expect(await lambda.shell('one', overTcp)).toContain(witness.name);
  });

  test('the Runtime API only answers functions, and each only about itself', async () => {
    const url = `http://${lambda.address}:9001/2018-06-01/runtime/invocation/next`;
    const code = `fetch('${url}').then((r) => console.log(r.status))`;
    expect((await witness.run(code)).stdout).toBe('403');
    // The answer is also 403 for the function's own environment, but because the function has not answered
    // yet.
    const own = `node -e 'fetch("${url}").then((r) => r.text()).then(console.log)'`;
    expect(await lambda.shell('one', own)).toContain('InvalidStateTransition');
    const others = "node -e 'fetch(`http://169.254.100.1:9000/`).catch((e) => console.log(e.cause.code))'";
    expect(await lambda.shell('one', `timeout 2 ${others}; echo $?`)).not.toContain('200');
  });
});

describe('a symmetric NAT', () => {
  test('does not preserve the local port of a connection', async () => {
    const lambda = await startTestLambda({ LAMBDA_LOCAL_NAT: 'symmetric', LAMBDA_LOCAL_PREPARED: '0' });
    const witness = await startWitness(lambda);
    try {
      await lambda.create('one');
      const sightings = [await seen(lambda, witness, 'one'), await seen(lambda, witness, 'one')];
      expect(sightings.some(({ port, localPort }) => port === localPort)).toBe(false);
      expect(sightings[0]?.address).toBe(sightings[1]?.address);
    } finally {
      await witness.remove();
      await lambda.remove();
    }
  });
});
