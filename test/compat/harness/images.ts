import { buildSharedImage } from '../../../lambda-local/testing/shared-image.ts';
import { run } from '../../lib/project.ts';

const CONTEXT = new URL('../images/', import.meta.url).pathname;

/** `core` is small and has what script/test needs; `programs` is everything. */
export type ImageName = 'core' | 'programs';

/** Builds an image of test/compat/images; quick when nothing changed. Rejects with what the build printed. */
export async function buildImage(name: ImageName): Promise<void> {
  await buildSharedImage({ tag: `boxer-compat/${name}:1`, context: CONTEXT, target: name });
}

// biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own placeholders
const QUERY = "dpkg-query --show --showformat '${Package} ${Version}\n'; cat /usr/local/lib/build-packages";

/**
 * Versions of all Debian packages that the programs come from or were built with, without Debian's own
 * additions. Rejects with the system's words.
 */
export async function packageVersions(): Promise<Map<string, string>> {
  const asked = await run('docker', ['run', '--rm', 'boxer-compat/programs:1', 'sh', '-c', QUERY]);
  if (asked.exitCode !== 0) throw new Error(asked.stderr);
  const versions = new Map<string, string>();
  for (const line of asked.stdout.split('\n')) {
    const [name = '', version = ''] = line.split(' ');
    if (!versions.has(name)) versions.set(name, version.replace(/^\d+:/, '').replace(/[+-].*/, ''));
  }
  return versions;
}
