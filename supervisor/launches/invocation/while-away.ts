import { backoff } from '../../control/backoff.ts';
import { codeOf } from '../../control/control-error.ts';

/** Errors after which no server has received the request, so it cannot have started anything. */
const AWAY: ReadonlySet<string> = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN']);

/**
 * ms; the local Lambda starts at the same time as the first phantoms, and prepares networks before it
 * listens.
 */
const PATIENCE = 30_000;

/**
 * Sends a request again while no server listens, for 30 s at most unless `patience` (ms) says otherwise.
 * Rejects as `send`, and with the signal's reason.
 */
export async function whileAway<T>(
  send: () => Promise<T>,
  signal: AbortSignal,
  patience = PATIENCE,
): Promise<T> {
  const end = Date.now() + patience;
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await send();
    } catch (error) {
      if (!AWAY.has(codeOf(error)) || Date.now() > end) throw error;
      await backoff(attempt, signal);
    }
  }
}
