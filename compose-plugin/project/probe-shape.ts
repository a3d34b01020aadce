/** Memory of a function that measures its environment, MB: a function has one vCPU with it. */
export const PROBE_MEMORY = 1769;
/** Its timeout, seconds; a probe that reaches nothing waits for most of this time */
export const PROBE_TIMEOUT = 180;
/** The size of its /tmp, MB */
export const PROBE_STORAGE = 512;
