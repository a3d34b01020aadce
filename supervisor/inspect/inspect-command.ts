import { text } from 'node:stream/consumers';
import { ownEnvironment } from '../guest/own-environment.ts';
import { BoxerError } from '../published/boxer-error.ts';
import { imageQuestion } from '../published/image-report.ts';
import { inspectImage } from './inspect-image.ts';

/**
 * `boxer inspect`: answers the question on standard input, as JSON. Throws BoxerError USAGE for an invalid
 * question.
 */
export async function inspectCommand(): Promise<number> {
  const parsed = imageQuestion.safeParse(JSON.parse(await text(process.stdin)));
  if (!parsed.success) throw new BoxerError('USAGE', 'standard input is not a valid question about an image');
  process.stdout.write(`${JSON.stringify(inspectImage({ path: ownEnvironment().PATH, ...parsed.data }))}\n`);
  return 0;
}
