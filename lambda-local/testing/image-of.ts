import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { FUNCTION } from './test-lambda.ts';

/** Builds `tag` from the image of the tests' function and some lines of a Dockerfile. */
export async function buildImageOf(tag: string, ...lines: readonly string[]): Promise<void> {
  const input = dockerfileOf(lines);
  await execa('docker', ['buildx', 'build', '--quiet', '--load', '--tag', tag, '-'], { input });
}

/**
 * Builds several images like {@link buildImageOf}, by one start of the builder. The images are lines of a
 * Dockerfile by tag.
 */
export async function buildImagesOf(images: ReadonlyMap<string, readonly string[]>): Promise<void> {
  const context = await mkdtemp(join(tmpdir(), 'boxer-images-'));
  const targets = [...images].map(([tag, lines], index) => {
    // Bake would replace `${...}` by a variable of its own.
    const dockerfile = dockerfileOf(lines).replaceAll(/\$\{/g, () => '$${');
    return [`image-${index}`, { context: '.', 'dockerfile-inline': dockerfile, tags: [tag] }] as const;
  });
  const input = JSON.stringify({
    group: { default: { targets: targets.map(([name]) => name) } },
    target: Object.fromEntries(targets),
  });
  try {
    await execa('docker', ['buildx', 'bake', '--load', '--file', '-'], { cwd: context, input });
  } finally {
    await rm(context, { recursive: true });
  }
}

const dockerfileOf = (lines: readonly string[]) => [`FROM ${FUNCTION}`, ...lines, ''].join('\n');
