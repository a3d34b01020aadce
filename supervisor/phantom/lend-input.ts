import type { Readable } from 'node:stream';
import type { Session } from '../control/session.ts';
import { Stdin, StdinEnd } from '../protocol/stdio.ts';

/** Our standard input, which one guest has at a time. */
export interface Input {
  /** What comes from now on is this guest's, which runs already: before, nobody would take it. */
  give(session: Session): void;
}

export function lendInput(source: Readable = process.stdin): Input {
  let taker: Session | undefined;
  let state: 'unread' | 'read' | 'ended' = 'unread';

  async function pass(): Promise<void> {
    state = 'read';
    try {
      for await (const chunk of source) {
        // The session of a guest that has gone takes nothing; the next one gets what is read then.
        if (taker?.notify(Stdin, Buffer.from(chunk)) === false) await taker.drained().catch(() => undefined);
      }
    } catch {
      // An input that fails has ended for the guest, too.
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
