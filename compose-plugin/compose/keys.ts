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
 * @returns what tells this project key from another and says nothing else of it
 */
export function writeKeys(folder: string, services: readonly string[]): string {
  const key = projectKey(folder);
  const keys = join(folder, 'keys');
  mkdirSync(keys, { recursive: true, mode: 0o700 });
  for (const service of services) {
    const file = join(folder, serviceKeyFile(service));
    const derived = serviceKey(key, service).toString('hex');
    if (readIfThere(file) === derived) continue;
    // In place: a running container has this very file mounted.
    writeFileSync(file, derived);
    // The container reads it as whatever user its image has; the folder above keeps others out.
    chmodSync(file, 0o644);
  }
  return keyId(key);
}

/** A value that is no key, derived as keys are: from it nothing follows for them. */
export function keyId(projectKey: Uint8Array): string {
  return Buffer.from(hkdfSync('sha256', projectKey, '', 'boxer key id', 8)).toString('hex');
}

/** Key of a service's containers, as `docs/control-network.md` derives it. */
export function serviceKey(projectKey: Uint8Array, service: string): Buffer {
  return Buffer.from(hkdfSync('sha256', projectKey, '', `boxer service ${service}`, 32));
}

/** @throws BoxerError KEY if the file holds something else */
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

/** By link, which fails where the name is taken: two first runs at once end up with one key, and a whole one. */
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
