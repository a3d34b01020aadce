/**
 * How long a node may return after it was last recorded, ms. Functions live for 15 minutes at most; a
 * container's host may sleep for days.
 */
export const LEASE = { function: 86_400_000, container: 30 * 86_400_000 } as const;
