import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Bed, createBed } from './lib/bed.ts';
import { type BoxedNode, startOverlay } from './lib/overlay.ts';
import { WORK } from './lib/place.ts';

// Delay, jitter, loss and reordering on all links show faults that lose or alter bytes.
const SHAPE = { delay: 4, jitter: 1, loss: 0.02, reorder: 0.02 };
const NGINX = `daemon off; error_log stderr; pid ${WORK}/nginx.pid; events {}
http { access_log off; server { listen 8080; root ${WORK}; } }`;

let bed: Bed;
let client: BoxedNode;

async function serve(node: BoxedNode): Promise<void> {
  const made = await node.exec(
    'sh',
    '-c',
    `head -c 3000000 /dev/urandom >${WORK}/file; sha256sum <${WORK}/file`,
  );
  sums.set(node.name, made.stdout);
  await node.exec('sh', '-c', `cat >${WORK}/nginx.conf <<'.'\n${NGINX}\n.\n`);
  const servers: [number, string[]][] = [
    [8080, ['nginx', '-c', `${WORK}/nginx.conf`]],
    [6379, ['redis-server', '--save', '', '--protected-mode', 'no', '--bind', '0.0.0.0']],
    [5201, ['iperf3', '--server']],
    [7010, ['socat', 'TCP-LISTEN:7010,fork,reuseaddr', 'EXEC:sha256sum']],
  ];
  for (const [port, argv] of servers) {
    const job = node.start(...argv);
    const died = job.ended.then(({ stdout, stderr }) => {
      throw new Error(`${argv[0]} ended: ${stdout}${stderr}`);
    });
    await Promise.race([node.listening(port), died]);
    died.catch(() => undefined);
  }
}

/** The SHA-256 of the file that each server offers, by the node's name. */
const sums = new Map<string, string>();

beforeAll(async () => {
  bed = await createBed(SHAPE);
  const overlay = await startOverlay(bed);
  client = await overlay.node('client', await (await bed.site('silent')).host());
  await serve(await overlay.node('direct', await bed.host()));
  await serve(await overlay.node('punch', await (await bed.site('silent')).host()));
  await serve(await overlay.node('relay', await (await bed.site('symmetric')).host()));
  await overlay.until((nodes) =>
    ['direct', 'punch', 'relay'].every((name) => (nodes.get(name)?.ports.length ?? 0) >= 4),
  );
});

afterAll(() => bed?.remove());

const shell = async (script: string) => {
  const { stdout, stderr } = await client.exec('sh', '-c', script);
  return stdout + stderr;
};

describe.each(['direct', 'punch', 'relay'])('over %s with 2%% loss, jitter and reordering', (host) => {
  test('curl gets a whole file from nginx', async () => {
    expect(await shell(`curl -sS --max-time 40 http://${host}:8080/file | sha256sum`)).toBe(sums.get(host));
  });

  test('socat sends a file, shuts its side down, and gets an answer after that', async () => {
    const sent = await shell(`head -c 300000 /dev/urandom >${WORK}/sent; sha256sum <${WORK}/sent`);
    expect(await shell(`socat -t 30 - TCP:${host}:7010 <${WORK}/sent`)).toBe(sent);
  });

  test('redis answers SET and GET', async () => {
    expect(await shell(`redis-cli -h ${host} set key ${host}; redis-cli -h ${host} get key`)).toBe(
      `OK\n${host}\n`,
    );
  });

  test('iperf3 runs four streams in each direction at once', async () => {
    const report = JSON.parse(await shell(`iperf3 -c ${host} -P 4 -t 1 --bidir --json`));
    expect(report.error).toBeUndefined();
    expect(report.end.streams).toHaveLength(8);
    for (const sum of [report.end.sum_received, report.end.sum_received_bidir_reverse])
      expect(sum.bytes).toBeGreaterThan(100_000);
  });
});
