import type { Writable } from 'node:stream';
import { MessageType } from '../control/message-type.ts';
import type { Session } from '../control/session.ts';
import type { ExitStatus } from '../guest/exit-status.ts';
import { exitMessage } from './stdio-messages.ts';

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
    if (!session.notify(MessageType.stdin, Buffer.from(chunk))) await session.drained();
  }
  session.notify(MessageType.stdinEnd, {});
}

/** Lends our standard streams to the guest; resolves with how it ended, or undefined when the function went without a word. */
export function lendStdio(session: Session): Promise<ExitStatus | undefined> {
  printStream(session, MessageType.stdout, process.stdout);
  printStream(session, MessageType.stderr, process.stderr);
  // Not before there is a guest: nobody would take it.
  session.onNotification(MessageType.started, () => {
    sendInput(session).catch(() => session.notify(MessageType.stdinEnd, {}));
  });
  return new Promise((resolve) => {
    session.onNotification(MessageType.exit, (body) => resolve(exitMessage.safeParse(body).data));
    void session.closed.then(() => resolve(undefined));
  });
}
