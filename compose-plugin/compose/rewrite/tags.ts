import { Document, type Node, Scalar } from 'yaml';
import { BoxerError } from '../../../supervisor/published/boxer-error.ts';

/** Doubles every `$`, because Compose substitutes variables in every string. */
export const escapedText = (text: string) => text.replaceAll('$', '$$$$');

/** A null with Compose's tag `!reset`, which removes a key of an earlier file. */
export function reset(): Scalar {
  const scalar = new Scalar(null);
  scalar.tag = '!reset';
  return scalar;
}

/** A value with Compose's tag `!override`, which replaces the earlier file's value instead of merging. */
export function overriding(value: object): Node {
  const { contents } = new Document(
    JSON.parse(JSON.stringify(value), (_, inner) => (typeof inner === 'string' ? escapedText(inner) : inner)),
  );
  if (contents === null) throw new BoxerError('INTERNAL', 'nothing to override with');
  contents.tag = '!override';
  return contents;
}
