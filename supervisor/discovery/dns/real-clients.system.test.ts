import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { execa } from 'execa';
import type { Overlay } from '../../membership/join.ts';
import { config, createTestbed, type Testbed, until } from '../../seed/overlay-testbed.ts';
import { type DnsServer, serveDns } from './serve-dns.ts';

/** Tests with the resolvers of musl and nginx. The other tests use c-ares, the resolver of Node.js. */

/** A C program that prints the result of getaddrinfo (one address a line) or of getnameinfo, or the error. */
const LOOKUP = `
#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
int main(int argc, char **argv) {
  struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found;
  if (argc > 2) {
    struct sockaddr_in at = {.sin_family = AF_INET};
    char name[256];
    inet_pton(AF_INET, argv[2], &at.sin_addr);
    int error = getnameinfo((struct sockaddr *)&at, sizeof at, name, sizeof name, NULL, 0, NI_NAMEREQD);
    return puts(error ? gai_strerror(error) : name), 0;
  }
  int error = getaddrinfo(argv[1], NULL, &hints, &found);
  if (error) return puts(gai_strerror(error)), 0;
  for (; found; found = found->ai_next) {
    char text[64];
    puts(inet_ntop(AF_INET, &((struct sockaddr_in *)found->ai_addr)->sin_addr, text, sizeof text));
  }
  return 0;
}`;

/** The address of the name server in /etc/resolv.conf; each run of this file has its own. */
const ADDRESS = `127.66.${100 + (process.pid % 100)}.${1 + (process.pid % 250)}`;

let bed: Testbed;
let self: Overlay;
let server: DnsServer;
let folder: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'boxer-dns-'));
  // The overlay has loopback addresses, so that a test can connect to what it resolves.
  bed = await createTestbed({
    config: { ...config, overlay: '127.77.0.0/16' },
    resolver: async (name) => (name === 'redis' ? ['192.0.2.7'] : Promise.reject(new Error(name))),
  });
  self = await bed.join('web', { networks: { front: ['web'], back: ['web'] } });
  server = await serveDns({ directory: self, upstream: [], address: ADDRESS });
});
afterEach(async () => {
  server.close();
  await bed.close();
  rmSync(folder, { recursive: true });
});

test('a static program with musl resolves names and addresses', async () => {
  const api = await Promise.all([bed.join('api'), bed.join('api')]);
  await until(self, () => self.members().size === 3);
  writeFileSync(join(folder, 'lookup.c'), LOOKUP);
  writeFileSync(join(folder, 'resolv.conf'), `nameserver ${ADDRESS}\n`);
  await execa('musl-gcc', ['-static', '-O1', '-o', 'lookup', 'lookup.c'], { cwd: folder });
  // musl reads /etc/resolv.conf and no other file, so the process gets an /etc/resolv.conf of its own.
  const script = 'mount --bind resolv.conf /etc/resolv.conf && exec ./lookup "$@"';
  const lookup = async (...args: string[]) => {
    const { stdout } = await execa('unshare', ['--mount', 'sh', '-c', script, 'lookup', ...args], {
      cwd: folder,
    });
    return stdout.split('\n').sort();
  };
  expect(await lookup('api')).toEqual(api.map(({ address }) => address).sort());
  expect(await lookup(`node-${self.nodeId}`)).toEqual([self.address]);
  expect(await lookup('redis')).toEqual([expect.stringMatching(/^127\.77\./)]);
  expect(await lookup('-', api[0].address)).toEqual(['api']);
});

/**
 * Starts an nginx that passes every request to the host named in its path. nginx looks the host up with its
 * own resolver.
 */
async function startNginx(port: number, upstream: number): Promise<ChildProcess> {
  const conf = `daemon off; master_process off; pid ${folder}/pid; error_log stderr warn;
events {}
http {
  access_log off;
  client_body_temp_path ${folder}/a; proxy_temp_path ${folder}/b; fastcgi_temp_path ${folder}/c;
  uwsgi_temp_path ${folder}/d; scgi_temp_path ${folder}/e;
  resolver ${ADDRESS} ipv6=on;
  server {
    listen 127.0.0.1:${port};
    location ~ ^/(?<peer>[^/]+)/ {
      add_header X-Upstream $upstream_addr always;
      proxy_pass http://$peer:${upstream}/;
    }
    location = /ready { return 204; }
  }
}`;
  writeFileSync(join(folder, 'nginx.conf'), conf);
  const nginx = spawn('nginx', ['-e', 'stderr', '-p', folder, '-c', join(folder, 'nginx.conf')], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  for (;;) {
    const { status } = await fetch(`http://127.0.0.1:${port}/ready`).catch(() => ({ status: 0 }));
    if (status === 204) return nginx;
    if (nginx.exitCode !== null) throw new Error('nginx does not start');
  }
}

async function listen(): Promise<{ http: Server; port: number }> {
  const http = createServer((_request, response) => response.end('reached')).listen(0);
  await once(http, 'listening');
  const address = http.address();
  if (typeof address !== 'object' || !address) throw new Error('no address');
  return { http, port: address.port };
}

test('nginx resolves again and again, and so follows nodes that join and leave', async () => {
  const [{ http, port }, front] = [await listen(), await listen()];
  front.http.close();
  await once(front.http, 'close');
  const nginx = await startNginx(front.port, port);
  const ended = once(nginx, 'close');
  try {
    const ask = async (host: string) => {
      const response = await fetch(`http://127.0.0.1:${front.port}/${host}/`);
      return [response.status, await response.text(), response.headers.get('x-upstream')];
    };
    const api = await bed.join('api');
    await until(self, () => self.members().size === 2);
    expect(await ask('api')).toEqual([200, 'reached', `${api.address}:${port}`]);
    expect(await ask(`node-${self.nodeId}`)).toEqual([200, 'reached', `${self.address}:${port}`]);
    await api.leave();
    await until(self, () => self.members().size === 1);
    // nginx keeps an answer with a TTL of 0 until its clock, which counts seconds, advances.
    while ((await ask('api'))[0] === 200) await delay(20);
    expect((await ask('api'))[0]).toBe(502);
    const next = await bed.join('api');
    await until(self, () => self.members().size === 2);
    while ((await ask('api'))[0] === 502) await delay(20);
    expect(await ask('api')).toEqual([200, 'reached', `${next.address}:${port}`]);
  } finally {
    nginx.kill();
    await ended;
    http.close();
  }
});
