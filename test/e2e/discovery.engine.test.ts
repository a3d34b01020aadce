import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { buildTestImages } from '../lib/images.ts';
import { createProject, logLine, type Project } from '../lib/project.ts';

/** A guest that prints what all three means of discovery show it, as one line of JSON. */
const DISCOVER = `
import json, socket, struct, sys, time

def files():
    names = ("nodes", "self", "nodes.json", "self.json")
    return {name: open("/etc/boxer/" + name).read() for name in names}

def snapshot():
    with socket.socket(socket.AF_UNIX) as stream:
        stream.connect("/etc/boxer/membership.sock")
        for line in stream.makefile():
            return json.loads(line)

# A resolver that is not libc's, like those of c-ares and Go: it asks the first server of resolv.conf.
def dns(name):
    server = next(line.split()[1] for line in open("/etc/resolv.conf") if line.startswith("nameserver"))
    question = b"".join(bytes([len(part)]) + part.encode() for part in name.split(".")) + b"\\0\\0\\1\\0\\1"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as query:
        query.settimeout(5)
        query.sendto(struct.pack(">6H", 7, 0x100, 1, 0, 0, 0) + question, (server, 53))
        answer = query.recv(512)
    at, found = 12 + len(question), []
    for _ in range(struct.unpack(">H", answer[6:8])[0]):
        while answer[at] and answer[at] < 192:
            at += answer[at] + 1
        at += 2 if answer[at] else 1
        length = struct.unpack(">H", answer[at + 8 : at + 10])[0]
        found.append(".".join(map(str, answer[at + 10 : at + 10 + length])))
        at += 10 + length
    return sorted(found)

print(json.dumps({"files": files(), "snapshot": snapshot(), "dns": dns("peer")}), flush=True)
time.sleep(1000)
`;

describe.each(['lambda', 'container'])('a guest in a %s', (target) => {
  let project: Project;

  beforeAll(async () => {
    await buildTestImages();
    project = createProject({
      'discover.py': DISCOVER,
      'compose.yaml': `
services:
  observer:
    image: boxer-test/tools:1
    command: ["python3", "/discover.py"]
    stop_signal: SIGKILL
    volumes: ["./discover.py:/discover.py:ro"]
    x-boxer: { target: ${target}, wait-for: { names: { peer: 2 }, timeout: 60 } }
  peer:
    image: boxer-test/tools:1
    command: ["sleep", "1000"]
    stop_signal: SIGKILL
    scale: 2
    x-boxer: container
`,
    });
    expect(await project.boxer('up', '-d')).toMatchObject({ exitCode: 0 });
  }, 300_000);
  afterAll(() => project.remove(), 60_000);

  test('finds the other nodes in files, over the membership socket and by DNS', async () => {
    const line = await logLine(project, 'observer', /^\{/);
    const { files, snapshot, dns } = JSON.parse(line);
    const ps = await project.boxer('ps', '--format', 'json', 'peer');
    const peers = ps.stdout.split('\n').map((text): string => JSON.parse(text).address);
    const addressesIn = (text: string) =>
      text.split('\n').flatMap((entry) => (/\bpeer\b/.test(entry) ? [entry.split('\t')[0]] : []));
    expect(addressesIn(files.nodes).sort()).toEqual(peers.sort());
    expect(files.self).toMatch(/^198\.18\.\d+\.\d+\t.*\bobserver\b/);
    expect(JSON.parse(files['self.json'])).toMatchObject({ self: true });
    expect(JSON.parse(files['nodes.json'])).toHaveLength(3);
    expect(snapshot).toMatchObject({ event: 'snapshot', nodes: JSON.parse(files['nodes.json']) });
    // In a container the first server is Docker's DNS, which answers with the addresses of the containers.
    if (target === 'lambda') expect(dns).toEqual(peers.sort());
    else expect(dns).toHaveLength(2);
  });
});
