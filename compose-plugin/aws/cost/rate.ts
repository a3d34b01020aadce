import type { Architecture } from '../../compose/settings.ts';
import type { Prices } from './prices.ts';

/** The properties of a function that decide its price: MB, MB, and the seconds after which it is renewed. */
export interface Shape {
  memorySize: number;
  ephemeralStorage: number;
  architecture: Architecture;
  timeout: number;
}

const FREE_STORAGE_MB = 512;

/**
 * Dollars for `seconds` of one replica: GB-seconds, /tmp beyond 512 MB, and one request for each function.
 */
export function replicaCost(shape: Shape, seconds: number, prices: Prices): number {
  const memory = (shape.memorySize / 1024) * prices.gbSecond[shape.architecture];
  const storage = (Math.max(0, shape.ephemeralStorage - FREE_STORAGE_MB) / 1024) * prices.storageGbSecond;
  return seconds * (memory + storage + prices.request / shape.timeout);
}
