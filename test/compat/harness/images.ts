import { run } from '../../lib/project.ts';

const CONTEXT = new URL('../images/', import.meta.url).pathname;

/** `core` is small and has what script/test needs; `programs` is everything. */
export type ImageName = 'core' | 'programs';

/** Builds an image of test/compat/images; quick when nothing changed. Rejects with what the build printed. */
export async function buildImage(name: ImageName): Promise<void> {
  const tag = `boxer-compat/${name}:1`;
  const args = ['buildx', 'build', '--quiet', '--load', '--target', name, '--tag', tag, CONTEXT];
  const built = await run('docker', args);
  if (built.exitCode !== 0) throw new Error(`${tag} cannot be built:\n${built.all}`);
}

/** Versions of Debian packages as the image has them, without Debian's own additions. Rejects where one is missing. */
export async function packageVersions(packages: readonly string[]): Promise<Map<string, string>> {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own placeholders
  const query = ['dpkg-query', '--show', '--showformat', '${Package} ${Version}\n', ...packages];
  const asked = await run('docker', ['run', '--rm', 'boxer-compat/programs:1', ...query]);
  if (asked.exitCode !== 0) throw new Error(asked.stderr);
  return new Map(
    asked.stdout.split('\n').map((line) => {
      const [name = '', version = ''] = line.split(' ');
      return [name, version.replace(/^\d+:/, '').replace(/[+-].*/, '')];
    }),
  );
}
