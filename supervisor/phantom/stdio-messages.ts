import * as z from 'zod/mini';

/** Bodies of the messages between a function and its phantom that are not plain bytes: docs/control-network.md. */
export const exitMessage = z.object({ code: z.nullable(z.number()), signal: z.nullable(z.string()) });
export const signalMessage = z.object({ signal: z.string() });
