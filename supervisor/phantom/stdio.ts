import type { Writable } from 'node:stream';
import type { Session } from '../control/session.ts';
import type { ExitStatus } from '../guest/exit-status.ts';
import { exitMessage, Stdio } from './stdio-messages.ts';

/** Prints one of the guest's streams as our own; while the reader of our output is slow, the session is not read. */
function printStream(session: Session, type: number, output: Writable): void {
  session.onNotification(type, (body) => {
    if (!Buffer.isBuffer(body) || output.write(body)) return;
    session.pause();
    output.once('drain', () => session.resume());
  });
}

/** Sends our standard input to the guest. */
async function sendInput(session: Session): Promise<void> {
  for await (const chunk of process.stdin) {
    if (!session.notify(Stdio.stdin, Buffer.from(chunk))) await session.drained();
  }
  session.notify(Stdio.stdinEnd, {});
}

/** Lends our standard streams to the guest; resolves with how it ended, or undefined when the function went without a word. */
export function lendStdio(session: Session): Promise<ExitStatus | undefined> {
  printStream(session, Stdio.stdout, process.stdout);
  printStream(session, Stdio.stderr, process.stderr);
  sendInput(session).catch(() => session.notify(Stdio.stdinEnd, {}));
  return new Promise((resolve) => {
    session.onNotification(Stdio.exit, (body) => resolve(exitMessage.safeParse(body).data));
    void session.closed.then(() => resolve(undefined));
  });
}
