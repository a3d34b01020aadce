import { buildSharedImage } from '../../lambda-local/testing/shared-image.ts';

/** Builds the images of test/images, unless they exist and are up to date. */
export async function buildTestImages(): Promise<void> {
  const context = new URL('../images/', import.meta.url).pathname;
  for (const target of ['tools', 'musl', 'empty'])
    await buildSharedImage({ tag: `boxer-test/${target}:1`, context, target });
}
