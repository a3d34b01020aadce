import { type Logger, SILENT_LOGGER } from './logger.ts';

/** Keeps the messages of a log at level `info`, in order. */
export function loggerInto(lines: string[]): Logger {
  const keep = (message: string) => void lines.push(message);
  return { ...SILENT_LOGGER, info: keep, warn: keep, error: keep };
}
