import * as z from 'zod/mini';

/**
 * Bodies of those messages between a function and its phantom that are not plain bytes: docs/control-
 * network.md.
 */
export const exitMessage = z.object({ code: z.nullable(z.number()), signal: z.nullable(z.string()) });
export const signalMessage = z.object({ signal: z.string() });

/**
 * When the reader of the phantom's output stops reading, the whole phantom stops, as writes to a pipe block.
 * The guest then waits, as it would natively. The other side must not take this for a crash, so both sides
 * tolerate minutes of silence. A real crash closes the connection and is noticed at once. Intervals are in
 * ms, limits in intervals.
 */
export const PATIENT_HEARTBEAT = { interval: 1000, suspect: 10, dead: 120 };
