export type Level = 'error' | 'warn' | 'info' | 'debug';
export type Fields = Readonly<Record<string, unknown>>;
export type Log = Readonly<Record<Level, (message: string, fields?: Fields) => void>>;

const ORDER: readonly Level[] = ['error', 'warn', 'info', 'debug'];

/**
 * A log that calls `write` with one line, a JSON object, for each event. Levels that are more detailed than
 * `level` are not written.
 */
export function createLog(level: Level, write: (line: string) => void): Log {
  const at = (own: Level) =>
    ORDER.indexOf(own) > ORDER.indexOf(level)
      ? () => {}
      : (message: string, fields: Fields = {}) =>
          write(`${JSON.stringify({ time: new Date().toISOString(), level: own, message, ...fields })}\n`);
  return { error: at('error'), warn: at('warn'), info: at('info'), debug: at('debug') };
}

/** The message of any thrown value. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
