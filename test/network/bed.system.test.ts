import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Bed, createBed, type Host } from './lib/bed.ts';
import { runTool } from './lib/helper.ts';
import { createNamespace } from './lib/namespace.ts';
import type { NatKind } from './lib/nat.ts';
import { compiled } from './lib/programs.ts';

// These tests check the test bed without Boxer: the gateways and links must behave as other tests expect.

let bed: Bed;
let witnesses: [Host, Host];

/** A server that answers every connection with the address and port from which it came. */
const LISTEN = `import socket
s = socket.create_server(("", 7000))
while True:
  c, a = s.accept(); c.sendall(f"{a[0]} {a[1]}".encode()); c.close()`;

beforeAll(async () => {
  bed = await createBed();
  witnesses = [await bed.host(), await bed.host()];
  for (const { namespace } of witnesses) {
    await namespace.run(`python3 -c '${LISTEN}' </dev/null >/dev/null 2>&1 & echo $!`).then((pid) => {
      bed.own(async () => void process.kill(Number(pid)));
    });
    await namespace.run(
      'for i in $(seq 200); do ss -Hltn sport = :7000 | grep -q . && exit; sleep 0.02; done; exit 1',
    );
  }
});

afterAll(() => bed?.remove());

/** The address and port from which `witness` sees a connection of `host` from its port `localPort` come. */
async function sourceSeen(host: Host, localPort: number, witness: Host): Promise<string> {
  return host.namespace.run(`python3 - <<'.'
import socket
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("", ${localPort}))
s.connect(("${witness.address}", 7000))
print(s.recv(99).decode(), end="")
.`);
}

const PORT_MAPPINGS = {
  'keeps the local port': { kept: true, same: true },
  'maps a local port to one other port for all destinations': { kept: false, same: true },
  'maps a local port to a new port for each destination': { kept: false, same: false },
} as const;

describe.each<[NatKind, keyof typeof PORT_MAPPINGS]>([
  ['silent', 'keeps the local port'],
  ['resetting', 'keeps the local port'],
  ['mapped', 'maps a local port to one other port for all destinations'],
  ['symmetric', 'maps a local port to a new port for each destination'],
])('a %s gateway', (kind, mapping) => {
  let host: Host;
  let publicAddress: string;
  beforeAll(async () => {
    const site = await bed.site(kind);
    host = await site.host();
    publicAddress = site.publicAddress;
  });

  test(mapping, async () => {
    // Both connections come from the same local port and go to different destinations.
    const sources = [await sourceSeen(host, 4321, witnesses[0]), await sourceSeen(host, 4321, witnesses[1])];
    const [one, two] = sources.map((text) => text.split(' '));
    expect([one?.[0], two?.[0]]).toEqual([publicAddress, publicAddress]);
    const observed = { kept: one?.[1] === '4321', same: one?.[1] === two?.[1] };
    expect(observed).toEqual(PORT_MAPPINGS[mapping]);
  });

  test(`${kind === 'resetting' ? 'resets' : 'drops'} unsolicited connections from outside`, async () => {
    const script = `import errno, socket
try: socket.create_connection(("${publicAddress}", 4444), 0.5)
except OSError as error: print(errno.errorcode.get(error.errno, "timed out"), end="")`;
    const answer = await witnesses[0].namespace.run(`python3 - <<'.'\n${script}\n.`);
    expect(answer).toBe(kind === 'resetting' ? 'ECONNREFUSED' : 'timed out');
  });
});

test('a link delays frames on their way out, and loses the given share of them', async () => {
  const slow = await createBed({ delay: 20, loss: 0.3 });
  try {
    const [a, b] = [await slow.host(), await slow.host()];
    const answer = await a.namespace.run(`python3 - "${a.namespace.path}" "${b.namespace.path}" <<'.'
import ctypes, socket, sys, time
def inside(path):
  with open(path) as f: ctypes.CDLL(None).setns(f.fileno(), 0)
inside(sys.argv[2]); far = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
far.bind(("", 7000)); far.settimeout(0.3)
inside(sys.argv[1]); near = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for i in range(3): near.sendto(b"arp", ("${b.address}", 7000))
time.sleep(3)
far.setblocking(False)
try:
  while True: far.recv(9)
except BlockingIOError: pass
far.settimeout(2)
got, least = 0, 9
for i in range(400):
  near.sendto(str(time.monotonic()).encode(), ("${b.address}", 7000)); time.sleep(0.001)
time.sleep(0.1)
try:
  while True: far.recv(99); got += 1
except TimeoutError: pass
far.settimeout(0.3)
for i in range(50):
  near.sendto(str(time.monotonic()).encode(), ("${b.address}", 7000))
  try: sent = float(far.recv(99)); least = min(least, time.monotonic() - sent)
  except TimeoutError: pass
print(got, least)
.`);
    const [got = 0, least = 0] = answer.split(' ').map(Number);
    // Each of the two links on the way loses 30 %, so about half of the 400 datagrams arrive.
    expect(least).toBeGreaterThan(0.0199);
    expect(got).toBeGreaterThan(130);
    expect(got).toBeLessThan(270);
  } finally {
    await slow.remove();
  }
});

test('a namespace cannot be entered after remove()', async () => {
  const namespace = await createNamespace();
  await namespace.run('ip link add left type veth peer name right');
  await namespace.remove();
  await expect(runTool(['nsenter', `--net=${namespace.path}`, 'true'])).rejects.toThrow('No such file');
});

test('compiled() gives the same program for the same source', async () => {
  expect(await compiled('delayed-link')).toBe(await compiled('delayed-link'));
});
