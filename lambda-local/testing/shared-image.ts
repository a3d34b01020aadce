import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';

/** An image that several test files use at the same time. */
export interface SharedImage {
  readonly tag: string;
  /** The folder from which it is built. */
  readonly context: string;
  readonly target?: string;
  readonly buildArgs?: Readonly<Record<string, string>>;
}

const INPUTS = 'io.boxer.test.inputs';

/** The SHA-256 hash of `texts` and of the names and contents of a folder's files. */
export function hashOfFolder(folder: string, ...texts: readonly string[]): string {
  const hash = createHash('sha256').update(JSON.stringify(texts));
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  for (const file of files.sort()) hash.update(`${file.slice(folder.length)}\n`).update(readFileSync(file));
  return hash.digest('hex');
}

/**
 * Builds an image, unless the engine already has it from the same files. Only one process at a time builds a
 * tag: if two builds load the same tag at the same time, containerd's image store refuses the second one with
 * "already exists".
 */
export async function buildSharedImage(image: SharedImage): Promise<void> {
  const { tag, context, target, buildArgs = {} } = image;
  const given = Object.entries(buildArgs).map(([name, value]) => `${name}=${value}`);
  const hash = hashOfFolder(context, target ?? '', ...given);
  const format = `{{index .Config.Labels "${INPUTS}"}}`;
  const build = [
    ...['buildx', 'build', '--quiet', '--load', '--label', `${INPUTS}=${hash}`, '--tag', tag],
    ...(target === undefined ? [] : ['--target', target]),
    ...given.flatMap((argument) => ['--build-arg', argument]),
    context,
  ];
  // In the shell, $0 is the tag of the image, and $1 the value that its label must have.
  const found = `$(docker image inspect --format '${format}' "$0" 2>&1)`;
  const script = `[ "${found}" = "$1" ] || { shift; docker "$@"; }`;
  const lock = `/tmp/boxer-test-image-${tag.replaceAll(/[^\w.-]/g, '-')}.lock`;
  await execa('flock', [lock, 'sh', '-c', script, tag, hash, ...build]);
}
