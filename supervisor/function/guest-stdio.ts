import type { Readable } from 'node:stream';
import type { NotificationMessage } from '../control/message.ts';
import type { Session } from '../control/session.ts';
import type { StdioPipes } from '../guest/stdio-pipes.ts';
import { Signal, Stderr, Stdin, StdinEnd, Stdout } from '../protocol/stdio.ts';

/** A frame's body stays well below the frame limit. */
const MAX_CHUNK = 256 * 1024;

/** Sends a stream as frames; a full session stops the reading, and so, by its pipe, the guest. */
async function sendStream(
  stream: Readable,
  session: Session,
  message: NotificationMessage<Buffer>,
): Promise<void> {
  for await (const chunk of stream) {
    const bytes: Buffer = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk);
    for (let at = 0; at < bytes.length; at += MAX_CHUNK) {
      if (!session.notify(message, bytes.subarray(at, at + MAX_CHUNK))) await session.drained();
    }
  }
}

function asSignal(name: string): NodeJS.Signals | undefined {
  return /^SIG[A-Z0-9]+$/.test(name) ? (name as NodeJS.Signals) : undefined;
}

/** Where the phantom's signals go: what `deliver` is at the time. */
export interface SignalInlet {
  deliver: (signal: NodeJS.Signals) => void;
}

/** Hands the phantom's signals to `inlet`, from the first moment of the session. */
export function receiveSignals(session: Session, inlet: SignalInlet): void {
  session.onNotification(Signal, ({ signal: name }) => {
    const signal = asSignal(name);
    if (signal) inlet.deliver(signal);
  });
}

/** Connects the guest's three standard streams to the phantom; resolves when both outputs have ended. */
export async function connectGuestStdio(
  { stdin, stdout, stderr }: StdioPipes,
  session: Session,
): Promise<void> {
  stdin.on('error', () => undefined); // The guest closed its input; that is its right.
  session.onNotification(Stdin, (chunk) => {
    if (stdin.write(chunk) === false) {
      session.pause();
      stdin.once('drain', () => session.resume());
    }
  });
  session.onNotification(StdinEnd, () => stdin.end());
  await Promise.all([sendStream(stdout, session, Stdout), sendStream(stderr, session, Stderr)]);
}
