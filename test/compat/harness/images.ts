import { buildSharedImage } from '../../../lambda-local/testing/shared-image.ts';
import { run } from '../../lib/project.ts';

const CONTEXT = new URL('../images/', import.meta.url).pathname;

/** `core` has the programs that script/test runs; `programs` has those of script/compat, which are all. */
export type ImageName = 'core' | 'programs';

/** Builds an image of test/compat/images unless it is up to date. Rejects with the output of the build. */
export async function buildImage(name: ImageName): Promise<void> {
  await buildSharedImage({ tag: `boxer-compat/${name}:1`, context: CONTEXT, target: name });
}

// biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own placeholders
const QUERY = "dpkg-query --show --showformat '${Package} ${Version}\n'; cat /usr/local/lib/build-packages";

/**
 * The versions of the Debian packages that contain the programs or that built them, by name, without Debian's
 * epochs and revisions. Rejects with the stderr of the query.
 */
export async function packageVersions(): Promise<Map<string, string>> {
  const listed = await run('docker', ['run', '--rm', 'boxer-compat/programs:1', 'sh', '-c', QUERY]);
  if (listed.exitCode !== 0) throw new Error(listed.stderr);
  const versions = new Map<string, string>();
  for (const line of listed.stdout.split('\n')) {
    const [name = '', version = ''] = line.split(' ');
    if (!versions.has(name)) versions.set(name, version.replace(/^\d+:/, '').replace(/[+-].*/, ''));
  }
  return versions;
}
