import * as z from 'zod/mini';

/** Bodies of the messages between a function and its phantom that are not plain bytes: docs/control-network.md. */
export const exitMessage = z.object({ code: z.nullable(z.number()), signal: z.nullable(z.string()) });
export const signalMessage = z.object({ signal: z.string() });

/**
 * A reader of the phantom's output that stops reading stops the whole phantom (writes to a pipe block), which is right: the
 * guest waits then, as it would natively. It must not pass for a death, so both ends are patient, in seconds; a crash
 * closes the connection and is seen at once.
 */
export const PATIENT_HEARTBEAT = { interval: 1000, suspect: 10, dead: 120 };
