import { isNode, stringify } from 'yaml';
import { shortDigest } from '../intact.ts';
import { escapedText } from './tags.ts';

const TITLE = '# Written by `docker boxer`, which writes it again when it must: do not edit.';

/** Escapes `$` in all strings. Nodes with a tag of Compose (`!reset`, `!override`) are escaped already. */
function escaped(value: unknown): unknown {
  if (typeof value === 'string') return escapedText(value);
  if (Array.isArray(value)) return value.map(escaped);
  if (typeof value !== 'object' || value === null || isNode(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, escaped(inner)]));
}

/** The bytes of the override file; `sources` is a digest of the compose files that it was made for. */
export function serialise(override: unknown, sources: string): string {
  const body = stringify(escaped(override), { lineWidth: 0, version: '1.1', aliasDuplicateObjects: false });
  return `${TITLE}\n# sources ${sources} content ${shortDigest(body)}\n${body}`;
}
