import { choiceAt, type Fields } from './fields.ts';

/**
 * A phantom may have several functions for a while: `standby` until the function may be found by its names,
 * `active`, `draining` when another one has taken over. Its address and `node-<id>` lead to it in any case.
 */
export type Duty = 'standby' | 'active' | 'draining';

export function dutyAt(fields: Fields): Duty {
  return choiceAt(fields, 'duty', ['standby', 'active', 'draining']);
}
