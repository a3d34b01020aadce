import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { freePort } from '../../network/relay/socket-testbed.ts';

/** For tests: nats-server with JetStream on loopback, alone or as a cluster. */
export interface NatsBed {
  readonly servers: readonly string[];
  /** Kills a server with SIGKILL, like a crash. */
  kill(index: number): Promise<void>;
  /** Stops a server with SIGSTOP: its connections stay, but it answers nothing. */
  freeze(index: number): void;
  thaw(index: number): void;
  start(index: number): Promise<void>;
  close(): Promise<void>;
}

export async function startNats(size = 1): Promise<NatsBed> {
  const folder = mkdtempSync(join(tmpdir(), 'boxer-nats-'));
  const ports = await Promise.all(Array.from({ length: size }, freePort));
  const routes = await Promise.all(Array.from({ length: size }, freePort));
  const running: (ChildProcess | undefined)[] = [];
  const start = async (index: number) => {
    const file = join(folder, `${index}.conf`);
    const cluster = `cluster { name: boxer, listen: "127.0.0.1:${routes[index]}",
      routes: [${routes.map((port) => `"nats://127.0.0.1:${port}"`).join(', ')}] }`;
    writeFileSync(
      file,
      `server_name: n${index}\nlisten: "127.0.0.1:${ports[index]}"\n` +
        `jetstream { store_dir: "${join(folder, String(index))}", max_file_store: 1GB ` +
        `}\n${size > 1 ? cluster : ''}\n`,
    );
    running[index] = spawn('nats-server', ['-c', file], { stdio: 'ignore' });
  };
  const kill = async (index: number) => {
    const child = running[index];
    running[index] = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
  const bed: NatsBed = {
    servers: ports.map((port) => `127.0.0.1:${port}`),
    start,
    kill,
    freeze: (index) => void running[index]?.kill('SIGSTOP'),
    thaw: (index) => void running[index]?.kill('SIGCONT'),
    async close() {
      await Promise.all(ports.map((_, index) => kill(index)));
      rmSync(folder, { recursive: true, force: true });
    },
  };
  await Promise.all(ports.map((_, index) => start(index)));
  await ready(bed.servers, size);
  return bed;
}

/** Resolves when JetStream has a leader and `size` servers for copies. */
async function ready(servers: readonly string[], size: number): Promise<void> {
  const connection = await connect({
    servers: [...servers],
    waitOnFirstConnect: true,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 50,
  });
  try {
    const manager = await jetstreamManager(connection, { checkAPI: false });
    for (let attempt = 0; ; attempt += 1) {
      try {
        await manager.streams.add({ name: 'ready', subjects: ['ready'], num_replicas: size });
        await manager.streams.delete('ready');
        return;
      } catch (error) {
        if (attempt > 200) throw error;
        await delay(50);
      }
    }
  } finally {
    await connection.close();
  }
}
