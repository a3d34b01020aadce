import { createHash } from 'node:crypto';

/** A short digest, which is only compared with other digests of this function. */
export const shortDigest = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 16);

/** Whether a text is an unedited override that was made for these sources. */
export function isIntact(text: string, sources: string): boolean {
  const [, second = '', ...rest] = text.split('\n');
  const [, from, content] = /^# sources (\w+) content (\w+)$/.exec(second) ?? [];
  return from === sources && content === shortDigest(rest.join('\n'));
}
