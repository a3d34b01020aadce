import type { Logger } from '../../log/logger.ts';
import type { SeedObserver } from './seed-observer.ts';

/** Says what goes wrong at a seed, for who looks for a reason. Answers that say no are part of the day, so all of it is `debug`. */
export function loggingObserver(log: Logger, next: SeedObserver): SeedObserver {
  return {
    ...next,
    handshakeFailed(reason) {
      log.debug('connection turned away', { reason });
      next.handshakeFailed(reason);
    },
    ended(reason) {
      if (reason !== 'closed') log.debug('connection given up', { reason });
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
