/**
 * Whether a version (`2.40.3-desktop.1`, `v24.1`) is the wanted one or later; false if the version cannot be
 * parsed.
 */
export function atLeast(version: string, wanted: string): boolean {
  const numbers = (text: string) => (/\d+(\.\d+)*/.exec(text)?.[0] ?? '').split('.').map(Number);
  const [have, need] = [numbers(version), numbers(wanted)];
  if (Number.isNaN(have[0]) || !/\d/.test(version)) return false;
  for (const [index, least] of need.entries()) {
    const part = have[index] ?? 0;
    if (part !== least) return part > least;
  }
  return true;
}
