import type { Readable, Writable } from 'node:stream';
import type { NotificationMessage } from '../control/message.ts';
import type { Session } from '../control/session.ts';
import type { ExitStatus } from '../guest/exit-status.ts';
import { Exit, Started, Stderr, Stdin, StdinEnd, Stdout } from '../protocol/stdio.ts';

/** Prints one of the guest's streams as our own; while the reader of our output is slow, the session is not read. */
function printStream(session: Session, message: NotificationMessage<Buffer>, output: Writable): void {
  session.onNotification(message, (chunk) => {
    if (output.write(chunk)) return;
    session.pause();
    output.once('drain', () => session.resume());
  });
}

/** What a guest comes to. */
export interface GuestLife {
  /** Resolves when it runs. */
  readonly started: Promise<void>;
  /** How it ended, or undefined when the function went without a word. */
  readonly exit: Promise<ExitStatus | undefined>;
}

/** Prints what the guest prints. */
export function printGuest(session: Session): GuestLife {
  printStream(session, Stdout, process.stdout);
  printStream(session, Stderr, process.stderr);
  return {
    started: new Promise((resolve) => session.onNotification(Started, () => resolve())),
    exit: new Promise((resolve) => {
      session.onNotification(Exit, resolve);
      void session.closed.then(() => resolve(undefined));
    }),
  };
}

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
