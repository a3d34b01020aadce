import { Document, type Node, Scalar } from 'yaml';
import { BoxerError } from '../../../supervisor/published/boxer-error.ts';

/** Compose substitutes variables in every string: `$` stands doubled for itself. */
export const escapedText = (text: string) => text.replaceAll('$', '$$$$');

/** Compose's word for "as if it had not been written". */
export function reset(): Scalar {
  const scalar = new Scalar(null);
  scalar.tag = '!reset';
  return scalar;
}

/** Compose's word for "this in place of what was written", where it would merge. */
export function overriding(value: object): Node {
  const { contents } = new Document(
    JSON.parse(JSON.stringify(value), (_, inner) => (typeof inner === 'string' ? escapedText(inner) : inner)),
  );
  if (contents === null) throw new BoxerError('INTERNAL', 'nothing to override with');
  contents.tag = '!override';
  return contents;
}
