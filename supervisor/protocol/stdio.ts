import { bytes, type Nothing, nothing, notification } from '../control/message.ts';
import { type Fields, fieldsOf, invalid, textAt } from './fields.ts';

/** Messages between a function and its phantom. A phantom may also send `introduce` over this connection. */

/** How a guest ended: either `code` or `signal` is set. */
export interface Exited {
  readonly code: number | null;
  readonly signal: string | null;
}

function numberOrNullAt(fields: Fields, key: string): number | null {
  const value = fields[key];
  if (value === null || typeof value === 'number') return value;
  throw invalid(key, 'a number or null');
}

export const Claim = notification<Nothing>({
  number: 39,
  name: 'claim',
  from: 'function',
  body: '{}',
  about:
    'The seed has given the launch to this function. The same event may have been delivered twice; the ' +
    'phantom listens to the function that sends this, and closes the others.',
  parse: nothing,
});

export const Started = notification<{ readonly pid?: number | undefined }>({
  number: 38,
  name: 'started',
  from: 'function',
  body: '{pid}',
  about: 'The guest runs.',
  parse: nothing,
});

export const Stdout = bytes({
  number: 32,
  name: 'stdout',
  from: 'function',
  about: 'What the guest prints.',
});

export const Stderr = bytes({
  number: 33,
  name: 'stderr',
  from: 'function',
  about: 'What the guest prints as errors.',
});

const LOG_LEVELS = ['info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Longer than any line that a supervisor writes. */
export const MAX_LOG_LINE = 8192;

export const Log = notification<{ readonly level: LogLevel; readonly message: string }>({
  number: 43,
  name: 'log',
  from: 'function',
  body: "{level: 'info' | 'warn' | 'error', message}",
  about:
    "A line of the function's supervisor. The phantom prints the line in the form and from the " +
    'level that the ' +
    'user has chosen.',
  parse(body) {
    const fields = fieldsOf(body);
    const level = LOG_LEVELS.find((one) => one === fields.level);
    if (level === undefined) throw invalid('level', LOG_LEVELS.join(' or '));
    return { level, message: textAt(fields, 'message', MAX_LOG_LINE) };
  },
});

export const Stdin = bytes({ number: 36, name: 'stdin', from: 'phantom', about: "The guest's input." });

export const StdinEnd = notification<Nothing>({
  number: 37,
  name: 'stdin-end',
  from: 'phantom',
  body: '{}',
  about: "The guest's input has ended.",
  parse: nothing,
});

export const Signal = notification<{ readonly signal: string }>({
  number: 35,
  name: 'signal',
  from: 'phantom',
  body: "{signal: 'SIGTERM'}",
  about: "The phantom was sent this signal; it is the guest's.",
  parse: (body) => ({ signal: textAt(fieldsOf(body), 'signal') }),
});

export const Exit = notification<Exited>({
  number: 34,
  name: 'exit',
  from: 'function',
  body: '{code: number | null, signal: string | null}',
  about:
    'How the guest ended; sent after the last byte of both streams. The end of the connection without ' +
    'this message means that the other side died.',
  parse(body) {
    const fields = fieldsOf(body);
    const signal = fields.signal === null ? null : textAt(fields, 'signal');
    return { code: numberOrNullAt(fields, 'code'), signal };
  },
});

/**
 * Heartbeat settings that tolerate minutes of silence; `interval` is in ms, the limits are in intervals. When
 * nobody reads the phantom's output, the phantom blocks on its writes, and the guest waits, as it would
 * natively. The other side must not take such a pause for a crash. A real crash closes the connection, so the
 * other side notices it at once.
 */
export const PATIENT_HEARTBEAT = { interval: 1000, suspect: 10, dead: 120 };
