/** File below `.boxer` with the last probe's report, without addresses. */
export const LAST_PROBE = 'last-probe.json';
