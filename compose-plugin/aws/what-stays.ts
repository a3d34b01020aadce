import { pricesOf } from './cost/prices.ts';
import { dollars, megabytesOf } from './cost/show.ts';
import type { Made } from './made.ts';

/** Names the resources that `down` leaves in the account, and their cost. */
export function whatStays({ region, repository, bytes, functions }: Made): string {
  const month = (bytes / 2 ** 30) * pricesOf(region).prices.ecrGbMonth;
  return [
    `What stays in AWS (${region}): ${functions.join(', ') || 'no function'}, which cost nothing ` +
      `while nothing runs;`,
    `the repository ${repository} with ${megabytesOf(bytes)}, about ${dollars(month)} USD a month.`,
    '`docker boxer down --functions` removes them.',
  ].join('\n  ');
}
