import { BoxerError } from '../published/boxer-error.ts';
import { LOG_VARIABLE } from '../published/node-config.ts';

const NAMES = ['debug', 'info', 'warn', 'error', 'silent'] as const;
const LEVELS: readonly string[] = NAMES;
type Level = (typeof NAMES)[number];

/** Lines for people, or for machines; never a key, a token or what a guest sends. */
export interface Logger {
  readonly debug: Line;
  readonly info: Line;
  /** Something does not work as it should, and is tried again or left out. */
  readonly warn: Line;
  /** Something has failed for good. */
  readonly error: Line;
}

type Line = (message: string, fields?: Fields) => void;

export type Fields = Readonly<Record<string, string | number>>;

/**
 * Makes a logger. `setting` is the value of `LOG_VARIABLE`; undefined stands for `info`. JSON lines name the
 * process as `role`. Throws BoxerError CONFIG for an invalid setting. No library is used, because loading one
 * takes too long: with pino, a start of 30 ms takes 10 ms more.
 */
export function createLogger(
  setting: string | undefined,
  role: string,
  write: (text: string) => void = toStderr,
): Logger {
  const [name = 'info', form, ...rest] = setting?.split(',') ?? [];
  const lowest = LEVELS.indexOf(name);
  if (lowest < 0 || (form !== undefined && form !== 'json') || rest.length > 0)
    throw new BoxerError('CONFIG', `${LOG_VARIABLE} has the invalid value ${setting}`, {
      hint: `use one of ${LEVELS.join(', ')}, with or without ",json"`,
    });
  const log =
    (level: Level) =>
    (message: string, fields: Fields = {}) => {
      if (LEVELS.indexOf(level) < lowest) return;
      write(form === 'json' ? jsonLine(level, role, message, fields) : textLine(message, fields));
    };
  return { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') };
}

const nothing = () => undefined;

/** A logger that writes nothing. */
export const SILENT_LOGGER: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };

const jsonLine = (level: Level, role: string, message: string, fields: Fields) =>
  `${JSON.stringify({ time: new Date().toISOString(), level, role, message, ...fields })}\n`;

const textLine = (message: string, fields: Fields) =>
  `boxer: ${[message, ...Object.entries(fields).map(([key, value]) => `${key}=${value}`)].join(' ')}\n`;

function toStderr(text: string): void {
  process.stderr.write(text);
}
