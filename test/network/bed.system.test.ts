import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Bed, createBed, type Host } from './lib/bed.ts';
import { runTool } from './lib/helper.ts';
import { createNamespace } from './lib/namespace.ts';
import type { NatKind } from './lib/nat.ts';
import { compiled } from './lib/programs.ts';

// The bed itself, without Boxer: does each gateway and each line do what the other tests take it for?

let bed: Bed;
let witness: [Host, Host];

const LISTEN = `import socket
s = socket.create_server(("", 7000))
while True:
  c, a = s.accept(); c.sendall(f"{a[0]} {a[1]}".encode()); c.close()`;

beforeAll(async () => {
  bed = await createBed();
  witness = [await bed.host(), await bed.host()];
  for (const { namespace } of witness) {
    await namespace.run(`python3 -c '${LISTEN}' </dev/null >/dev/null 2>&1 & echo $!`).then((pid) => {
      bed.own(async () => void process.kill(Number(pid)));
    });
    await namespace.run(
      'for i in $(seq 200); do ss -Hltn sport = :7000 | grep -q . && exit; sleep 0.02; done; exit 1',
    );
  }
});

afterAll(() => bed?.remove());

/** How the witness sees a connection of `host` from local port `from`. */
async function seen(host: Host, from: number, by: Host): Promise<string> {
  return host.namespace.run(`python3 - <<'.'
import socket
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("", ${from}))
s.connect(("${by.address}", 7000))
print(s.recv(99).decode(), end="")
.`);
}

describe.each<[NatKind, 'kept' | 'moved' | 'random']>([
  ['silent', 'kept'],
  ['resetting', 'kept'],
  ['mapped', 'moved'],
  ['symmetric', 'random'],
])('a %s gateway', (kind, ports) => {
  let host: Host;
  let publicAddress: string;
  beforeAll(async () => {
    const site = await bed.site(kind);
    host = await site.host();
    publicAddress = site.publicAddress;
  });

  test(`ports are ${ports}`, async () => {
    // One local port, two destinations at the same time of day.
    const script = (by: Host) => seen(host, 4321, by);
    const [one, two] = [await script(witness[0]), await script(witness[1])].map((text) => text.split(' '));
    expect([one?.[0], two?.[0]]).toEqual([publicAddress, publicAddress]);
    const shown = { kept: one?.[1] === '4321', same: one?.[1] === two?.[1] };
    const wanted = {
      kept: { kept: true, same: true },
      moved: { kept: false, same: true },
      random: { kept: false, same: false },
    };
    expect(shown).toEqual(wanted[ports]);
  });

  test(`a stranger is ${kind === 'resetting' ? 'reset' : 'not answered'}`, async () => {
    const script = `import errno, socket
try: socket.create_connection(("${publicAddress}", 4444), 0.5)
except OSError as error: print(errno.errorcode.get(error.errno, "timed out"), end="")`;
    const answer = await witness[0].namespace.run(`python3 - <<'.'\n${script}\n.`);
    expect(answer).toBe(kind === 'resetting' ? 'ECONNREFUSED' : 'timed out');
  });
});

test('a line delays what goes out, and loses its share', async () => {
  const slow = await createBed({ delay: 20, loss: 0.3 });
  try {
    const [a, b] = [await slow.host(), await slow.host()];
    const answer = await a.namespace.run(`python3 - "${a.namespace.path}" "${b.namespace.path}" <<'.'
import ctypes, socket, sys, time
def inside(path):
  with open(path) as f: ctypes.CDLL(None).setns(f.fileno(), 0)
inside(sys.argv[2]); far = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); far.bind(("", 7000)); far.settimeout(0.3)
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
    // Two lines, each of which loses 30 %: about half of 400 arrive.
    expect(least).toBeGreaterThan(0.0199);
    expect(got).toBeGreaterThan(130);
    expect(got).toBeLessThan(270);
  } finally {
    await slow.remove();
  }
});

test('what held a namespace is gone with it', async () => {
  const namespace = await createNamespace();
  await namespace.run('ip link add left type veth peer name right');
  await namespace.remove();
  await expect(runTool(['nsenter', `--net=${namespace.path}`, 'true'])).rejects.toThrow('No such file');
});

test('a C program is compiled once', async () => {
  expect(await compiled('delayed-link')).toBe(await compiled('delayed-link'));
});
