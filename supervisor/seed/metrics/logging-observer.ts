import type { Logger } from '../../log/logger.ts';
import type { SeedObserver } from './seed-observer.ts';

/**
 * Logs failures at a seed, to help find their cause. Refusals are part of normal operation, so all lines are
 * `debug`.
 */
export function loggingObserver(log: Logger, next: SeedObserver): SeedObserver {
  return {
    ...next,
    handshakeFailed(reason) {
      log.debug('connection refused', { reason });
      next.handshakeFailed(reason);
    },
    ended(reason) {
      if (reason !== 'closed') log.debug('connection closed', { reason });
      next.ended(reason);
    },
    throttled(ms) {
      log.debug('a peer sends too much', { pause: ms });
      next.throttled(ms);
    },
    served(type, ms, errno) {
      if (errno !== undefined) log.debug('request refused', { type, errno });
      next.served(type, ms, errno);
    },
  };
}
