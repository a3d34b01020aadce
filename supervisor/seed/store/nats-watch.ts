import { setTimeout as delay } from 'node:timers/promises';
import { RETRY } from './nats-attempts.ts';
import type { Following } from './nats-follow.ts';
import type { Change } from './store.ts';

type Listener = (change: Change) => void;

/** Begins to report the present keys of a kind and their changes. Rejects when the servers are away. */
export type Follow = (onChange: Listener) => Promise<Following>;

/**
 * Calls `listener` with the present keys and with each change until `stop` aborts, also after the servers
 * have lost the watch. Resolves when the present keys have been reported; rejects with the error of the first
 * `follow`.
 */
export async function watchKind(follow: Follow, listener: Listener, stop: AbortSignal): Promise<void> {
  /** The revisions of the keys that the listener knows. */
  const told = new Map<string, number>();
  const tell = (change: Change) => {
    if (stop.aborted) return;
    if (change.value === undefined ? !told.delete(change.key) : told.get(change.key) === change.revision)
      return;
    if (change.value !== undefined) told.set(change.key, change.revision);
    listener(change);
  };
  const { ended } = await followOnce(follow, told, tell, stop);
  void keepFollowing(follow, told, tell, stop, ended);
}

/** Follows a kind again whenever the servers have lost the watch. */
async function keepFollowing(
  follow: Follow,
  told: ReadonlyMap<string, number>,
  tell: Listener,
  stop: AbortSignal,
  first: Promise<void>,
): Promise<void> {
  for (let ended = first; ; ) {
    await ended;
    if (stop.aborted) return;
    const next = await followOnce(follow, told, tell, stop).catch(() => undefined);
    ended = next?.ended ?? delay(RETRY);
  }
}

/** Resolves when the present keys have been reported. */
async function followOnce(
  follow: Follow,
  told: ReadonlyMap<string, number>,
  tell: Listener,
  stop: AbortSignal,
): Promise<{ readonly ended: Promise<void> }> {
  const present = new Set<string>();
  const following = await follow((change) => {
    if (change.value !== undefined) present.add(change.key);
    tell(change);
  });
  stop.addEventListener('abort', following.stop, { once: true });
  if (stop.aborted) following.stop();
  await Promise.race([following.snapshot, following.ended]);
  // Reports the keys that were removed while there was no watch.
  if (!stop.aborted && !following.over())
    for (const [key, revision] of [...told])
      if (!present.has(key)) tell({ key, value: undefined, revision: revision + 1 });
  const ended = following.ended.finally(() => stop.removeEventListener('abort', following.stop));
  return { ended };
}
