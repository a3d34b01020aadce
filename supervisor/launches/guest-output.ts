import type { Writable } from 'node:stream';
import { MessageType } from '../control/message-type.ts';
import type { Session } from '../control/session.ts';
import type { ExitStatus } from '../guest/exit-status.ts';
import { exitMessage } from './stdio-messages.ts';

/** Writes one of the guest's streams to `output`. While the reader of `output` is slow, the session is not read. */
function printStream(session: Session, type: number, output: Writable): void {
  session.onNotification(type, (body) => {
    if (!Buffer.isBuffer(body) || output.write(body)) return;
    session.pause();
    output.once('drain', () => session.resume());
  });
}

/** The life of a guest, as its function reports it. */
export interface GuestLife {
  /** Resolves when the guest runs. */
  readonly started: Promise<void>;
  /** How the guest ended; undefined when the function disappeared without reporting it. */
  readonly exit: Promise<ExitStatus | undefined>;
}

/** Copies the guest's output to the standard output and the standard error of this process. */
export function printGuestOutput(session: Session): GuestLife {
  printStream(session, MessageType.stdout, process.stdout);
  printStream(session, MessageType.stderr, process.stderr);
  return {
    started: new Promise((resolve) => session.onNotification(MessageType.started, () => resolve())),
    exit: new Promise((resolve) => {
      session.onNotification(MessageType.exit, (body) => resolve(exitMessage.safeParse(body).data));
      void session.closed.then(() => resolve(undefined));
    }),
  };
}
