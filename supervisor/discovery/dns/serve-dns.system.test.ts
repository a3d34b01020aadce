import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { decode, encode } from 'dns-packet';
import type { Overlay } from '../../membership/join.ts';
import { createTestbed, type Testbed, until } from '../../seed/overlay-testbed.ts';
import { type DnsServer, serveDns } from './serve-dns.ts';

/** Starts an upstream server for names outside the project, which answers every question with one address. */
async function startUpstream(address: string): Promise<{ close(): void }> {
  const socket = createSocket('udp4');
  socket.on('message', (query, from) => {
    const { id, questions = [] } = decode(query);
    const answers = questions.map(({ name }) => ({ type: 'A' as const, name, data: '203.0.113.9' }));
    socket.send(encode({ type: 'response', id, questions, answers }), from.port, from.address);
  });
  socket.bind(53, address);
  await once(socket, 'listening');
  return socket;
}

const NOBODY = '127.66.79.99';
const UPSTREAM = '127.66.79.98';

let bed: Testbed;
let self: Overlay;
let server: DnsServer;
let resolver: Resolver;

/** The names that Docker's resolver gives for any address. */
let dockerNames: string[];

const serve = async (upstream: string[]) => {
  server = await serveDns({ directory: self, upstream, address: '127.66.79.53', port: 0 });
  resolver = new Resolver({ timeout: 6000, tries: 1 });
  resolver.setServers([`${server.address}:${server.port}`]);
};

beforeEach(async () => {
  dockerNames = [];
  bed = await createTestbed({
    reverse: async () => dockerNames,
    resolver: async (name) => (name === 'redis' ? ['192.0.2.7'] : Promise.reject(new Error(name))),
  });
  self = await bed.join('web', { networks: { front: ['web'], back: ['web'] } });
  await serve([]);
});
afterEach(async () => {
  server.close();
  await bed.close();
});

describe('the DNS of a node', () => {
  test('answers with the addresses of all nodes of a name, another one first each time', async () => {
    const nodes = await Promise.all([bed.join('api'), bed.join('api')]);
    await until(self, () => self.members().size === 3);
    const expected = nodes.map(({ address }) => address).sort();
    const answers = [await resolver.resolve4('API'), await resolver.resolve4('api.')];
    for (const answer of answers) expect([...answer].sort()).toEqual(expected);
    expect(answers[0]?.[0]).not.toBe(answers[1]?.[0]);
    expect(await resolver.resolve4(`node-${self.nodeId}`)).toEqual([self.address]);
  });

  test('no longer resolves the name of a node that has left', async () => {
    const api = await bed.join('api');
    await until(self, () => self.members().size === 2);
    expect(await resolver.resolve4('api')).toEqual([api.address]);
    await api.leave();
    await until(self, () => self.members().size === 1);
    await expect(resolver.resolve4('api')).rejects.toMatchObject({ code: 'ESERVFAIL' });
  });

  test('answers an AAAA question for a known name with NODATA', async () => {
    await expect(resolver.resolve6('web')).rejects.toMatchObject({ code: 'ENODATA' });
  });

  test('resolves an address to Docker’s name, and to the service if Docker has no name', async () => {
    expect(await resolver.reverse(self.address)).toEqual(['web']);
    dockerNames = ['shop-web-1.shop_front'];
    expect(await resolver.reverse(self.address)).toEqual(dockerNames);
    const [redis = ''] = await self.resolve('redis');
    expect(await resolver.reverse(redis)).toEqual(dockerNames);
    await expect(resolver.reverse('198.19.255.254')).rejects.toMatchObject({ code: 'ENOTFOUND' });
  });

  test('answers SRV questions with the ports of a service', async () => {
    const api = await bed.join('api');
    await api.setListening([80, 8080]);
    await until(self, () => self.members().get(api.nodeId)?.ports.length === 2);
    const at = (port: number) => ({ name: `node-${api.nodeId}`, port, priority: 0, weight: 0 });
    expect(await resolver.resolveSrv('_8080._tcp.api')).toMatchObject([at(8080)]);
    expect(await resolver.resolveSrv('_http._tcp.api')).toMatchObject([at(80)]);
    expect(await resolver.resolveSrv('api')).toMatchObject([at(80), at(8080)]);
    await expect(resolver.resolveSrv('_9._tcp.api')).rejects.toMatchObject({ code: 'ENODATA' });
  });

  test('resolves unboxed services through the seed, except those on other networks', async () => {
    const [address = ''] = await resolver.resolve4('redis');
    expect(address).toMatch(/^198\.19\./);
    const alone = await bed.join('alone', { networks: { aside: ['alone'] } });
    const aside = await serveDns({ directory: alone, upstream: [], address: '127.66.79.53', port: 0 });
    const other = new Resolver();
    other.setServers([`${aside.address}:${aside.port}`]);
    await expect(other.resolve4('redis')).rejects.toMatchObject({ code: 'ENOTFOUND' });
    aside.close();
  });
});

describe('the DNS server of a node', () => {
  test('passes other names to an upstream server, and to the next if the first does not answer', async () => {
    const upstream = await startUpstream(UPSTREAM);
    server.close();
    await serve([NOBODY, UPSTREAM]);
    expect(await resolver.resolve4('example.org')).toEqual(['203.0.113.9']);
    upstream.close();
  });

  test('delivers an answer that is too long for a datagram over TCP', async () => {
    const many = Array.from({ length: 60 }, () => bed.join('crowd'));
    const addresses = (await Promise.all(many)).map(({ address }) => address);
    await until(self, () => self.members().size === 61);
    expect((await resolver.resolve4('crowd')).sort()).toEqual(addresses.sort());
  });

  test('answers malformed messages with FORMERR or not at all, and still serves other clients', async () => {
    const client = createSocket('udp4');
    client.connect(server.port, server.address);
    await once(client, 'connect');
    client.send(Buffer.from('short'));
    client.send(Buffer.concat([Buffer.from([1, 2, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]), Buffer.alloc(20, 0xff)]));
    const [answer] = await once(client, 'message');
    expect(decode(answer)).toMatchObject({ id: 0x0102, rcode: 'FORMERR' });
    client.close();
    const stream = connect(server.port, server.address);
    stream.write(Buffer.from([0, 3, 1, 2, 3]));
    await once(stream, 'close');
    expect(await resolver.resolve4('web')).toEqual([self.address]);
  });
});
