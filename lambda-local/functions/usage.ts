/** The usage of one function so far, in Lambda's units. */
export interface Usage {
  readonly invocations: number;
  readonly billedMs: number;
  readonly gbSeconds: number;
}

export const NO_USAGE: Usage = { invocations: 0, billedMs: 0, gbSeconds: 0 };

/** `usage` and one more invocation of `billedMs` with `memorySize` MB. */
export function addUsage(usage: Usage, billedMs: number, memorySize: number): Usage {
  return {
    invocations: usage.invocations + 1,
    billedMs: usage.billedMs + billedMs,
    gbSeconds: usage.gbSeconds + (billedMs / 1000) * (memorySize / 1024),
  };
}

export const sumOf = (a: Usage, b: Usage): Usage => ({
  invocations: a.invocations + b.invocations,
  billedMs: a.billedMs + b.billedMs,
  gbSeconds: a.gbSeconds + b.gbSeconds,
});
