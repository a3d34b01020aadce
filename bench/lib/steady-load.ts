import { get } from 'node:http';

/** The results of the requests of one load. Every request counts, and each was sent on time. */
export interface LoadResult {
  readonly sent: number;
  readonly failed: number;
  /** The time in ms from the first request that failed to the last one; 0 if none failed. */
  readonly outage: number;
}

/** The time in ms between two requests, and the most time that one may take. */
const INTERVAL = 25;
const TIMEOUT = 2000;

const answered = (url: string): Promise<boolean> =>
  new Promise((resolve) => {
    const request = get(url, { agent: false, timeout: TIMEOUT }, (response) => {
      response.resume();
      response.once('end', () => resolve(response.statusCode === 200));
      response.once('error', () => resolve(false));
    });
    request.once('timeout', () => request.destroy());
    request.once('close', () => resolve(false));
    request.once('error', () => resolve(false));
  });

/**
 * Sends a request every 25 ms, on a new connection and without waiting for earlier ones. Continues for `calm`
 * ms after the end of `work`.
 */
export async function underSteadyLoad(
  url: string,
  work: () => Promise<unknown>,
  calm: number,
): Promise<LoadResult> {
  const pending: Promise<void>[] = [];
  const failures: number[] = [];
  const start = performance.now();
  const timer = setInterval(() => {
    const at = performance.now();
    pending.push(answered(url).then((good) => void (good || failures.push(at))));
  }, INTERVAL);
  try {
    await work();
    await new Promise((resolve) => setTimeout(resolve, calm));
  } finally {
    clearInterval(timer);
  }
  await Promise.all(pending);
  failures.sort((a, b) => a - b);
  const outage = failures.length === 0 ? 0 : (failures.at(-1) ?? start) - (failures[0] ?? start) + INTERVAL;
  return { sent: pending.length, failed: failures.length, outage };
}
