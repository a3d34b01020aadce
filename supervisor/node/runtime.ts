import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BoxerError } from '../published/boxer-error.ts';
import { CONFIG_VARIABLE, KEY_FILE, STORE_CREDENTIALS_FILE } from '../published/node-config.ts';
import { type Addon, loadAddon } from '../service/addon.ts';

/**
 * The process monitor, by a link in a folder whose name contains `libasan.so`. A program that is linked to
 * the shared address sanitizer refuses to start unless the path of the first library contains `libasan.so`:
 * any other library could intercept memory calls before the sanitizer. The monitor does not intercept them.
 */
const LIBRARY = 'beside-libasan.so/libboxer.so';

/** The parts of `/opt/boxer` that a supervisor uses. */
export interface Runtime {
  readonly addon: Addon;
  /** Path of the process monitor. */
  readonly library: string;
}

/** `directory` is the one that the bundle stands in, `/opt/boxer/lib`. */
export function loadRuntime(directory: string): Runtime {
  return { addon: loadAddon(join(directory, 'boxer.node')), library: join(directory, LIBRARY) };
}

/** Parses the configuration that the rewrite put into the environment. Throws BoxerError CONFIG. */
export function readConfig<T>(schema: { parse(value: unknown): T }): T {
  const text = process.env[CONFIG_VARIABLE];
  const hint =
    'containers of docker boxer are started by docker boxer up, or by docker compose after docker boxer link';
  if (text === undefined)
    throw new BoxerError('CONFIG', `the variable ${CONFIG_VARIABLE} is not set`, { hint });
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw new BoxerError('CONFIG', `the variable ${CONFIG_VARIABLE} is not a configuration of this version`, {
      hint,
      cause,
    });
  }
}

/** Reads the container's key, 32 bytes from hex. Throws BoxerError KEY. */
export function readKey(): Buffer {
  const hint = 'docker boxer up writes it; was .boxer removed while the project was running?';
  let text: string;
  try {
    text = readFileSync(KEY_FILE, 'latin1').trim();
  } catch (cause) {
    throw new BoxerError('KEY', `the key ${KEY_FILE} cannot be read`, { hint, cause });
  }
  if (!/^[0-9a-f]{64}$/.test(text))
    throw new BoxerError('KEY', `the key ${KEY_FILE} is not 32 bytes in hex`, { hint });
  return Buffer.from(text, 'hex');
}

/**
 * The seed's credentials for the servers of its store; undefined: none are configured. Throws BoxerError KEY.
 */
export function readStoreCredentials(): string | undefined {
  if (!existsSync(STORE_CREDENTIALS_FILE)) return undefined;
  try {
    return readFileSync(STORE_CREDENTIALS_FILE, 'utf8');
  } catch (cause) {
    throw new BoxerError('KEY', `the credentials ${STORE_CREDENTIALS_FILE} cannot be read`, { cause });
  }
}
