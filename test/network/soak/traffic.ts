import * as z from 'zod/mini';
import { ECHO_PORT } from '../lib/client.ts';
import { PROGRAMS } from '../lib/place.ts';
import type { Job, Shell } from '../lib/shell.ts';
import { broken, type StreamReport, startStreams } from '../lib/stream.ts';

const churnReport = z.object({
  good: z.number(),
  wrong: z.number(),
  errors: z.record(z.string(), z.number()),
  slowest: z.number(),
});
export type ChurnReport = z.infer<typeof churnReport>;

/**
 * Opens, uses and closes `count` connections from `node` to the echo server of `host`, `parallel` at a time.
 */
export async function churn(node: Shell, host: string, count: number, parallel = 32): Promise<ChurnReport> {
  const words = [host, String(ECHO_PORT), String(count), String(parallel)];
  const { code, stdout, stderr } = await node.exec('python3', `${PROGRAMS}/churn.py`, ...words);
  if (code !== 0) throw new Error(`churn.py to ${host}: ${stderr}`);
  return churnReport.parse(JSON.parse(stdout));
}

/** The problems of a churn during which nothing was killed: every connection should have gone well. */
export function churnProblems({ good, wrong, errors }: ChurnReport, count: number): string[] {
  const problems = Object.entries(errors).map(([errno, times]) => `${times} of ${count}: ${errno}`);
  if (wrong > 0) problems.push(`${wrong} bytes wrong`);
  if (problems.length === 0 && good !== count) problems.push(`${good} of ${count} went well`);
  return problems;
}

/** The problems of streams to `host` that should all have ended normally. */
export function streamProblems(host: string, report: StreamReport): string[] {
  const { bytes, wrong } = report;
  const problems = broken(report).map((errno) => `a stream to ${host} ended with ${errno}`);
  if (wrong > 0) problems.push(`${wrong} bytes wrong in streams to ${host}`);
  if (bytes === 0) problems.push(`no bytes came back from ${host}`);
  return problems;
}

/** Keeps streams to each of `hosts` open while `work` runs. Resolves to the report of each host. */
export async function during(
  node: Shell,
  hosts: readonly string[],
  connections: number,
  work: () => Promise<void>,
): Promise<Map<string, StreamReport>> {
  const streams = await Promise.all(
    hosts.map(async (host) => [host, await startStreams(node, host, connections)] as const),
  );
  const stop = () => Promise.all(streams.map(async ([host, each]) => [host, await each.stop()] as const));
  try {
    await work();
  } catch (error) {
    await stop();
    throw error;
  }
  return new Map(await stop());
}

/** Opens connections that are full because `node` does not read. The caller ends the job. */
export async function stall(node: Shell, host: string, count: number): Promise<Job> {
  const job = node.start('python3', `${PROGRAMS}/stall.py`, host, String(ECHO_PORT), String(count));
  await job.printed('stalled');
  return job;
}
