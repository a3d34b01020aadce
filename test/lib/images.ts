import { execa } from 'execa';

/** Builds the images of test/images; quick when nothing changed. */
export async function buildTestImages(): Promise<void> {
  const context = new URL('../images/', import.meta.url).pathname;
  for (const target of ['tools', 'musl', 'empty'])
    await execa('docker', [
      'buildx',
      'build',
      '--quiet',
      '--load',
      '--target',
      target,
      '--tag',
      `boxer-test/${target}:1`,
      context,
    ]);
}
