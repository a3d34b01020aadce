import type { Readable } from 'node:stream';
import type { Session } from '../control/session.ts';
import { Stdin, StdinEnd } from '../protocol/stdio.ts';

/** The standard input of this container, which one guest has at a time. */
export interface Input {
  /**
   * Sends all further input to this guest. The guest has to run already, as nobody would read the input
   * before.
   */
  give(session: Session): void;
}

export function lendInput(source: Readable = process.stdin): Input {
  let taker: Session | undefined;
  let state: 'unread' | 'read' | 'ended' = 'unread';

  async function pass(): Promise<void> {
    state = 'read';
    try {
      for await (const chunk of source) {
        // The session of a guest that has ended takes nothing. Input that is read later goes to the next
        // guest.
        if (taker?.notify(Stdin, Buffer.from(chunk)) === false) await taker.drained().catch(() => undefined);
      }
    } catch {
      // An input that fails has ended, for the guest as well.
    }
    state = 'ended';
    taker?.notify(StdinEnd, {});
  }

  return {
    give(session) {
      taker = session;
      if (state === 'ended') session.notify(StdinEnd, {});
      else if (state === 'unread') void pass();
    },
  };
}
