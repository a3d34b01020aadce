import type { Architecture } from '../../compose/settings.ts';

/** Prices in US dollars. */
export interface Prices {
  /** per GB-second, of the first tier */
  gbSecond: Readonly<Record<Architecture, number>>;
  /** per GB-second of /tmp beyond the first 512 MB */
  storageGbSecond: number;
  /** per request */
  request: number;
  /** per GB-month in ECR */
  ecrGbMonth: number;
}

/**
 * When the figures below were read from https://aws.amazon.com/lambda/pricing/ and
 * https://aws.amazon.com/ecr/pricing/.
 */
export const PRICES_DATE = '2026-11';

const first: Prices = {
  gbSecond: { x86_64: 0.0000166667, arm64: 0.0000133334 },
  storageGbSecond: 0.0000000309,
  request: 0.0000002,
  ecrGbMonth: 0.1,
};

/** Regions whose prices have been looked up. */
const regions: Readonly<Record<string, Prices>> = {
  'us-east-1': first,
  'us-east-2': first,
  'us-west-2': first,
};

/** The region whose prices are used for regions that are not in the table. */
export const REFERENCE_REGION = 'us-east-1';

/** The prices of a region; `exact` is false if the reference region's prices are used instead. */
export function pricesOf(region: string): { prices: Prices; exact: boolean } {
  const found = Object.hasOwn(regions, region) ? regions[region] : undefined;
  return { prices: found ?? first, exact: found !== undefined };
}
