import { get } from 'node:http';

/** What became of the requests of one load: none is left out, each was sent when its time had come. */
export interface LoadResult {
  readonly sent: number;
  readonly failed: number;
  /** From the first request that failed to the last one, ms; 0: none did. */
  readonly outage: number;
}

/** ms between two requests, and as long as one may take. */
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

/** Sends a request every 25 ms, whatever becomes of those before, each on a connection of its own, until `work` has ended and `calm` ms more. */
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
