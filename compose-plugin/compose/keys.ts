import { hkdfSync, randomBytes } from 'node:crypto';
import { chmodSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BoxerError } from '../../supervisor/published/boxer-error.ts';
import { errorCode } from '../engine/error-code.ts';

/** File of a service's key in the state folder; service names hold no slash. */
export const serviceKeyFile = (service: string) => `keys/${service}`;
/** File of the project key in the state folder. */
export const PROJECT_KEY_FILE = 'key';

/** File with the phantoms' credentials for Lambda in the state folder. */
export const AWS_CREDENTIALS = 'aws-credentials.json';

/**
 * Makes the project key if there is none, and the key of every boxed service.
 * @returns an id of the project key that reveals nothing about the key
 */
export function writeKeys(folder: string, services: readonly string[]): string {
  const key = projectKey(folder);
  const keys = join(folder, 'keys');
  mkdirSync(keys, { recursive: true, mode: 0o700 });
  for (const service of services) {
    const file = join(folder, serviceKeyFile(service));
    const derived = serviceKey(key, service).toString('hex');
    if (readIfThere(file) === derived) continue;
    // The file is written in place, because running containers have it mounted.
    writeFileSync(file, derived);
    // Every user of the container can read the file; on the host, the folder's mode keeps other users out.
    chmodSync(file, 0o644);
  }
  return keyId(key);
}

/** An id of the project key, derived with HKDF, so no key can be derived from the id. */
export function keyId(projectKey: Uint8Array): string {
  return Buffer.from(hkdfSync('sha256', projectKey, '', 'boxer key id', 8)).toString('hex');
}

/** Key of a service's containers, as `docs/control-network.md` derives it. */
export function serviceKey(projectKey: Uint8Array, service: string): Buffer {
  return Buffer.from(hkdfSync('sha256', projectKey, '', `boxer service ${service}`, 32));
}

/** @throws BoxerError KEY if the file does not hold a key */
function projectKey(folder: string): Buffer {
  const file = join(folder, PROJECT_KEY_FILE);
  const text = readIfThere(file) ?? createKey(file);
  if (!/^[0-9a-f]{64}\s*$/.test(text)) {
    throw new BoxerError('KEY', `${file} is not a key of 32 bytes in hex`, {
      hint: 'Run `docker boxer down`, delete the file, and start again: a new key is made.',
    });
  }
  return Buffer.from(text.trim(), 'hex');
}

/**
 * Creates the key file by link(), which fails if the file exists: two simultaneous first runs share one whole
 * key.
 */
function createKey(file: string): string {
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, randomBytes(32).toString('hex'), { mode: 0o600 });
  try {
    linkSync(draft, file);
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
  } finally {
    rmSync(draft);
  }
  return readFileSync(file, 'utf8');
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
