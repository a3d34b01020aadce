import { constants } from 'node:os';
import type { NodeConfig } from '../../../supervisor/published/node-config.ts';
import type { ImageFacts } from '../../engine/images.ts';
import type { Service } from '../model.ts';
import type { ServiceSettings } from '../settings.ts';
import { durationOf } from '../units.ts';

/** Docker's default stop grace period, seconds. */
const GRACE_PERIOD = 10;
/** Beside the grace period: for a function to start, its guest to come up, and another attempt. */
const TO_START = 60;

/** How the phantom renews its functions; undefined: no renewal. */
export function renewalOf(
  service: Service,
  image: Pick<ImageFacts, 'stopSignal'>,
  { renewal }: Pick<ServiceSettings, 'renewal'>,
): NodeConfig['renewal'] {
  if (renewal === undefined) return undefined;
  const { lifetime } = renewal;
  const stopGracePeriod = durationOf(service.stop_grace_period ?? '') ?? GRACE_PERIOD;
  const before = renewal.before ?? Math.min(lifetime / 2, TO_START + stopGracePeriod);
  return {
    lifetime,
    before,
    stopSignal: stopSignalOf(service.stop_signal, image.stopSignal),
    stopGracePeriod,
  };
}

/**
 * The name of the stop signal. Docker accepts `SIGINT`, `INT` and `2`; any other form counts as SIGTERM here.
 */
function stopSignalOf(...wishes: (string | undefined)[]): string {
  for (const wish of wishes) {
    if (!wish) continue;
    const numbers: Readonly<Record<string, number>> = constants.signals;
    const name = `SIG${wish.toUpperCase().replace(/^SIG/, '')}`;
    if (name in numbers) return name;
    const found = Object.keys(numbers).find((key) => numbers[key] === Number(wish));
    if (found) return found;
  }
  return 'SIGTERM';
}
