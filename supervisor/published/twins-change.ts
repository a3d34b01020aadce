import * as z from 'zod/mini';
import { twinConfig } from './node-config.ts';

/** How long the plugin waits for functions to start ahead of need. Later, they start when they are needed. */
export const MAX_WARM_SECONDS = 60;

/** The most environments of one function that are started ahead of need. */
export const MAX_WARM = 8;

/** The functions to create and to remove before their service is started from another image. */
export const twinsChange = z.object({
  warm: z.array(z.object({ twin: twinConfig, environments: z.number().check(z.gte(1), z.lte(MAX_WARM)) })),
  drop: z.array(twinConfig),
});
export type TwinsChange = z.infer<typeof twinsChange>;
