const memoryUnits: Readonly<Record<string, number>> = {
  '': 1,
  m: 1,
  mb: 1,
  mib: 1,
  g: 1024,
  gb: 1024,
  gib: 1024,
  k: 1 / 1024,
  kb: 1 / 1024,
  kib: 1 / 1024,
};
const secondsPer: Readonly<Record<string, number>> = { h: 3600, m: 60, s: 1, ms: 1 / 1000 };

/**
 * An amount of memory in MB: a bare number counts MB, as in Lambda's own settings; with a unit (`512m`,
 * `1gb`, `0.5g`) it is read as Compose reads it, in powers of 1024. Undefined if it is neither or no whole
 * number of MB.
 */
export function megabytes(value: string | number): number | undefined {
  const [, amount, unit = ''] = /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/i.exec(String(value)) ?? [];
  const factor = memoryUnits[unit.toLowerCase()];
  if (amount === undefined || factor === undefined) return undefined;
  const result = Number(amount) * factor;
  return Number.isInteger(result) ? result : undefined;
}

/**
 * A duration in seconds: a bare number counts seconds, `90s`, `1m30s`, `15m` are Compose's. Whole seconds
 * only.
 */
export function seconds(value: string | number): number | undefined {
  const text = String(value).trim();
  const result = /^\d+$/.test(text) ? Number(text) : durationOf(text);
  return Number.isInteger(result) ? result : undefined;
}

/** A duration of Compose's (`1m30s`, `500ms`) in seconds, whole or not; undefined for what is none. */
export function durationOf(text: string): number | undefined {
  if (!/^(\d+(\.\d+)?(h|ms|m|s))+$/.test(text)) return undefined;
  let result = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s)/g)) {
    result += Number(amount) * (secondsPer[unit ?? ''] ?? Number.NaN);
  }
  return result;
}
