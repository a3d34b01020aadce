import * as z from 'zod/mini';
import { twinConfig } from './node-config.ts';

/** So long functions may take to come up before somebody needs them; after that they do so when they are needed. */
export const MAX_WARM_SECONDS = 60;

/** More environments of one function than these are not made beforehand. */
export const MAX_WARM = 8;

/** What becomes of functions when their service is about to be started from another image. */
export const twinsChange = z.object({
  warm: z.array(z.object({ twin: twinConfig, environments: z.number().check(z.gte(1), z.lte(MAX_WARM)) })),
  drop: z.array(twinConfig),
});
export type TwinsChange = z.infer<typeof twinsChange>;
