import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { freePort } from '../../../supervisor/network/relay/socket-testbed.ts';
import { eventually } from '../../lib/project.ts';

/** Debian's docker-registry on loopback, which requires the password. */
export interface Registry {
  readonly host: string;
  readonly user: string;
  readonly password: string;
  /** Sends a GET request for a path below /v2/, with the password. */
  get(path: string, accept?: string): Promise<Response>;
  stop(): Promise<void>;
}

const USER = 'AWS';

/** Starts a registry with an empty storage. */
export async function startRegistry(): Promise<Registry> {
  const folder = mkdtempSync(join(tmpdir(), 'boxer-registry-'));
  const password = randomBytes(24).toString('base64url');
  const { stdout: htpasswd } = await execa('htpasswd', ['-Bni', '-C', '5', USER], { input: password });
  writeFileSync(join(folder, 'htpasswd'), `${htpasswd}\n`);
  const port = await freePort();
  const host = `127.0.0.1:${port}`;
  const config = {
    version: '0.1',
    log: { level: 'error', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: join(folder, 'data') } },
    http: { addr: host, secret: randomBytes(16).toString('hex') },
    auth: { htpasswd: { realm: 'test', path: join(folder, 'htpasswd') } },
  };
  writeFileSync(join(folder, 'config.yml'), JSON.stringify(config));
  const child = execa('docker-registry', ['serve', join(folder, 'config.yml')], {
    reject: false,
    buffer: false,
  });
  await eventually('the registry listens', () => listens(port));
  const authorization = `Basic ${Buffer.from(`${USER}:${password}`).toString('base64')}`;
  return {
    host,
    user: USER,
    password,
    get: (path, accept = 'application/json') =>
      fetch(`http://${host}/v2/${path}`, { headers: { authorization, accept } }),
    stop: async () => {
      child.kill('SIGTERM');
      await child;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function listens(port: number): Promise<true | undefined> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(undefined));
  });
}
