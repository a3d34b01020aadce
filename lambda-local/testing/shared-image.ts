import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';

/** An image that several test files use at once. */
export interface SharedImage {
  readonly tag: string;
  /** Folder that it is built from. */
  readonly context: string;
  readonly target?: string;
  readonly buildArgs?: Readonly<Record<string, string>>;
}

const INPUTS = 'io.boxer.test.inputs';

/** SHA-256 over the names and contents of a folder's files, and some texts. */
export function hashOfFolder(folder: string, ...texts: readonly string[]): string {
  const hash = createHash('sha256').update(JSON.stringify(texts));
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  for (const file of files.sort()) hash.update(`${file.slice(folder.length)}\n`).update(readFileSync(file));
  return hash.digest('hex');
}

/**
 * Builds an image unless the engine has it, made from the same. One process at a time does so for a tag: containerd's
 * image store refuses the second of two builds that load the same tag at once, with "already exists".
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
  // The shell's $0 is the image that must be there already, $1 what its label must say.
  const script = `[ "$(docker image inspect --format '${format}' "$0" 2>&1)" = "$1" ] || { shift; docker "$@"; }`;
  const lock = `/tmp/boxer-test-image-${tag.replaceAll(/[^\w.-]/g, '-')}.lock`;
  await execa('flock', [lock, 'sh', '-c', script, tag, hash, ...build]);
}
