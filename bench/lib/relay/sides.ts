import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The ports of the echo server and of iperf3's server. */
export const ECHO = 18_300;
export const IPERF = 18_301;

/** A proxy with a port for each target. */
export interface Side {
  readonly label: string;
  readonly echo: number;
  readonly iperf: number;
}

export const haproxy: Side = { label: 'haproxy, mode tcp', echo: 18_310, iperf: 18_311 };
export const relay: Side = { label: 'relay', echo: 18_320, iperf: 18_321 };

const LOAD = new URL('load.py', import.meta.url).pathname;
const RELAY = new URL('relay-process.ts', import.meta.url).pathname;

/** A configuration with haproxy's defaults for threads, buffers and splicing. */
const configuration = (front: number, target: number) => `
frontend front-${front}
  bind 127.0.0.1:${front}
  default_backend target-${target}
backend target-${target}
  server target 127.0.0.1:${target}
`;
const HAPROXY = `
global
  maxconn 4000
defaults
  mode tcp
  timeout connect 5s
  timeout client 1h
  timeout server 1h
${configuration(haproxy.echo, ECHO)}
${configuration(haproxy.iperf, IPERF)}
`;

/** Throws an error with the package to install if a program is missing. */
export function requirePrograms(): void {
  for (const [program, packageName] of [
    ['haproxy', 'haproxy'],
    ['iperf3', 'iperf3'],
    ['python3', 'python3'],
  ] as const) {
    try {
      execFileSync('sh', ['-c', `command -v ${program}`]);
    } catch {
      throw new Error(`${program} is not installed: apt-get install ${packageName}`);
    }
  }
}

/** Starts both proxies and the echo server. Resolves to a function that ends them. */
export async function startSides(): Promise<() => Promise<void>> {
  const directory = mkdtempSync(join(tmpdir(), 'boxer-bench-relay-'));
  const file = join(directory, 'haproxy.cfg');
  writeFileSync(file, HAPROXY);
  const children = [
    spawn('python3', [LOAD, 'serve', String(ECHO)], { stdio: 'ignore' }),
    spawn('haproxy', ['-db', '-f', file], { stdio: ['ignore', 'ignore', 'inherit'] }),
    ...(
      [
        [relay.echo, ECHO],
        [relay.iperf, IPERF],
      ] as const
    ).map((ports) =>
      spawn(process.execPath, ['--no-warnings', RELAY, ...ports.map(String)], {
        stdio: ['ignore', 'ignore', 'inherit'],
      }),
    ),
  ];
  for (const port of [ECHO, haproxy.echo, haproxy.iperf, relay.echo, relay.iperf]) await listening(port);
  return async () => {
    await Promise.all(children.map(end));
    rmSync(directory, { recursive: true });
  };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill();
  await exited;
}

async function listening(port: number): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const socket = connect(port, '127.0.0.1');
    try {
      await once(socket, 'connect');
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 25));
    } finally {
      socket.destroy();
    }
  }
  throw new Error(`nothing listens on port ${port}`);
}

function output(program: string, args: readonly string[]): Promise<string> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (chunk) => {
    text += chunk;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) =>
      code === 0
        ? resolve(text)
        : reject(new Error(`${program} ${args.join(' ')} failed (${code}): ${text}`)),
    );
  });
}

/** Resolves to the Mbit/s that arrive. */
export async function throughput(side: Side, streams: number, seconds: number): Promise<number> {
  const server = spawn('iperf3', ['-s', '-1', '--forceflush', '-B', '127.0.0.1', '-p', String(IPERF)], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  await once(server.stdout, 'data');
  server.stdout.resume();
  try {
    const args = [
      '-c',
      '127.0.0.1',
      '-p',
      String(side.iperf),
      '-t',
      String(seconds),
      '-P',
      String(streams),
      '-J',
    ];
    const result: unknown = JSON.parse(await output('iperf3', args));
    const bits = ['end', 'sum_received', 'bits_per_second'].reduce<unknown>(
      (value, key) => (typeof value === 'object' && value ? Reflect.get(value, key) : undefined),
      result,
    );
    return Number(bits) / 1e6;
  } finally {
    await end(server);
  }
}

/** Resolves to the time in microseconds of each round trip of `size` bytes. */
export async function roundTrips(side: Side, count: number, size: number): Promise<number[]> {
  const samples: unknown = JSON.parse(
    await output('python3', [LOAD, 'ping', ...[side.echo, count, size].map(String)]),
  );
  if (!Array.isArray(samples)) throw new Error('load.py ping printed no list');
  return samples.map(Number);
}

/**
 * Resolves to the connections per second. Each is opened, transfers a byte in both directions, and is closed.
 */
export async function connectionRate(side: Side, count: number, workers: number): Promise<number> {
  return Number(await output('python3', [LOAD, 'open', ...[side.echo, count, workers].map(String)]));
}
