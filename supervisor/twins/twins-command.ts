import { text } from 'node:stream/consumers';
import { BoxerError } from '../published/boxer-error.ts';
import { MAX_WARM_SECONDS, twinsChange } from '../published/twins-change.ts';
import { changeTwins } from './change-twins.ts';

/** `boxer twins`: carries out the change on standard input. Throws BoxerError USAGE for an invalid change. */
export async function twinsCommand(): Promise<number> {
  const parsed = twinsChange.safeParse(JSON.parse(await text(process.stdin)));
  if (!parsed.success) throw new BoxerError('USAGE', 'standard input is not a valid change of twins');
  await changeTwins(parsed.data, AbortSignal.timeout(MAX_WARM_SECONDS * 1000));
  return 0;
}
