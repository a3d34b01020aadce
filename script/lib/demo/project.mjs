import { execFile, spawn } from 'node:child_process';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { get } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Untrue } from './timeline.mjs';

const SAMPLE = fileURLToPath(new URL('../../../samples/quickstart', import.meta.url));

const freePort = () =>
  new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

/** A copy of the sample in a folder of its own: the checkout stays as it is, whatever happens. */
export const createProject = async (name) => {
  const directory = await mkdtemp(join(tmpdir(), `${name}-`));
  await cp(SAMPLE, directory, { recursive: true });
  const port = Number(process.env.QUICKSTART_PORT || (await freePort()));
  // The caller's own Compose settings are for the caller's own project.
  const { COMPOSE_FILE: _, COMPOSE_PROFILES: __, ...inherited } = process.env;
  const env = { ...inherited, COMPOSE_PROJECT_NAME: name, QUICKSTART_PORT: String(port) };
  const options = { cwd: directory, env, maxBuffer: 1 << 26 };

  /** Runs `docker ARGS`; gives its stdout, throws Untrue with its stderr if it fails. */
  const docker = (...args) =>
    new Promise((resolve, reject) => {
      execFile('docker', args, options, (error, stdout, stderr) => {
        if (!error) return resolve(stdout.trim());
        reject(new Untrue(`docker ${args.join(' ')}: ${stderr.trim() || stdout.trim() || error.message}`));
      });
    });

  /** One request through nginx, on a connection of its own. */
  const request = () =>
    new Promise((resolve, reject) => {
      const began = performance.now();
      const fail = (reason) => reject(new Untrue(`GET http://127.0.0.1:${port}/: ${reason}`));
      get({ host: '127.0.0.1', port, agent: false, timeout: 10_000 }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part) => {
          text += part;
        });
        response.on('end', () => {
          if (response.statusCode !== 200) return fail(`status ${response.statusCode}`);
          resolve({ ...JSON.parse(text), took: performance.now() - began });
        });
      })
        .on('timeout', function onTimeout() {
          this.destroy(new Error('no answer within 10 s'));
        })
        .on('error', (error) => fail(error.message));
    });

  return {
    name,
    port,
    docker,
    request,
    boxer: (...args) => docker('boxer', ...args),
    compose: (...args) => docker('compose', ...args),
    /** Lines of a following command until `stop` is called. */
    follow: (args, onLine) => {
      const child = spawn('docker', args, { ...options, stdio: ['ignore', 'pipe', 'ignore'] });
      createInterface(child.stdout).on('line', onLine);
      return { stop: () => child.kill() };
    },
    /** JSON of a docker command that prints one object a line, or one array. */
    list: async (...args) => {
      const text = await docker(...args);
      return text.startsWith('[') ? JSON.parse(text) : text.split('\n').filter(Boolean).map(JSON.parse);
    },
    remove: () => rm(directory, { recursive: true, force: true }),
  };
};

/** Calls `probe` until it gives something; for what Docker has no event for. */
export const until = async (what, limit, probe) => {
  const end = performance.now() + limit * 1000;
  for (;;) {
    const found = await probe();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > end) throw new Untrue(`not within ${limit} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};
