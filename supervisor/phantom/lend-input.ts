import type { Readable } from 'node:stream';
import { MessageType } from '../control/message-type.ts';
import type { Session } from '../control/session.ts';

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
        if (taker?.notify(MessageType.stdin, Buffer.from(chunk)) === false)
          await taker.drained().catch(() => undefined);
      }
    } catch {
      // An input that fails has ended, for the guest as well.
    }
    state = 'ended';
    taker?.notify(MessageType.stdinEnd, {});
  }

  return {
    give(session) {
      taker = session;
      if (state === 'ended') session.notify(MessageType.stdinEnd, {});
      else if (state === 'unread') void pass();
    },
  };
}
