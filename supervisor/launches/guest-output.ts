import type { Writable } from 'node:stream';
import type { NotificationMessage } from '../control/message.ts';
import type { Session } from '../control/session.ts';
import type { ExitStatus } from '../guest/exit-status.ts';
import type { Logger } from '../log/logger.ts';
import { Exit, Log, type LogLevel, Started, Stderr, Stdout } from '../protocol/stdio.ts';

/**
 * Writes one of the guest's streams to `output`. While the reader of `output` is slow, the session is not
 * read.
 */
function printStream(session: Session, message: NotificationMessage<Buffer>, output: Writable): void {
  session.onNotification(message, (chunk) => {
    if (output.write(chunk)) return;
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

/**
 * Copies the guest's output to the standard output and the standard error of this process, and the lines of
 * the function's supervisor to `log`.
 */
export function printGuestOutput(session: Session, log: Pick<Logger, LogLevel>): GuestLife {
  session.onNotification(Log, ({ level, message }) => log[level](message));
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
