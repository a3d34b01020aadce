/** What one function has cost so far, in Lambda's own units. */
export interface Usage {
  readonly invocations: number;
  /** Each invocation rounded up to 1 ms, INIT included. */
  readonly billedMs: number;
  readonly gbSeconds: number;
}

export const NO_USAGE: Usage = { invocations: 0, billedMs: 0, gbSeconds: 0 };

/** `usage` and one more invocation of `durationMs` with `memorySize` MB. */
export function addUsage(usage: Usage, durationMs: number, memorySize: number): Usage {
  const billedMs = Math.max(1, Math.ceil(durationMs));
  return {
    invocations: usage.invocations + 1,
    billedMs: usage.billedMs + billedMs,
    gbSeconds: usage.gbSeconds + (billedMs / 1000) * (memorySize / 1024),
  };
}
