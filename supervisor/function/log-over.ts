import type { Session } from '../control/session.ts';
import type { Logger } from '../log/logger.ts';
import { Log, type LogLevel, MAX_LOG_LINE } from '../protocol/stdio.ts';

/** A logger whose lines the phantom prints, among the lines of the guest. */
export function logOver(session: Session): Pick<Logger, LogLevel> {
  const line = (level: LogLevel) => (message: string) =>
    session.notify(Log, { level, message: message.slice(0, MAX_LOG_LINE) });
  return { info: line('info'), warn: line('warn'), error: line('error') };
}
