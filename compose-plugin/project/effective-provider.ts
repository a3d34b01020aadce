import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BoxerError } from '../../supervisor/published/boxer-error.ts';
import { isProviderName, namesInWords, type ProviderName } from '../compose/provider-names.ts';
import type { Work } from './work.ts';

/** Verbs that take the provider from the compose file; all other verbs use that of the last `up`. */
const deciding = ['up', 'create', 'plan', 'build', 'push', 'iam'];

/** Verbs that accept `--provider`, and otherwise use the provider of the last `up`. */
const asking = ['probe', 'doctor'];

/** File in the state folder with the `--provider` of the last `up`. */
export const PROVIDER_NOTE = 'provider';

const noteOf = (folder: string) => join(folder, PROVIDER_NOTE);

/**
 * The provider of this call: `--provider`, else for verbs that follow an `up` the provider of that `up`, else
 * the provider of the compose file.
 * @throws BoxerError USAGE for an unknown provider
 */
export function effectiveProvider({ invocation, project }: Work, written: ProviderName): ProviderName {
  // After `run` and `exec`, `--provider` could be a flag of the guest.
  const decides = deciding.includes(invocation.verb ?? '');
  const asks = asking.includes(invocation.verb ?? '');
  const given = decides || asks ? providerFlag(invocation.args) : undefined;
  if (given !== undefined && isProviderName(given)) return given;
  if (given !== undefined) {
    throw new BoxerError('USAGE', `--provider must be ${namesInWords}, and is ${JSON.stringify(given)}`);
  }
  if (decides) return written;
  const noted = readNote(project.folder);
  return noted !== undefined && isProviderName(noted) ? noted : written;
}

/** Keeps `--provider` of an `up` for the verbs that follow it. */
export function noteProvider({ invocation, project }: Work): void {
  if (invocation.verb !== 'up' && invocation.verb !== 'create') return;
  const given = providerFlag(invocation.args);
  if (given === undefined) rmSync(noteOf(project.folder), { force: true });
  else writeFileSync(noteOf(project.folder), given);
}

/** Value of `--provider` before any `--`. */
function providerFlag(args: readonly string[]): string | undefined {
  const end = args.indexOf('--');
  const own = args.slice(0, end < 0 ? args.length : end);
  const joined = own.findLast((arg) => arg.startsWith('--provider='));
  if (joined !== undefined) return joined.slice('--provider='.length);
  const at = own.lastIndexOf('--provider');
  return at < 0 ? undefined : (own[at + 1] ?? '');
}

function readNote(folder: string): string | undefined {
  try {
    return readFileSync(noteOf(folder), 'utf8').trim();
  } catch {
    return undefined;
  }
}
