import { execa } from 'execa';
import { FUNCTION } from './test-lambda.ts';

/** Builds `tag` from the image of the tests' function and some lines of a Dockerfile. */
export async function buildImageOf(tag: string, ...lines: readonly string[]): Promise<void> {
  const input = [`FROM ${FUNCTION}`, ...lines, ''].join('\n');
  await execa('docker', ['buildx', 'build', '--quiet', '--load', '--tag', tag, '-'], { input });
}
