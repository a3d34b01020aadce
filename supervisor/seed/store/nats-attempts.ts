import { setTimeout as delay } from 'node:timers/promises';
import { JetStreamApiCodes, JetStreamApiError } from '@nats-io/jetstream';
import { ControlError, codeOf } from '../../control/control-error.ts';
import { messageOf } from '../../published/message-of.ts';

/**
 * How long a call goes on trying while the servers elect a leader or are away, ms. It is less than the time
 * that a node has for its join.
 */
export const PATIENCE = 3000;
/** The pause between two attempts, ms. */
export const RETRY = 100;
/** How long a store may take to open, ms. A server that was away rejoins its cluster after some seconds. */
const OPEN_PATIENCE = 10_000;

/**
 * Repeats an action while the servers elect a leader or are away. Rejects with ControlError EAGAIN when they
 * are away for too long or the store has closed, and EIO when they refuse. Conflicts are passed on.
 */
export async function attempt<T>(closed: AbortSignal, action: () => Promise<T>): Promise<T> {
  const until = Date.now() + PATIENCE;
  for (;;) {
    if (closed.aborted) throw new ControlError('EAGAIN', 'the store is closed');
    try {
      return await bounded(action, until);
    } catch (error) {
      if (isConflict(error) || codeOf(error) === 'EBADMSG') throw error;
      const why = messageOf(error);
      if (error instanceof JetStreamApiError && !isPassing(error))
        throw new ControlError('EIO', `the store refuses: ${why}`, { cause: error });
      if (Date.now() + RETRY >= until)
        throw new ControlError('EAGAIN', `the store is away: ${why}`, { cause: error });
      await delay(RETRY);
    }
  }
}

/** Retries for a while, as the servers may be electing a leader. */
export async function openPatiently<T>(open: () => Promise<T>): Promise<T> {
  const until = Date.now() + OPEN_PATIENCE;
  for (;;) {
    try {
      return await open();
    } catch (error) {
      const lasting = error instanceof JetStreamApiError && !isPassing(error);
      if (lasting || Date.now() >= until) throw error;
      await delay(RETRY);
    }
  }
}

/** Limits an action, as the client waits for a lost connection to return and has no overall time limit. */
async function bounded<T>(action: () => Promise<T>, until: number): Promise<T> {
  const limit = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => limit.reject(new Error('no answer in time')),
    Math.max(1, until - Date.now()),
  );
  try {
    return await Promise.race([action(), limit.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Whether a key is at another revision than expected. */
export function isConflict(error: unknown): boolean {
  return (
    error instanceof JetStreamApiError &&
    (error.code === JetStreamApiCodes.StreamWrongLastSequence ||
      error.code === JetStreamApiCodes.StreamWrongLastSequenceUnknown)
  );
}

/**
 * The error code for a message that is still being written, after the answer to its first attempt was lost.
 */
const IN_PROCESS = 10_201;

/**
 * Whether the error is temporary, such as 503: there is no leader at the moment, or a server of the cluster
 * is away.
 */
function isPassing(error: JetStreamApiError): boolean {
  return (
    error.status >= 500 ||
    error.code === IN_PROCESS ||
    /in process|peer offline|miscellaneous issue/.test(error.message)
  );
}
